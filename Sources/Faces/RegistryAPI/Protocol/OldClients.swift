/// Docker before 1.6 speaks another registry's language and takes what `/v2/` says for a fault. A 404 there sends it on
/// its way, as Docker's own recipe for a proxy has it.
enum OldClients {
    static let sentence = "This client is too old for this registry; Docker 1.6 and later can use it."

    /// Whether a user agent is one of Docker 1.3, 1.4 and 1.5, or the one that came before them and gave the
    /// name of its library. `docker/1.5.0-dev` was the first that knew better, and `Go-http-client` is everybody.
    static func holds(_ agent: String?) -> Bool {
        guard let agent else { return false }
        if agent.hasPrefix("Go ") { return true }
        guard agent.hasPrefix("docker/1.") else { return false }
        let version = agent.dropFirst("docker/1.".count).prefix { $0 != " " }
        let minor = version.prefix { $0.isNumber }
        let rest = version.dropFirst(minor.count)
        switch minor {
        case "3", "4": return true
        case "5": return !isDevelopment(rest)
        default: return false
        }
    }

    /// `.0-dev` and the like.
    private static func isDevelopment(_ rest: Substring) -> Bool {
        guard rest.hasPrefix("."), let digit = rest.dropFirst().first, digit.isNumber else { return false }
        return rest.dropFirst(2).hasPrefix("-dev")
    }
}
