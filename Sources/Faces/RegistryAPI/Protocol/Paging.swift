import OCI

/// How much of a list a client asks for.
struct Paging: Sendable {
    /// At most what the registry gives at once.
    let limit: Int

    /// Reads `n`. A number beyond what the registry gives at once is brought down to that, and the answer
    /// then carries a `Link`.
    init(_ query: Query, max: Int) throws(OCIError) {
        guard let text = query["n"] else {
            self.limit = max
            return
        }
        guard text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw OCIError(.paginationNumberInvalid, "n is a number from 0 on, in decimal digits")
        }
        self.limit = min(Int(text) ?? max, max)
    }

    /// The `Link` header that leads to the page after `last` (RFC 8288).
    func link(_ path: String, last: String, _ parameters: [(String, String)] = []) -> String {
        let query = (parameters + [("n", "\(limit)"), ("last", last)]).map { name, value in
            "\(name)=\(PercentCoding.encoded(value))"
        }
        return "<\(path)?\(query.joined(separator: "&"))>; rel=\"next\""
    }
}
