internal import Crypto
internal import FoundationEssentials
internal import NIOHTTP1
internal import ServerKit

/// One client's dealings with one repository of a registry.
struct RegistrySession: Sendable {
    let client: WebClient
    /// A scheme and a host.
    let base: String
    let repository: String
    private let headers: [String: String]

    /// What a registry has answered instead of what was hoped for.
    struct Refusal: Error, CustomStringConvertible {
        enum Step: String {
            case token, push, pull
        }

        let step: Step
        let status: Int
        let text: String

        init(_ step: Step, _ answer: WebClient.Answer, _ text: String? = nil) {
            self.step = step
            status = answer.status
            self.text = text ?? String(decoding: answer.body.prefix(300), as: UTF8.self)
        }

        var description: String { "\(step.rawValue): the server answers \(status): \(printable(text))" }
    }

    /// Gets a token where the registry wants one.
    init(
        _ client: WebClient, base: String, repository: String, actions: String, account: String,
        password: Secret
    ) async throws {
        self.client = client
        self.base = base
        self.repository = repository
        let basic = "Basic " + Data("\(account):\(password.revealed)".utf8).base64EncodedString()
        let answer = try await client.ask(.GET, base + "/v2/")
        guard answer.status == 401, let text = answer["www-authenticate"] else {
            guard answer.status == 200 else { throw Refusal(.token, answer) }
            headers = [:]
            return
        }
        guard let challenge = Challenge(text) else {
            headers = ["Authorization": basic]
            return
        }
        let query =
            "service=\(Self.encoded(challenge.service))&scope="
            + Self.encoded("repository:\(repository):\(actions)")
        let separator = challenge.realm.contains("?") ? "&" : "?"
        let granted = try await client.ask(
            .GET, challenge.realm + separator + query, ["Authorization": basic])
        guard granted.status == 200,
            let token = try? JSONDecoder().decode(TokenAnswer.self, from: Data(granted.body)).token
        else { throw Refusal(.token, granted) }
        headers = ["Authorization": "Bearer \(token)"]
    }

    private struct TokenAnswer: Decodable { let token: String }

    private var address: String { "\(base)/v2/\(repository)" }

    /// Brings a blob, unless it is there, and says what its digest is.
    @discardableResult
    func push(blob bytes: [UInt8]) async throws -> String {
        let digest = Self.digest(bytes)
        let there = try await client.ask(.HEAD, "\(address)/blobs/\(digest)", headers)
        if there.status == 200 { return digest }
        let start = try await client.ask(.POST, "\(address)/blobs/uploads/", headers, body: [])
        guard start.status == 202, let place = start["location"] else { throw Refusal(.push, start) }
        let whole = place.hasPrefix("/") ? base + place : place
        guard !base.hasPrefix("https://") || whole.hasPrefix("https://") else {
            throw Refusal(.push, start, "uploads are sent to \(whole), without TLS")
        }
        let end = try await client.ask(
            .PUT, whole + (whole.contains("?") ? "&" : "?") + "digest=\(digest)", headers, body: bytes)
        guard end.status == 201 else { throw Refusal(.push, end) }
        return digest
    }

    func push(manifest bytes: [UInt8], type: String, as reference: String) async throws {
        var typed = headers
        typed["Content-Type"] = type
        let end = try await client.ask(.PUT, "\(address)/manifests/\(reference)", typed, body: bytes)
        guard end.status == 201 else { throw Refusal(.push, end) }
    }

    func pull(blob digest: String) async throws -> [UInt8] {
        let answer = try await client.ask(.GET, "\(address)/blobs/\(digest)", headers)
        guard answer.status == 200 else { throw Refusal(.pull, answer) }
        return answer.body
    }

    func pull(manifest reference: String, type: String) async throws -> [UInt8] {
        var accepting = headers
        accepting["Accept"] = type
        let answer = try await client.ask(.GET, "\(address)/manifests/\(reference)", accepting)
        guard answer.status == 200 else { throw Refusal(.pull, answer) }
        return answer.body
    }

    func remove(manifest digest: String) async throws {
        _ = try await client.ask(.DELETE, "\(address)/manifests/\(digest)", headers)
    }

    static func digest(_ bytes: [UInt8]) -> String {
        "sha256:" + SHA256.hash(data: bytes).hex
    }

    /// A text as a value in a query.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

/// Where a client is to get its token.
struct Challenge: Sendable {
    let realm: String
    let service: String

    /// Nil for a challenge of another kind.
    init?(_ text: String) {
        guard text.lowercased().hasPrefix("bearer ") else { return nil }
        func value(_ name: String) -> String? {
            guard let start = text.firstRange(of: "\(name)=\"") else { return nil }
            return String(text[start.upperBound...].prefix { $0 != "\"" })
        }
        guard let realm = value("realm"), let service = value("service") else { return nil }
        self.realm = realm
        self.service = service
    }
}
