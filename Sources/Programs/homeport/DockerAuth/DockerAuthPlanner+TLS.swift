internal import TLSKit

/// How TLS is spoken.
extension DockerAuthPlanner {
    mutating func profile() -> TLSProfile {
        let server = values.server
        switch server.tlsMinimum.uppercased() {
        case "", "TLS12", "771": return .standard
        case "TLS13", "772":
            if !server.tlsCiphers.isEmpty {
                refuse("server.tls_cipher_suites", "the ciphers of TLS 1.3 cannot be chosen; leave them out")
            }
            return .modern
        case "SSL30", "TLS10", "TLS11", "768", "769", "770":
            note(
                "server.tls_min_version",
                "nothing older than TLS 1.2 is spoken here; older clients are refused")
            return .compatible
        default:
            refuse(
                "server.tls_min_version",
                "`\(server.tlsMinimum)` is not known; expected one of `TLS12`, `TLS13`")
            return .standard
        }
    }

    mutating func choice() -> TLSChoice {
        var choice = TLSChoice()
        choice.ciphers = chosen(
            values.server.tlsCiphers, "server.tls_cipher_suites", of: TLSChoice.ciphers,
            left: "has no forward secrecy or is broken, and is not spoken here")
        choice.curves = chosen(
            values.server.tlsCurves, "server.tls_curve_preferences", of: TLSChoice.curves,
            left: "is not spoken here")
        return choice
    }

    /// The numbers of what is named, by its name or its number.
    private mutating func chosen(
        _ names: [String], _ key: String, of known: [String: UInt16], left: String
    ) -> [UInt16] {
        guard !names.isEmpty else { return [] }
        var numbers: [UInt16] = []
        for name in names {
            let number = known[name] ?? UInt16(name).flatMap { Set(known.values).contains($0) ? $0 : nil }
            if let number {
                if !numbers.contains(number) { numbers.append(number) }
            } else if name.hasPrefix("TLS_") || UInt16(name) != nil {
                note(key, "`\(name)` \(left)")
            } else {
                let hint =
                    NearestName.to(name, among: known.keys.sorted()).map { "; did you mean `\($0)`?" } ?? ""
                refuse(key, "`\(name)` is not known\(hint)")
            }
        }
        if numbers.isEmpty, problems.isEmpty { refuse(key, "none of these is spoken here; leave it out") }
        return numbers
    }
}
