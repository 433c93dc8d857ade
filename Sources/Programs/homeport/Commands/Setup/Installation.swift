internal import Access
internal import Accounts
internal import FoundationEssentials
internal import Glibc
internal import ServerKit

/// A new installation in the making: its configuration file, and its data.
struct Installation: Sendable {
    let file: String
    let owner: ServiceUser?
    /// How the program was called.
    let program: String

    func requireFreeFile() throws(CommandFailure) {
        guard !FileManager.default.fileExists(atPath: file) else {
            throw .refused(
                "there is a configuration in \(file) already, and nothing is overwritten: "
                    + "`homeport check --config \(file)` says what it means; --config writes another")
        }
    }

    func requireFreeData(_ plan: SetupPlan) throws(CommandFailure) {
        let folder = DataFolder(plan.data)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard names.allSatisfy({ $0 == "lost+found" }) else {
            throw .refused(
                "\(folder.path) is not empty, and nothing is overwritten: name another folder with --data, serve what "
                    + "is there with a configuration of your own, or remove what a broken-off setup has left")
        }
    }

    /// Writes the configuration beside its place, makes the data it speaks of, and then gives the file its name.
    func make(_ plan: SetupPlan, password: Secret?, _ surroundings: Surroundings) async throws
        -> FirstStart.Made?
    {
        var plan = plan
        plan.data = DataFolder(plan.data).path
        let draft = "\(file).new"
        try write(SetupText(plan: plan).text, to: draft)
        do {
            let loaded = try LoadedConfiguration.load(file: draft, environment: [:])
            let made = try await makeData(loaded.values, plan, password, surroundings)
            guard link(draft, file) == 0 else {
                throw CommandFailure.unreachable(
                    "\(file) cannot be made: \(String(cString: strerror(errno))); what it was to hold is in \(draft)"
                )
            }
            unlink(draft)
            return made
        } catch let error as ConfigurationError {
            unlink(draft)
            throw CommandFailure.usage(
                "what was said makes no configuration:\n\(error.description.replacing(draft, with: file))")
        }
    }

    private func write(_ text: String, to path: String) throws(CommandFailure) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .unreachable("the folder \(folder) cannot be made: \(DataFolder.reason(error))")
        }
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else {
            throw .unreachable("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        Terminal.write(text, to: descriptor)
        // Root's, for the server to read.
        guard owner.map({ fchown(descriptor, 0, $0.group) == 0 }) ?? true, fsync(descriptor) == 0 else {
            throw .unreachable("\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    private func makeData(
        _ values: Configuration, _ plan: SetupPlan, _ password: Secret?, _ surroundings: Surroundings
    ) async throws -> FirstStart.Made? {
        let folder = DataFolder(values.data)
        try folder.create()
        let lock = try folder.lock()
        defer { withExtendedLifetime(lock) {} }
        let stores = try Stores.open(values, now: surroundings.now)
        do {
            try await stores.directory.prepare(waiting: Self.patience, surroundings.terminal)
            let made = try await FirstStart(
                stores: stores, terminal: surroundings.terminal, givenPassword: password
            ).run()
            // The people of a MongoDB have rules of their own.
            if made != nil { try await addRules(plan.access, stores) }
            try await stores.close()
            guard made != nil || !plan.people.hosts.isEmpty else {
                throw CommandFailure.refused("somebody else has just made data in \(folder.path)")
            }
            try giveAway(folder)
            return made
        } catch {
            try? await stores.close()
            // The folder was empty: what is there now is of this call, and of no use.
            for name in [
                "homeport.db", "homeport.db-wal", "homeport.db-shm", "homeport.db-changes", "homeport.lock",
            ] {
                unlink("\(folder.path)/\(name)")
            }
            throw error
        }
    }

    /// How long a MongoDB is waited for.
    private static let patience = Duration.seconds(5)

    private func addRules(_ access: SetupPlan.Access, _ stores: Stores) async throws {
        switch access {
        case .own: break
        case .closed: try await stores.accounts.rules.remove(FirstStart.ownNamesRule)
        case .open:
            _ = try await stores.accounts.accounts.add(.anonymous, password: .none)
            try await stores.accounts.rules.add(
                Rule(
                    seq: 2000, match: Rule.Match(type: "repository", name: "**"), actions: ["pull"],
                    comment: "the whole world pulls"))
        }
    }

    private func giveAway(_ folder: DataFolder) throws {
        guard let owner else { return }
        try owner.take(folder.path)
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            try owner.take("\(folder.path)/\(name)")
        }
    }

    /// What is to be done now, line by line.
    func nextSteps(_ plan: SetupPlan, _ findings: [Finding]) -> String {
        let hasUnit =
            owner != nil && FileManager.default.fileExists(atPath: "/lib/systemd/system/homeport.service")
        let isUsual = file == "/etc/homeport/homeport.yaml"
        let start =
            hasUnit && isUsual ? "systemctl enable --now homeport" : "\(program) serve --config \(file)"
        let prefix = owner.map { "sudo -u \($0.name) " } ?? ""
        var lines = ["What to do now:", ""]
        if findings.contains(where: { $0.state == .wrong }) {
            lines.append("  mend what is wrong above; then")
        }
        lines += [
            "  start it        \(start)",
            "  see if it works \(prefix)\(program) doctor --config \(file)",
            "  log in          docker login --username \(plan.admin) \(plan.authority)",
            "  add an account  \(prefix)\(program) account add alice --config \(file)",
            "  keep a copy     \(prefix)\(program) backup /var/backups/homeport --config \(file)",
        ]
        return lines.joined(separator: "\n")
    }
}
