import FoundationEssentials

extension JSONDecoder {
    /// Reads the names that OAuth has for things, `refresh_token`, into Swift's.
    static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
