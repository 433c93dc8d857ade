internal import FoundationEssentials
internal import HTTPKit
internal import NIOHTTP1
internal import ServerKit
internal import TLSKit

/// What a look from where clients are shows.
struct OutsideChecks: Sendable {
    let target: DoctorTarget
    let client: WebClient
    /// Where connections go instead of where names lead.
    let address: String?
    let authorityFile: String?
    let now: Date

    private static let driftMax: TimeInterval = 60
    private static let endNear: TimeInterval = 14 * 86_400

    /// - Returns: what was found, and the challenge when the server has answered with one.
    func run() async -> ([Finding], Challenge?) {
        var findings: [Finding] = []
        if target.hasName, address == nil {
            for host in target.hosts { findings.append(await Names.check(host)) }
        }
        if target.isSecure {
            for host in target.hosts { findings += await certificate(of: host) }
            if findings.contains(where: { $0.about == "port \(target.port)" }) { return (findings, nil) }
            findings += await versions()
            findings.append(await redirect())
        }
        let (found, challenge) = await answers()
        return (findings + found, challenge)
    }

    private func probe(_ host: String) -> TLSProbe {
        TLSProbe(
            address: address ?? host, port: target.port, host: host, authorityFile: authorityFile)
    }

    private func certificate(of host: String) async -> [Finding] {
        let about = "TLS \(host)"
        do throws(TLSProbeError) {
            let sight = try await probe(host).look()
            let says =
                "\(sight.version), a certificate until \(DateText.show(sight.ends)) from \(sight.issuer)"
            guard sight.ends.timeIntervalSince(now) > min(Self.endNear, sight.life / 4) else {
                return [
                    .noted(about, says, cure: "it is to be renewed: see the server's log for why it was not")
                ]
            }
            return [.fine(about, says)]
        } catch {
            guard error.isAboutTLS else {
                return [
                    .wrong(
                        "port \(target.port)", "nobody can connect to \(address ?? host): \(error)",
                        cure: "start the server, and let the firewall pass the port")
                ]
            }
            guard let sight = try? await probe(host).look(believing: false) else {
                return [.wrong(about, error.description, cure: "see the server's log")]
            }
            let names = sight.names.map(\.description).joined(separator: ", ")
            return [
                .wrong(
                    about,
                    "clients do not believe the certificate for \(names) from \(sight.issuer), until "
                        + "\(DateText.show(sight.ends)): \(error)",
                    cure:
                        "the server's log says why it has none for \(host); --authority-file names a private authority"
                )
            ]
        }
    }

    private func versions() async -> [Finding] {
        var spoken: [TLSProbe.Version] = []
        for version in TLSProbe.Version.allCases {
            if (try? await probe(target.host).look(version, believing: false)) != nil {
                spoken.append(version)
            }
        }
        let says = spoken.map { "TLS \($0.rawValue)" }.joined(separator: ", ")
        guard !spoken.contains(.tls10), !spoken.contains(.tls11) else {
            return [
                .wrong(
                    "versions", "\(says): old ones are broken",
                    cure: "let the proxy in front speak TLS 1.2 and 1.3 alone")
            ]
        }
        guard spoken.contains(.tls13) else {
            return [.noted("versions", "only \(says)", cure: "let the proxy in front speak TLS 1.3, too")]
        }
        return [.fine("versions", says)]
    }

    private func redirect() async -> Finding {
        let about = "redirect"
        guard let port = target.redirectPort else {
            return .noted(
                about, "who comes without TLS is sent nowhere", cure: "set redirect.listen to [\":80\"]")
        }
        do {
            let answer = try await client.ask(.GET, "http://\(target.host):\(port)/v2/")
            guard [301, 308].contains(answer.status),
                answer["location"]?.hasPrefix("https://\(target.host)") == true
            else {
                return .wrong(
                    about,
                    "port \(port) answers \(answer.status)\(answer["location"].map { " to \($0)" } ?? "")",
                    cure: "set redirect.listen, or have the proxy send to https")
            }
            return .fine(about, "port \(port) sends to \(answer["location"] ?? "")")
        } catch {
            return .noted(
                about, "nobody answers at port \(port): \(error)",
                cure: "set redirect.listen to [\":80\"], and let the firewall pass port 80")
        }
    }

    private func answers() async -> ([Finding], Challenge?) {
        do {
            let health = try await client.ask(.GET, target.base + "/healthz")
            guard health.status == 200 else {
                return (
                    [.wrong("answers", "/healthz answers \(health.status)", cure: "see the server's log")],
                    nil
                )
            }
            var findings = [Finding.fine("answers", "\(target.base) is alive")]
            findings += headers(health)
            let (found, challenge) = challenge(try await client.ask(.GET, target.base + "/v2/"))
            return (findings + [found], challenge)
        } catch {
            return (
                [
                    .wrong(
                        "answers", "\(target.base) does not answer: \(error)",
                        cure: "start the server, and let the firewall pass port \(target.port)")
                ], nil
            )
        }
    }

    private func headers(_ answer: WebClient.Answer) -> [Finding] {
        var findings: [Finding] = []
        if answer["x-content-type-options"]?.lowercased() != "nosniff" {
            findings.append(
                .wrong(
                    "headers", "X-Content-Type-Options: nosniff is missing",
                    cure: "a proxy in front takes it away; let it pass"))
        }
        if let server = answer["server"], server.utf8.contains(where: { (48...57).contains($0) }) {
            findings.append(
                .noted("headers", "the version is shown: \(server)", cure: "in nginx: server_tokens off;"))
        }
        if target.isSecure, answer["strict-transport-security"] == nil {
            findings.append(
                .noted(
                    "headers", "browsers are not told to come by TLS only",
                    cure: "set headers.hsts_age to 180d once TLS is to stay"))
        }
        if let text = answer["date"], let seconds = HTTPDate.seconds(text) {
            let drift = TimeInterval(seconds) - now.timeIntervalSince1970
            if abs(drift) > Self.driftMax {
                findings.append(
                    .wrong(
                        "clock", "the server's and this machine's differ by \(Int(abs(drift))) seconds",
                        cure: "have NTP keep both right"))
            }
        }
        return findings.isEmpty ? [.fine("headers", "they are as they should be")] : findings
    }

    private func challenge(_ answer: WebClient.Answer) -> (Finding, Challenge?) {
        guard answer.status == 401, let text = answer["www-authenticate"], let challenge = Challenge(text)
        else {
            return (
                .wrong(
                    "challenge", "/v2/ answers \(answer.status) and asks for no token",
                    cure: "serve a registry (`registry:`), and have the proxy pass /v2/ and its headers"), nil
            )
        }
        guard !target.isSecure || challenge.realm.hasPrefix("https://") else {
            return (
                .wrong(
                    "challenge", "clients are sent to \(challenge.realm), without TLS",
                    cure:
                        "set public_url to \(target.base), or have the proxy send X-Forwarded-Proto and trust it"
                ),
                challenge
            )
        }
        return (.fine("challenge", "clients are sent to \(challenge.realm)"), challenge)
    }
}

extension TLSSight {
    /// How long the certificate is good altogether.
    fileprivate var life: TimeInterval { ends.timeIntervalSince(begins) }
}
