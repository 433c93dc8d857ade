package import HTTPKit
import HTTPTypes
package import Hummingbird

/// `/healthz` says that the process answers; `/readyz` that everything it needs does, names what does not, and
/// tells what is worth knowing.
package struct HealthFace: Face {
    /// One thing the program needs: a name, and how it is.
    package struct Check: Sendable {
        package enum Finding: Hashable, Sendable {
            case fine
            /// Worth telling, and no reason to send clients elsewhere.
            case noted(String)
            case failing(String)
        }

        let name: String
        let finding: @Sendable () async -> Finding

        package init(name: String, finding: @escaping @Sendable () async -> Finding) {
            self.name = name
            self.finding = finding
        }

        /// A check that says what is wrong, or nil.
        package init(_ name: String, problem: @escaping @Sendable () async -> String?) {
            self.init(name: name) { await problem().map(Finding.failing) ?? .fine }
        }
    }

    private let checks: [Check]

    package init(checks: [Check]) { self.checks = checks }

    /// Whether somebody only asks how the server is.
    static func isProbe(_ request: Request) -> Bool {
        request.uri.path == "/healthz" || request.uri.path == "/readyz"
    }

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
        var failures: [String] = []
        var notes: [String] = []
        for check in checks {
            switch await check.finding() {
            case .fine: break
            case .noted(let text): notes.append("\(check.name): \(text)\n")
            case .failing(let text): failures.append("\(check.name): \(text)\n")
            }
        }
        let text = (failures.isEmpty ? ["ready\n"] : failures) + notes
        return answer(request) {
            failures.isEmpty
                ? .text(text.joined())
                : .text(text.joined(), status: .serviceUnavailable, headers: [.retryAfter: "5"])
        }
    }
}
