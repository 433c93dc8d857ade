internal import Access

/// Which dangers of rules are to be said, and how each is had away.
struct DockerAuthHazards: Sendable {
    let options: DockerAuthOptions
    /// Whether a proxy says who the client is.
    let knowsClients: Bool

    /// What is to be said; nil for a hazard that is none here.
    func words(_ hazard: RuleHazard, of match: Rule.Match) -> String? {
        guard !isHarmless(hazard, match) else { return nil }
        let cure =
            switch hazard.kind {
            case .unanchored: "`--safe regexes` has every one match the whole value"
            case .interpretedValue: "`--safe values` puts values in as text"
            case .anyAction: "`--safe actions` grants pull, push and delete at most"
            case .loopback:
                "name the proxy's header in `server.real_ip_header`, and the proxy with `--trusted-proxy`"
            case .emptyMatch, .matchesAnonymous, .unreachable: ""
            }
        return cure.isEmpty ? hazard.text : "\(hazard.text); \(cure)"
    }

    /// What matches everything matches it anywhere, and who is told who the client is does not take a proxy for it.
    private func isHarmless(_ hazard: RuleHazard, _ match: Rule.Match) -> Bool {
        switch hazard.kind {
        case .unanchored:
            let patterns = [
                "account": match.account, "type": match.type, "name": match.name, "service": match.service,
            ]
            return ["/.+/", "/.*/"].contains(patterns[hazard.field] ?? nil)
        case .loopback: return knowsClients
        case .anyAction: return options.isSafe(.actions)
        case .emptyMatch, .matchesAnonymous, .unreachable, .interpretedValue: return false
        }
    }
}
