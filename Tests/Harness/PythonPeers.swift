import Foundation

/// Clients written in Python, in an environment of their own that scripts/python-peers makes.
package enum PythonPeers {
    /// Runs a script of Tests/PeerScripts.
    package static func run(_ script: String, _ arguments: [String]) async throws -> Finished {
        var command = Command(try interpreter(), ["\(scripts)/\(script)"] + arguments)
        command.environment = ["PYTHONDONTWRITEBYTECODE": "1", "no_proxy": "127.0.0.1"]
        return try await command.run()
    }

    private static var root: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    private static var scripts: String {
        root.appending(path: "Tests/PeerScripts").path(percentEncoded: false)
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
