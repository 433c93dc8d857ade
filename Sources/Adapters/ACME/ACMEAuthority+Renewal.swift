package import Certificates
package import Foundation
package import TLSKit
import X509

extension ACMEAuthority {
    /// RFC 9773. An authority without such a page does not say.
    package func renewalTime(of pair: CertifiedKey) async throws(AuthorityError) -> ClosedRange<Date>? {
        guard !pair.isSelfSigned, let page = try await channel.pages().renewalInfo,
            let identifier = Self.identifier(of: pair)
        else { return nil }
        let window = try await channel.get("\(page)/\(identifier)").decode(RenewalInfo.self).suggestedWindow
        return window.start <= window.end ? window.start...window.end : nil
    }

    /// The issuer's key and the serial number (RFC 9773, 4.1).
    static func identifier(of pair: CertifiedKey) -> String? {
        guard let issuer = try? pair.leaf.extensions.authorityKeyIdentifier,
            let key = issuer.keyIdentifier
        else { return nil }
        let serial = Data(pair.leaf.serialNumber.bytes)
        return "\(Data(key).base64URL).\(serial.base64URL)"
    }
}
