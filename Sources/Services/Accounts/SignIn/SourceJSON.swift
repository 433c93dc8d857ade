package import Access
import FoundationEssentials
package import ServerKit

/// The question and the answer that programs and servers of others are spoken to in, as JSON.
package enum SourceJSON {
    private struct Question: Encodable {
        let account: String
        let password: String
        let address: String?
    }

    private struct Answer: Decodable {
        let answer: String
        let labels: [String: [String]]?
    }

    /// `{"account": …, "password": …, "address": …}`
    package static func question(
        _ account: AccountName, _ password: Secret, from address: String?
    ) -> [UInt8] {
        let question = Question(account: account.text, password: password.revealed, address: address)
        // Texts alone cannot fail to be written.
        return (try? JSONEncoder().encode(question)).map { Array($0) } ?? []
    }

    /// `{"answer": "yes", "labels": {…}}`, or one of `wrong_password` and `unknown`. Anything else is no answer.
    package static func answer(_ bytes: [UInt8]) -> SourceAnswer {
        guard let read = try? JSONDecoder().decode(Answer.self, from: Data(bytes)) else {
            return .cannotAsk("its answer is not the JSON that is expected")
        }
        switch read.answer {
        case "yes": return .signedIn((read.labels ?? [:]).mapValues { $0.map { LabelValue($0) } })
        case "wrong_password": return .wrongPassword
        case "unknown": return .notMine
        default: return .cannotAsk("its answer is none of yes, wrong_password and unknown")
        }
    }
}
