import Foundation

/// The first page of an authority (RFC 8555, 7.1.1).
struct Directory: Decodable, Sendable {
    let newNonce: String
    let newAccount: String
    let newOrder: String
    /// RFC 9773.
    let renewalInfo: String?
}

struct NewAccount: Encodable {
    let contact: [String]
    let termsOfServiceAgreed = true
    let externalAccountBinding: SignedMessage?
}

struct Identifier: Codable, Sendable {
    var type = "dns"
    let value: String
}

struct NewOrder: Encodable {
    let identifiers: [Identifier]
}

/// RFC 8555, 7.1.3.
struct Order: Decodable, Sendable {
    enum Status: String, Decodable {
        case pending, ready, processing, valid, invalid
    }

    let status: Status
    let authorizations: [String]
    let finalize: String
    let certificate: String?
    let error: Problem?
}

/// RFC 8555, 7.1.4.
struct Authorization: Decodable, Sendable {
    let status: String
    let identifier: Identifier
    let challenges: [Challenge]

    /// What went wrong, when it is invalid.
    var problem: Problem? { challenges.lazy.compactMap(\.error).first }
}

struct Challenge: Decodable, Sendable {
    let type: String
    let url: String
    let token: String?
    let error: Problem?
}

struct Finalization: Encodable {
    let csr: String
}

/// RFC 7807, as authorities use it.
struct Problem: Decodable, Hashable, Sendable {
    let type: String?
    let detail: String?

    /// `badNonce` of `urn:ietf:params:acme:error:badNonce`.
    var name: String { type?.split(separator: ":").last.map(String.init) ?? "" }
}

/// RFC 9773, 4.2.
struct RenewalInfo: Decodable, Sendable {
    struct Window: Decodable, Sendable {
        let start: Date
        let end: Date
    }

    let suggestedWindow: Window
}

/// An empty object: "I am ready".
struct Ready: Encodable {}
