package import HTTPKit
import HTTPTypes
package import Hummingbird

/// `/healthz` says that the process answers; `/readyz` that everything it needs does, and names what does
/// not.
package struct HealthFace: Face {
    /// One thing the program needs: a name, and what is wrong with it, or nil.
    package struct Check: Sendable {
        let name: String
        let problem: @Sendable () async -> String?

        package init(_ name: String, problem: @escaping @Sendable () async -> String?) {
            self.name = name
            self.problem = problem
        }
    }

    private let checks: [Check]

    package init(checks: [Check]) { self.checks = checks }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        switch request.uri.path {
        case "/healthz": answer(request) { .text("ok\n") }
        case "/readyz": await readiness(request)
        default: nil
        }
    }

    private func answer(_ request: Request, _ make: () -> Response) -> Response {
        guard request.method == .get || request.method == .head else {
            return .text("GET or HEAD\n", status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
        }
        return make()
    }

    private func readiness(_ request: Request) async -> Response {
        var lines: [String] = []
        for check in checks {
            if let problem = await check.problem() { lines.append("\(check.name): \(problem)\n") }
        }
        return answer(request) {
            lines.isEmpty
                ? .text("ready\n")
                : .text(lines.joined(), status: .serviceUnavailable, headers: [.retryAfter: "5"])
        }
    }
}
