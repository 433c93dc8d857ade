internal import ServerKit

/// Gets a token, pushes a tiny image, pulls it, and removes it.
struct RoundTrip: Sendable {
    let client: WebClient
    let target: DoctorTarget
    let challenge: Challenge
    let account: String
    let password: Secret

    private var repository: String { "\(account)/homeport-doctor" }

    func run() async -> [Finding] {
        var findings: [Finding] = []
        do {
            let session = try await RegistrySession(
                client, base: target.base, repository: repository, actions: "pull,push,delete",
                account: account,
                password: password)
            findings.append(.fine("token", "\(account) gets one from \(challenge.realm)"))
            let config = Array("{}".utf8)
            let layer = Array("homeport doctor \(UInt64.random(in: 0 ... .max))\n".utf8)
            for bytes in [config, layer] { try await session.push(blob: bytes) }
            let manifest = OCIImage.manifest(
                config: (OCIImage.emptyType, config), layers: [("text/plain", layer)])
            let digest = RegistrySession.digest(manifest)
            try await session.push(manifest: manifest, type: OCIImage.manifestType, as: digest)
            findings.append(.fine("push", "a tiny image went to \(repository)"))
            let back = try await session.pull(manifest: digest, type: OCIImage.manifestType)
            let blob = try await session.pull(blob: RegistrySession.digest(layer))
            findings.append(
                back == manifest && blob == layer
                    ? .fine("pull", "it came back as it was")
                    : .wrong(
                        "pull", "something else came back", cure: "a proxy in front must not change bodies"))
            try await session.remove(manifest: digest)
        } catch let refusal as RegistrySession.Refusal {
            findings.append(
                .wrong(
                    refusal.step.rawValue, "the server answers \(refusal.status): \(refusal.text)",
                    cure: Self.cure(refusal.step, account)))
        } catch {
            findings.append(
                .wrong("round trip", "the server does not answer: \(error)", cure: "see the server's log"))
        }
        return findings
    }

    private static func cure(_ step: RegistrySession.Refusal.Step, _ account: String) -> String {
        switch step {
        case .token: "see that the account \(account) stands, and that the proxy passes Authorization"
        case .push:
            "let \(account) push below its name (`homeport acl`); a proxy needs client_max_body_size 0 and "
                + "X-Forwarded-Proto"
        case .pull: "see the server's log; `homeport verify` looks at everything stored"
        }
    }
}
