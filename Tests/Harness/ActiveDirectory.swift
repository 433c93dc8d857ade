import Contracts
import Foundation

/// Samba's Active Directory, with people in groups within groups, for one test.
package struct ActiveDirectory: Sendable {
    /// Where LDAP is spoken, `127.0.0.1:40123`.
    package let address: String

    package static let users = "CN=Users,DC=ad,DC=test"
    package static let password = "open Sesame1"
    package static let reader = (name: "reader@ad.test", password: "reads It 1")
}

/// Runs one while `body` runs.
package func withActiveDirectory<Value: Sendable>(
    _ body: @Sendable @escaping (ActiveDirectory) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let log = folder.path + "/log"
    // Samba's modules are those of Debian's own Python.
    let (value, _) = try await withGuardedProcess(
        "/usr/bin/python3", [PythonPeers.path(of: "active_directory.py"), folder.path],
        environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"], log: log
    ) { process in
        let words = "listening on "
        guard let line = await process.line(startingWith: words) else {
            let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw CommandFailed(description: "Samba did not start:\n\(said.suffix(3000))")
        }
        return try await body(ActiveDirectory(address: String(line.dropFirst(words.count))))
    }
    return value
}
