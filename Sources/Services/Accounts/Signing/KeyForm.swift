/// How a token says which key signed it.
package struct KeyForm: Sendable, Hashable {
    package enum Identifier: String, Sendable, CaseIterable {
        /// The RFC 7638 thumbprint, which registries from 3.0 on look up (for EC keys from 3.1 on).
        case thumbprint
        /// What registries up to 2.8 look up.
        case libtrust
    }

    /// What stands in `kid`.
    package let identifier: Identifier
    /// Whether the certificate itself is sent in `x5c`: the one form that every registry since 2.0 accepts.
    /// It makes a token twice as long.
    package let includesCertificate: Bool

    /// The certificate and the thumbprint: accepted everywhere.
    package static let universal = KeyForm(.thumbprint, includesCertificate: true)

    package init(_ identifier: Identifier, includesCertificate: Bool) {
        self.identifier = identifier
        self.includesCertificate = includesCertificate
    }

    static let all = Identifier.allCases.flatMap { identifier in
        [true, false].map { KeyForm(identifier, includesCertificate: $0) }
    }
}
