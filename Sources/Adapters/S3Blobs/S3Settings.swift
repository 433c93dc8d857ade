package import ServerKit
package import TLSKit

/// Where a bucket is and how it is spoken to.
package struct S3Settings: Sendable, Equatable {
    /// Who asks. Nothing of it is printed but the name of the key.
    package struct Keys: Sendable, Equatable {
        package var access: String
        package var secret: Secret
        /// Of keys that last for a while.
        package var token: Secret?

        package init(access: String, secret: Secret, token: Secret? = nil) {
            self.access = access
            self.secret = secret
            self.token = token
        }
    }

    package var endpoint: S3Endpoint
    package var region = "us-east-1"
    package var bucket: String
    /// What all keys begin with, without a slash at its ends; empty for none.
    package var prefix = ""
    /// Whether the bucket stands in the path instead of in front of the host's name.
    package var usesPathStyle = true
    package var keys: Keys
    package var tls = ClientTLS()
    /// How long a connection may take.
    package var connectTime = Duration.seconds(5)
    /// How long a request may take. Those with many bytes have a second more for each MiB.
    package var time = Duration.seconds(20)
    /// How many connections at once.
    package var connections = 64
    /// How long the address of a blob holds that a client is sent to.
    package var addressTime = Duration.seconds(600)

    package init(endpoint: S3Endpoint, bucket: String, keys: Keys) {
        self.endpoint = endpoint
        self.bucket = bucket
        self.keys = keys
    }

    /// `bucket blobs at s3.eu-central-1.amazonaws.com`, below `homeport/`.
    package var words: String {
        "bucket \(bucket) at \(endpoint.authority)" + (prefix.isEmpty ? "" : ", below \(prefix)/")
    }

    /// Whether a bucket can be called so: the names that S3 takes, and those it took once.
    package static func isBucket(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy { $0.isUnreserved && $0 != UInt8(ascii: "~") }
        return (3...255).contains(text.utf8.count) && isPlain && text.utf8.first?.isAlphanumeric == true
            && !text.contains("..")
    }

    /// Whether keys may begin so: names between slashes, of characters that stand in addresses as they are.
    package static func isPrefix(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return text.utf8.count <= 512
            && parts.allSatisfy { part in
                !part.isEmpty && part != "." && part != ".." && part.utf8.allSatisfy(\.isUnreserved)
            }
    }

    /// Whether a region can be called so.
    package static func isRegion(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}

/// A server that speaks S3: `https://s3.eu-central-1.amazonaws.com`.
package struct S3Endpoint: Sendable, Hashable {
    package let isSecure: Bool
    /// The host, and the port where it is not the usual one.
    package let authority: String

    /// Nil for what is no `http` or `https` address of a host alone.
    package init?(_ text: String) {
        guard let marks = text.firstRange(of: "://") else { return nil }
        switch text[..<marks.lowerBound] {
        case "https": isSecure = true
        case "http": isSecure = false
        default: return nil
        }
        var rest = text[marks.upperBound...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let colon = rest.hasSuffix("]") ? nil : rest.lastIndex(of: ":")
        let host = colon.map { rest[..<$0] } ?? rest
        guard Self.isHost(host) else { return nil }
        guard let colon else {
            authority = rest.lowercased()
            return
        }
        guard let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else { return nil }
        let isUsual = port == (isSecure ? 443 : 80)
        authority = host.lowercased() + (isUsual ? "" : ":\(port)")
    }

    private static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") {
            return text.utf8.count > 4
                && text.dropFirst().dropLast().utf8.allSatisfy { $0.isHexDigit || $0 == UInt8(ascii: ":") }
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return (1...253).contains(text.utf8.count)
            && labels.allSatisfy { label in
                !label.isEmpty && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
            }
    }

    /// Whether it is named by numbers, so that no bucket can stand in front of it.
    package var isAddress: Bool {
        authority.hasPrefix("[") || authority.prefix { $0 != ":" }.allSatisfy { $0.isNumber || $0 == "." }
    }

    var scheme: String { isSecure ? "https" : "http" }

    package var description: String { "\(scheme)://\(authority)" }
}

extension UInt8 {
    var isAlphanumeric: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self)
    }

    var isHexDigit: Bool {
        (48...57).contains(self) || (65...70).contains(self) || (97...102).contains(self)
    }

    /// Whether it stands in addresses as it is (RFC 3986).
    var isUnreserved: Bool { isAlphanumeric || "-._~".utf8.contains(self) }
}
