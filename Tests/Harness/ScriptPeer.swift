import Contracts
import Foundation

/// Runs a server of Tests/PeerScripts while `body` runs, which is told what stands behind `listening on` in its first
/// words.
///
/// - Parameters:
///   - log: where it writes what goes wrong.
///   - isKilled: whether it is killed in the end, because what it does would keep it.
func withScriptPeer<Value: Sendable>(
    _ script: String, _ arguments: [String], environment: [String: String] = [:], log: String,
    isKilled: Bool = false, _ body: @Sendable @escaping (String, GuardedProcess) async throws -> Value
) async throws -> Value {
    let own = ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"]
    let (value, _) = try await withGuardedProcess(
        try PythonPeers.interpreter(), [PythonPeers.path(of: script)] + arguments,
        environment: own.merging(environment) { $1 }, log: log
    ) { process in
        let words = "listening on "
        guard let line = await process.line(startingWith: words) else {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw CommandFailed(description: "\(script) did not start:\n\(text.suffix(3000))")
        }
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(String(line.dropFirst(words.count)), process)) } catch {
            outcome = .failure(error)
        }
        if isKilled { try? await process.signal("KILL") }
        return try outcome.get()
    }
    return value
}
