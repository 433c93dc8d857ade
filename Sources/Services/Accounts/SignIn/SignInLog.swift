import Access
import Logging

/// The lines about failed sign-ins, in one form that programs such as fail2ban read:
/// `… warning homeport.accounts sign-in failed account=alice client=192.0.2.7`.
package struct SignInLog: Sendable {
    /// The label by which log filters know these lines.
    package static let label = "homeport.accounts"

    private let logger: Logger
    private let onEvent: @Sendable (SignInEvent) -> Void

    /// - Parameter onEvent: told of every attempt, also those that succeed.
    init(_ logger: Logger, onEvent: @Sendable @escaping (SignInEvent) -> Void = { _ in }) {
        self.logger = logger
        self.onEvent = onEvent
    }

    /// One line for each attempt that was refused.
    func failed(account: String, address: String?) {
        logger.warning("sign-in failed", metadata: metadata(account, address))
        onEvent(SignInEvent(account: account, outcome: .failed, address: address))
    }

    /// An attempt that was not looked at, because it came too soon.
    func heldBack(account: String, address: String?) {
        logger.info("sign-in held back", metadata: metadata(account, address))
        onEvent(SignInEvent(account: account, outcome: .heldBack, address: address))
    }

    /// Many do, so there is no line about it.
    func succeeded(_ signedIn: SignedIn) {
        onEvent(
            SignInEvent(
                account: signedIn.account.name.text, outcome: .signedIn, way: signedIn.credential.way))
    }

    /// Somebody for whom a provider vouches has come with a browser.
    func succeeded(_ account: AccountName, byBrowserWith provider: String) {
        onEvent(SignInEvent(account: account.text, outcome: .signedIn, way: "browser, \(provider)"))
    }

    /// Nobody guesses anything there, so it is neither a line for those who count guesses nor told with the address:
    /// a link on somebody else's page has nobody banned.
    func failed(byBrowserWith provider: String, account: String, address: String?, reason: String) {
        var metadata = metadata(account, address)
        metadata["provider"] = "\(provider)"
        metadata["reason"] = "\(reason)"
        logger.warning("sign-in by browser refused", metadata: metadata)
        onEvent(SignInEvent(account: account, outcome: .failed))
    }

    /// What a provider has said, or failed to say, when it was asked again.
    func note(
        _ message: Logger.Message, level: Logger.Level, provider: String, _ reason: String,
        account: String? = nil
    ) {
        var metadata: Logger.Metadata = ["provider": "\(provider)", "reason": "\(reason)"]
        if let account { metadata["account"] = "\(Self.escaped(account))" }
        logger.log(level: level, message, metadata: metadata)
    }

    /// Nobody guesses anything there either: whoever stands in front does, or has an authority to ask.
    func notTaken(_ vouched: Vouched, reason: String) {
        logger.info(
            "a named caller is refused",
            metadata: [
                "way": "\(vouched.way.rawValue)", "account": "\(Self.escaped(vouched.name ?? ""))",
                "reason": "\(reason)",
            ])
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

/// Somebody signed in, or tried to.
package struct SignInEvent: Sendable, Hashable {
    package enum Outcome: String, Sendable, CaseIterable {
        case signedIn = "signed_in"
        case failed
        /// It came too soon after others that failed, and was not looked at.
        case heldBack = "held_back"
    }

    /// The account, or whatever somebody who failed called it.
    package let account: String
    package let outcome: Outcome
    /// What was shown, in words: "password"; empty when it did not do.
    package var way = ""
    /// Where it came from, when it did not do.
    package var address: String?
}

extension Credential {
    fileprivate var way: String {
        switch self {
        case .nothing: ""
        case .password, .source: "password"
        case .vouched(let way): way.rawValue
        case .accessToken, .personToken: "access token"
        case .refreshToken: "refresh token"
        }
    }
}
