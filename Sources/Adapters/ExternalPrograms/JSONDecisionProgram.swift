package import Access
import Accounts
package import ServerKit

/// A program that decides on one scope, with question and answer as JSON; it ends with 0.
package struct JSONDecisionProgram: AccessDecider {
    private let runner: ProgramRunner

    package init(_ runner: ProgramRunner) { self.runner = runner }

    package func granted(_ request: AccessRequest) async throws(StoreError) -> [String]? {
        let ending = try await runner.run(DecisionJSON.question(request))
        guard ending.status == 0 else {
            throw StoreError(.unavailable, "it ended with status \(ending.status)")
        }
        return try DecisionJSON.answer(ending.output, to: request)
    }
}
