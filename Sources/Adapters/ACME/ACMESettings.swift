package import ServerKit

/// How an authority is spoken to.
package struct ACMESettings: Sendable {
    /// How a name is shown to be ours.
    package enum Challenge: String, CaseIterable, Sendable {
        /// A page at port 80.
        case http = "http-01"
        /// A certificate at port 443.
        case tls = "tls-alpn-01"
    }

    /// A customer's number and secret, for authorities that want one (RFC 8555, 7.3.4).
    package struct Customer: Sendable {
        package var number: String
        /// In base64url, as they hand it out.
        package var secret: Secret

        package init(number: String, secret: Secret) {
            self.number = number
            self.secret = secret
        }
    }

    package var directory: String
    package var email: String?
    /// The ways that may be used, the better one first. When one fails, the next is tried.
    package var challenges: [Challenge]
    package var customer: Customer?
    /// How often an authority that works is asked whether it is done.
    package var pollInterval = Duration.seconds(2)
    /// After so long it is given up, and gone on with at the next attempt.
    package var pollTime = Duration.seconds(180)

    package static let letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

    package init(
        directory: String = Self.letsEncrypt, email: String? = nil,
        challenges: [Challenge] = Challenge.allCases, customer: Customer? = nil
    ) {
        self.directory = directory
        self.email = email
        self.challenges = challenges
        self.customer = customer
    }
}
