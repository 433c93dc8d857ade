import Logging

/// The lines about failed sign-ins, in one form that programs such as fail2ban read:
/// `… warning homeport.accounts sign-in failed account=alice client=192.0.2.7`.
package struct SignInLog: Sendable {
    /// The label by which log filters know these lines.
    package static let label = "homeport.accounts"

    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    /// One line for each attempt that was refused.
    func failed(account: String, address: String?) {
        logger.warning("sign-in failed", metadata: metadata(account, address))
    }

    /// An attempt that was not looked at, because it came too soon.
    func heldBack(account: String, address: String?) {
        logger.info("sign-in held back", metadata: metadata(account, address))
    }

    func cannotAsk(_ error: any Error) {
        logger.error("accounts cannot be asked", metadata: ["error": "\(error)"])
    }

    /// The address alone: a zone (`%eth0`) says how it was reached.
    private static func withoutZone(_ address: String?) -> String {
        address.map { String($0.prefix { $0 != "%" }) } ?? "unknown"
    }

    private func metadata(_ account: String, _ address: String?) -> Logger.Metadata {
        [
            "account": "\(Self.escaped(account))",
            "client": "\(Self.escaped(Self.withoutZone(address), keeping: ":"))",
        ]
    }

    /// The text with everything but letters, digits and `._@+-` percent-encoded and cut to 64 bytes, so that
    /// whatever a client calls itself is one word in the line, whichever way lines are written: it forges
    /// neither a field nor another line.
    static func escaped(_ text: String, keeping extra: String = "") -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-\(extra)".utf8)
        var escaped: [UInt8] = []
        for byte in text.utf8.prefix(64) {
            if plain.contains(byte) {
                escaped.append(byte)
            } else {
                let hex = String(byte, radix: 16, uppercase: true)
                escaped.append(contentsOf: (hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)").utf8)
            }
        }
        if text.utf8.count > 64 { escaped.append(contentsOf: "...".utf8) }
        return escaped.isEmpty ? "-" : String(decoding: escaped, as: UTF8.self)
    }
}
