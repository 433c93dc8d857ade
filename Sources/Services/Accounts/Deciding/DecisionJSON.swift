package import Access
import FoundationEssentials
package import ServerKit

/// The question about rights, and its answer, that programs and servers of others are spoken to in, as JSON.
package enum DecisionJSON {
    private struct Question: Encodable {
        let account: String
        let labels: [String: [String]]
        let address: String?
        let service: String
        let type: String
        let name: String
        let actions: [String]
    }

    private struct Answer: Decodable {
        let answer: String
        let actions: [String]?
    }

    /// `{"account": …, "labels": {…}, "address": …, "service": …, "type": …, "name": …, "actions": […]}`
    package static func question(_ request: AccessRequest) -> [UInt8] {
        let question = Question(
            account: request.account.text, labels: request.labels.mapValues { $0.map(\.text) },
            address: request.ip, service: request.service, type: request.type, name: request.name,
            actions: request.actions)
        // Texts alone cannot fail to be written.
        return (try? JSONEncoder().encode(question)).map { Array($0) } ?? []
    }

    /// `{"answer": "yes"}` for all that is asked, or with `"actions": […]` for those; `no`; and `unknown` for no
    /// opinion. Anything else is no answer.
    package static func answer(
        _ bytes: [UInt8], to request: AccessRequest
    ) throws(StoreError) -> [String]? {
        guard let read = try? JSONDecoder().decode(Answer.self, from: Data(bytes)) else {
            throw StoreError(.unavailable, "its answer is not the JSON that is expected")
        }
        switch read.answer {
        case "yes":
            return read.actions.map { granted in request.actions.filter(granted.contains) } ?? request.actions
        case "no": return []
        case "unknown": return nil
        default: throw StoreError(.unavailable, "its answer is none of yes, no and unknown")
        }
    }
}
