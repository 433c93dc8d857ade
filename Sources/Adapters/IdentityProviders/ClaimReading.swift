import Access
import Accounts

/// Whom claims speak of, by a description: the account's name, its labels, and whether such people are let in.
extension ProviderDescription {
    private static let valuesMax = 1000
    private static let valueLengthMax = 255

    /// - Parameters:
    ///   - person: who it was before, when this is not a sign-in.
    ///   - isWhole: whether the claims are all that the provider ever says; what they leave out counts as unchanged
    ///   otherwise.
    func account(
        in claims: Claims, before person: Person?, isWhole: Bool
    ) throws(ProviderError) -> AccountName {
        let claim = accountClaims.first { claims.text($0)?.isEmpty == false }
        guard let claim, var text = claims.text(claim) else {
            if let person, !isWhole { return person.account }
            throw .refused(
                "\(title) does not say what you are called (\(accountClaims.joined(separator: " or "))).")
        }
        if claim == "email" {
            let mark = claims["email_verified"]
            let isVerified = mark == .flag(true) || mark == .text("true")
            let isEnough =
                switch emailProof {
                case .said: isVerified
                case .notDenied: isVerified || mark == nil || mark == .nothing
                case .none: true
                }
            guard isEnough else {
                throw .refused("\(title) has not verified your address. Have that done there first.")
            }
            text = text.lowercased()
        }
        // A slash would put somebody into the space of somebody else; the others mean something in patterns.
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "._@+-".utf8.contains(byte)
        }
        guard isPlain, text.utf8.count <= 200, let name = try? AccountName(accountPrefix + text) else {
            throw .refused(
                "What \(title) calls you cannot be the name of an account here: letters, digits and ._@+- can."
            )
        }
        return name
    }

    func labels(in claims: Claims, before person: Person?, isWhole: Bool) -> Labels {
        var result: Labels = [:]
        for (label, claim) in labels {
            if claims[claim] == nil, !isWhole, let known = person?.labels[label] {
                result[label] = known
                continue
            }
            var seen: Set<String> = []
            let isTaken = !labelsAreLists || claims[claim]?.list != nil
            let values = (isTaken ? claims.texts(claim) : []).filter { text in
                !text.isEmpty && text.utf8.count <= Self.valueLengthMax
                    && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && seen.insert(text).inserted
            }
            if !values.isEmpty {
                // What somebody calls a group is no pattern.
                result[label] = values.prefix(Self.valuesMax).map { LabelValue($0, isLiteral: true) }
            }
        }
        return result
    }

    /// Throws for somebody who is not let in.
    func check(_ claims: Claims, before person: Person?, isWhole: Bool) throws(ProviderError) {
        for requirement in requirements {
            if claims[requirement.claim] == nil, !isWhole, person != nil {
                throw .needsBrowser("\(title) does not say whether you are still \(requirement.words).")
            }
            let held = claims.texts(requirement.claim)
            guard held.contains(where: requirement.takes) else {
                throw .refused("You are not \(requirement.words) at \(title).")
            }
        }
    }
}
