import FoundationEssentials
package import ServerKit

/// A name and a password as an `Authorization: Basic` header carries them (RFC 7617, in UTF-8).
package struct BasicCredentials: Sendable {
    /// As the client wrote it: not yet a valid account name.
    package let name: String
    package let password: Secret

    package init(name: String, password: Secret) {
        self.name = name
        self.password = password
    }

    /// The name and password in a header of this scheme; nil for another scheme.
    ///
    /// Throws `.wrongCredentials` when it is this scheme and cannot be read.
    package init?(authorization header: String) throws(SignInError) {
        guard let encoded = AuthorizationScheme.value(of: "basic", in: header) else { return nil }
        guard let decoded = Data(base64Encoded: String(encoded)),
            let text = String(validating: decoded, as: UTF8.self),
            let colon = text.utf8.firstIndex(of: UInt8(ascii: ":"))
        else { throw .wrongCredentials }
        self.name = String(text[..<colon])
        self.password = Secret(String(text[text.utf8.index(after: colon)...]))
    }
}

/// The scheme of an `Authorization` header, whose name has no case (RFC 9110, section 11.1).
enum AuthorizationScheme {
    /// What follows the scheme, when it is this one.
    static func value(of scheme: String, in header: String) -> Substring? {
        guard let space = header.utf8.firstIndex(of: UInt8(ascii: " ")),
            header[..<space].lowercased() == scheme
        else { return nil }
        return header[header.utf8.index(after: space)...].drop { $0 == " " }
    }
}
