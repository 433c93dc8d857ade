package import Access
package import Accounts
import FoundationEssentials
package import ServerKit

/// A program that says whether a name and a password are right, in the protocol of docker_auth: `NAME PASSWORD` on
/// its standard input; it ends with 0 for yes (and may print labels as JSON), 1 for no, 2 for a name that it does
/// not know, and anything else for a failure.
package struct DockerAuthSignInProgram: SignInSource {
    package let name = "ext_auth"
    private let runner: ProgramRunner

    package init(_ runner: ProgramRunner) { self.runner = runner }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        let (name, secret) = (account.text, password.revealed)
        // With a space in the name, the program would take another name for it.
        guard !name.utf8.contains(UInt8(ascii: " ")), !secret.utf8.contains(0) else { return .wrongPassword }
        let ending: ProgramRunner.Ending
        do {
            ending = try await runner.run(Array("\(name) \(secret)".utf8))
        } catch {
            return .cannotAsk(error.description)
        }
        switch ending.status {
        case 0:
            return Self.labels(in: ending.output).map { .signedIn($0) } ?? .cannotAsk("it prints no labels")
        case 1: return .wrongPassword
        case 2: return .notMine
        default: return .cannotAsk("it ended with status \(ending.status)")
        }
    }

    private struct Answer: Decodable {
        let labels: [String: [String]]?
    }

    /// Nil for what is not JSON.
    private static func labels(in output: [UInt8]) -> Labels? {
        if output.allSatisfy({ [9, 10, 13, 32].contains($0) }) { return [:] }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output)) else { return nil }
        return (answer.labels ?? [:]).mapValues { $0.map { LabelValue($0) } }
    }
}

/// The same with nothing to take for something else: the question and the answer are JSON, and it ends with 0.
package struct JSONSignInProgram: SignInSource {
    package let name = "program"
    private let runner: ProgramRunner

    package init(_ runner: ProgramRunner) { self.runner = runner }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        do throws(StoreError) {
            let ending = try await runner.run(SourceJSON.question(account, password, from: address))
            guard ending.status == 0 else { return .cannotAsk("it ended with status \(ending.status)") }
            return SourceJSON.answer(ending.output)
        } catch {
            return .cannotAsk(error.description)
        }
    }
}

/// A program that decides on one scope, in the protocol of docker_auth: the question as JSON on its standard
/// input; it ends with 0 to grant all that is asked, with 1 to grant nothing, and with anything else for a failure.
package struct DockerAuthDecisionProgram: AccessDecider {
    private let runner: ProgramRunner

    package init(_ runner: ProgramRunner) { self.runner = runner }

    package func granted(_ request: AccessRequest) async throws(StoreError) -> [String]? {
        let ending = try await runner.run(try Self.question(request))
        switch ending.status {
        case 0: return request.actions
        case 1: return []
        default: throw StoreError(.unavailable, "it ended with status \(ending.status)")
        }
    }

    private struct Question: Encodable {
        let request: AccessRequest

        private enum CodingKeys: String, CodingKey {
            case account = "Account"
            case type = "Type"
            case name = "Name"
            case service = "Service"
            case address = "IP"
            case actions = "Actions"
            case labels = "Labels"
        }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: CodingKeys.self)
            try fields.encode(request.account.text, forKey: .account)
            try fields.encode(request.type, forKey: .type)
            try fields.encode(request.name, forKey: .name)
            try fields.encode(request.service, forKey: .service)
            try fields.encode(request.ip ?? "", forKey: .address)
            try fields.encode(request.actions, forKey: .actions)
            try fields.encode(request.labels.mapValues { $0.map(\.text) }, forKey: .labels)
        }
    }

    private static func question(_ request: AccessRequest) throws(StoreError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(Question(request: request)))
        } catch {
            throw StoreError(.failed, "asking ext_authz", cause: error)
        }
    }
}
