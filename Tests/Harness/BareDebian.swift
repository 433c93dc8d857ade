package import Contracts
import Foundation

/// A bare Debian in a folder, as scripts/debian-root has made it, for one test: programs run in it with the test's own
/// network and without its files. It needs root.
package struct BareDebian: Sendable {
    private let folder: TemporaryFolder

    /// Where it lies, seen from outside.
    package var root: String { folder.path + "/root" }

    package init() async throws {
        let archive = projectRoot + "/.build/debian-root.tar"
        guard FileManager.default.fileExists(atPath: archive) else {
            throw MissingPeer(
                description: "\(archive) is missing: run scripts/debian-root (`make test` does)")
        }
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try await Command(
            Peer.tar.path(),
            ["--extract", "--same-owner", "--same-permissions", "--file", archive, "--directory", root]
        ).run().succeeded()
    }

    /// What runs a program in it, as root or as another of its users.
    package func words(_ program: String, _ arguments: [String], as user: String? = nil) -> [String] {
        let script = """
            mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" || exit 99
            root=$0; user=$1; shift
            exec chroot ${user:+"--userspec=$user:$user"} "$root" "$@"
            """
        return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, root, user ?? "", program] + arguments
    }

    package func command(
        _ program: String, _ arguments: [String], as user: String? = nil, input: String = ""
    ) throws -> Command {
        let words = words(program, arguments, as: user)
        var command = Command(words[0], Array(words.dropFirst()))
        command.environment = ["DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"]
        command.input = input
        command.limitInSeconds = 120
        return command
    }

    /// Runs a program that must succeed.
    @discardableResult
    package func run(_ program: String, _ arguments: String..., as user: String? = nil, input: String = "")
        async throws -> Finished
    {
        try await command(program, arguments, as: user, input: input).run().succeeded()
    }

    /// Installs a package that lies in it as a person would, with what it depends on.
    @discardableResult
    package func install(_ package: String) async throws -> Finished {
        try await run("/usr/bin/apt", "install", "--yes", package)
    }

    /// Copies a file into it.
    package func copy(_ file: String, to place: String) throws {
        try FileManager.default.copyItem(atPath: file, toPath: root + place)
    }
}

/// The folder of the project.
package var projectRoot: String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path(percentEncoded: false)
}

/// Makes the Debian package of the program under test, quickly, and says where it lies.
package func makePackage(in folder: TemporaryFolder) async throws -> String {
    var command = Command(projectRoot + "/scripts/make-deb", [try homeportPath(), folder.path])
    command.environment = ["DEB_COMPRESSION": "-Zgzip -z1"]
    command.limitInSeconds = 240
    let made = try await command.run().succeeded()
    return made.output.split(separator: "\n").last.map(String.init) ?? ""
}
