import FoundationEssentials

/// A token that says who somebody is (OpenID Connect Core, 2), as it came: nothing in it is believed yet.
struct IDToken: Sendable {
    static let lengthMax = 64 << 10

    let algorithm: SignatureAlgorithm
    let keyID: String?
    let claims: Claims
    private let signed: [UInt8]
    private let signature: [UInt8]

    struct Problem: Error, Sendable { let text: String }

    init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.lengthMax else { throw Problem(text: "the ID token is too long") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64Text.decode(String(parts[0])).flatMap({ Claims(json: $0) }),
            let claims = Base64Text.decode(String(parts[1])).flatMap({ Claims(json: $0) }),
            let signature = Base64Text.decode(String(parts[2]))
        else { throw Problem(text: "the ID token cannot be read") }
        guard let name = head.text("alg"), let algorithm = SignatureAlgorithm(rawValue: name) else {
            throw Problem(text: "the ID token is signed in no way that is believed")
        }
        guard head.values["crit"] == nil else {
            throw Problem(text: "the ID token asks for an extension that is not known")
        }
        self.algorithm = algorithm
        self.keyID = head.text("kid")
        self.claims = claims
        self.signed = Array("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }

    func isSigned(by keys: [ProviderKey]) -> Bool {
        keys.contains { $0.isRight(signature, over: signed, algorithm) }
    }

    /// What a token has to say to be believed.
    struct Expectation: Sendable {
        let issuers: [String]
        let clientID: String
        /// Nil where the browser is not there: at a refresh.
        var nonce: String?
        var accessToken: String?
        let now: Date

        /// How far two clocks may differ, in seconds.
        static let leeway = 60.0
        /// How old a token may be that was made a moment ago.
        static let ageMax = 600.0
    }

    /// Sees that the claims are for us, from whom they should be, and of now (OpenID Connect Core, 3.1.3.7).
    func check(_ wanted: Expectation) throws(Problem) {
        guard let issuer = claims.values["iss"]?.text, wanted.issuers.contains(issuer) else {
            throw Problem(text: "the ID token is from another issuer")
        }
        try checkAudience(wanted)
        let moment = wanted.now.timeIntervalSince1970
        guard let ends = claims.values["exp"]?.number, let made = claims.values["iat"]?.number else {
            throw Problem(text: "the ID token does not say from when to when it is good")
        }
        guard moment < ends + Expectation.leeway else { throw Problem(text: "the ID token has expired") }
        guard made <= moment + Expectation.leeway else {
            throw Problem(text: "the ID token is from the future; compare the clocks")
        }
        guard moment - made <= Expectation.ageMax else { throw Problem(text: "the ID token is an old one") }
        if let begins = claims.values["nbf"]?.number, begins > moment + Expectation.leeway {
            throw Problem(text: "the ID token is not good yet; compare the clocks")
        }
        if let nonce = wanted.nonce, claims.values["nonce"]?.text != nonce {
            throw Problem(text: "the ID token belongs to another sign-in")
        }
        guard let subject = claims.values["sub"]?.text, (1...255).contains(subject.utf8.count) else {
            throw Problem(text: "the ID token names nobody")
        }
        if let mark = claims.values["at_hash"]?.text, let token = wanted.accessToken,
            let half = algorithm.leftHalf(of: token), mark != Base64Text.encode(half)
        {
            throw Problem(text: "the ID token belongs to another access token")
        }
    }

    private func checkAudience(_ wanted: Expectation) throws(Problem) {
        let audiences = claims.values["aud"].map { value -> [String] in
            value.text.map { [$0] } ?? value.list?.compactMap(\.text) ?? []
        }
        guard let audiences, audiences.contains(wanted.clientID) else {
            throw Problem(text: "the ID token is for another client")
        }
        let party = claims.values["azp"]?.text
        guard party == wanted.clientID || (party == nil && audiences.count == 1) else {
            throw Problem(text: "the ID token was made for another client")
        }
    }
}
