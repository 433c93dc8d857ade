internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import ServerKit

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the running server read its configuration again.",
        discussion: """
            Nobody who is being served notices. A configuration that is not right is said here, with its lines, and \
            changes nothing; so are settings that count after a restart. Certificates are read again, too.

            It is what `systemctl reload homeport` does. Only root and the server's own user may.
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: ArgumentHelp("How many seconds to wait for the server.", valueName: "seconds"))
    var wait = 60

    func run() async throws {
        let surroundings = Surroundings.current
        // What is wrong is best said by whoever was asked, before anybody is disturbed.
        let folder = DataFolder(try settings.load().values.data)
        guard let server = folder.server else {
            throw CommandFailure.unreachable(
                "no server serves the data in \(folder.path); start `homeport serve`, or say where its data lies "
                    + "with --data or --config")
        }
        let before = ReloadNote.read(in: folder)
        guard Glibc.kill(pid_t(server), SIGHUP) == 0 else {
            let reason = String(cString: strerror(errno))
            throw CommandFailure.unreachable(
                "the server, process \(server), cannot be told: \(reason); call this as root or as its own user"
            )
        }
        guard let note = try await next(of: server, after: before, in: folder) else {
            throw CommandFailure.unreachable(
                "the server, process \(server), has not read its configuration within \(wait) seconds; its log says "
                    + "what it does")
        }
        guard note.problems.isEmpty else {
            for problem in note.problems {
                surroundings.terminal.complain(printable(problem), isLedByName: false)
            }
            throw CommandFailure.usage("the server goes on with its configuration from before")
        }
        for key in note.waiting { surroundings.terminal.note("\(printable(key)) counts after a restart.") }
        surroundings.terminal.note("The server has taken its configuration.")
    }

    /// What the server has written down since; nil when it does not in time.
    private func next(
        of server: Int, after before: ReloadNote?, in folder: DataFolder
    ) async throws -> ReloadNote? {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(max(1, wait))
        let last = before?.process == server ? before?.count ?? 0 : 0
        while clock.now < end {
            if let note = ReloadNote.read(in: folder), note.process == server, note.count > last {
                return note
            }
            guard folder.server == server else {
                throw CommandFailure.unreachable("the server, process \(server), has ended meanwhile")
            }
            try await clock.sleep(for: .milliseconds(50))
        }
        return nil
    }
}
