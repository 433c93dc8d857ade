package import Access

/// What a bearer token says: who may do what, where and until when (token spec, "Token response fields").
package struct TokenClaims: Sendable, Hashable {
    package var issuer: String
    /// The account; empty for anonymous.
    package var subject: String
    /// The one service it is for. Registries up to 2.8 cannot read a list here.
    package var audience: String
    /// Times in whole seconds: registries refuse fractions.
    package var expires: Int
    package var notBefore: Int
    package var issuedAt: Int
    package var id: String
    package var access: [Scope]
    /// What the account showed to get it, so that the token falls with it; nil for anonymous.
    package var credential: String?

    /// The claims as JSON, in the order that such tokens always had.
    var json: [UInt8] {
        var json = JSONText()
        json.raw(#"{"iss":"#)
        json.string(issuer)
        json.raw(#","sub":"#)
        json.string(subject)
        json.raw(#","aud":"#)
        json.string(audience)
        json.raw(#","exp":"#)
        json.number(expires)
        json.raw(#","nbf":"#)
        json.number(notBefore)
        json.raw(#","iat":"#)
        json.number(issuedAt)
        json.raw(#","jti":"#)
        json.string(id)
        json.raw(#","access":["#)
        for (place, scope) in access.enumerated() {
            json.raw(place > 0 ? #",{"type":"# : #"{"type":"#)
            json.string(scope.type)
            if !scope.resourceClass.isEmpty {
                json.raw(#","class":"#)
                json.string(scope.resourceClass)
            }
            json.raw(#","name":"#)
            json.string(scope.name)
            json.raw(#","actions":"#)
            json.strings(scope.actions)
            json.raw("}")
        }
        json.raw("]")
        if let credential {
            json.raw(#","cred":"#)
            json.string(credential)
        }
        json.raw("}")
        return json.bytes
    }
}

extension TokenClaims: Decodable {
    private enum CodingKeys: String, CodingKey {
        case issuer = "iss"
        case subject = "sub"
        case audience = "aud"
        case expires = "exp"
        case notBefore = "nbf"
        case issuedAt = "iat"
        case id = "jti"
        case access
        case credential = "cred"
    }

    private struct Entry: Decodable {
        let type: String
        let `class`: String?
        let name: String
        let actions: [String]
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        issuer = try values.decode(String.self, forKey: .issuer)
        subject = try values.decode(String.self, forKey: .subject)
        audience = try values.decode(String.self, forKey: .audience)
        expires = try values.decode(Int.self, forKey: .expires)
        notBefore = try values.decode(Int.self, forKey: .notBefore)
        issuedAt = try values.decode(Int.self, forKey: .issuedAt)
        id = try values.decode(String.self, forKey: .id)
        access = try values.decode([Entry].self, forKey: .access).map { entry in
            Scope(
                type: entry.type, resourceClass: entry.class ?? "", name: entry.name, actions: entry.actions)
        }
        credential = try values.decodeIfPresent(String.self, forKey: .credential)
    }
}
