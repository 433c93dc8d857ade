import Foundation

/// Clients written in Python, in an environment of their own that scripts/python-peers makes.
package enum PythonPeers {
    /// Runs a script of Tests/PeerScripts.
    package static func run(
        _ script: String, _ arguments: [String], limitInSeconds: Int = 60, input: String = "",
        environment: [String: String] = [:]
    )
        async throws
        -> Finished
    {
        var command = Command(try interpreter(), ["\(scripts)/\(script)"] + arguments)
        command.limitInSeconds = limitInSeconds
        command.input = input
        command.environment = ["PYTHONDONTWRITEBYTECODE": "1", "no_proxy": "127.0.0.1"]
            .merging(environment) { _, given in given }
        return try await command.run()
    }

    private static var root: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// Where a script of Tests/PeerScripts lies.
    package static func path(of script: String) -> String { "\(scripts)/\(script)" }

    private static var scripts: String {
        root.appending(path: "Tests/PeerScripts").path(percentEncoded: false)
    }

    /// A program that came with what scripts/requirements.txt names.
    package static func program(_ name: String) throws -> String {
        let path = URL(filePath: try interpreter()).deletingLastPathComponent().appending(path: name)
            .path(percentEncoded: false)
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw MissingPeer(description: "\(path) is missing: run scripts/python-peers (`make test` does)")
        }
        return path
    }

    /// The Python that has what scripts/requirements.txt names.
    package static func interpreter() throws -> String {
        let named = ProcessInfo.processInfo.environment["HOMEPORT_PEERS_VENV"]
        let folder = named ?? root.appending(path: ".build/peers-venv").path(percentEncoded: false)
        let python = folder + "/bin/python"
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw MissingPeer(
                description: "\(python) is missing: run scripts/python-peers (`make test` does; it needs the"
                    + " Debian package python3-venv)")
        }
        return python
    }
}
