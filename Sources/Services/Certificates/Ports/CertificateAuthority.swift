package import FoundationEssentials
package import TLSKit

/// Somebody who issues certificates for names that are shown to be ours.
///
/// Every implementation passes `checkCertificateAuthorityContract`.
package protocol CertificateAuthority: Sendable {
    /// Gets a certificate for a name, with a key of its own.
    ///
    /// What the authority asks for is hung on the `ChallengeBoard` meanwhile. A call that was cut off, by an error
    /// or by the process's end, is gone on with by the next one for the same name.
    func certificate(for name: HostName) async throws(AuthorityError) -> CertifiedKey

    /// When the authority wants a certificate to be renewed; nil when it does not say.
    func renewalTime(of pair: CertifiedKey) async throws(AuthorityError) -> ClosedRange<Date>?
}

/// Why there is no certificate. What it says is for the operator.
package struct AuthorityError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the caller can act on.
    package enum Kind: Hashable, Sendable {
        /// It cannot be reached, or is out of order: the same call may succeed later.
        case unavailable
        /// Too many calls: none before that time, when it was named.
        case tooMany(until: Date?)
        /// It does not believe that the name is ours, or issues nothing for it.
        case refused
        /// Something about the account has to be put right by a person.
        case account
        /// Anything else.
        case failed
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
