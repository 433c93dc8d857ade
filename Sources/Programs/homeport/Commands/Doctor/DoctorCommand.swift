internal import Access
internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials
internal import ServerKit

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract:
            "Look at an installation from inside and outside, and say what is wrong and how to mend it.",
        discussion: """
            Looks at the configuration, the data, the disk, the clock, certificates and the last backup; then, as a \
            client would, at names, ports, TLS, redirects and headers; and at last gets a token, pushes a tiny image, \
            pulls it and removes it. For that it makes a token of the administrator's, which ends with it.

            From another machine name the server with --url; with --account and --password-stdin it pushes there, too.

            Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage.
            """)

    @Option(
        help: ArgumentHelp(
            "Look at this server, from outside only: https://registry.example.com.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("Connect to this address, whatever the names lead to.", valueName: "address"))
    var address: String?

    @Option(
        help: ArgumentHelp("Certificates to believe beside the system's.", valueName: "file"),
        completion: .file())
    var authorityFile: String?

    @Option(help: ArgumentHelp("Push as this account.", valueName: "name"))
    var account: String?

    @Flag(help: "Read its password, or an access token of it, from standard input.")
    var passwordStdin = false

    @Flag(help: "Push nothing.")
    var noPush = false

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        guard (account != nil) == passwordStdin else {
            throw ValidationError("--account and --password-stdin belong together.")
        }
    }

    func run() async throws {
        let surroundings = Surroundings.current
        let terminal = surroundings.terminal
        let findings: [Finding]
        if let url {
            guard let target = DoctorTarget(url) else {
                throw CommandFailure.usage(
                    "--url: `\(printable(url))` is no address such as https://registry.example.com")
            }
            findings = try await outside(target, nil, surroundings)
        } else {
            findings = try await everything(surroundings)
        }
        let wrong = findings.count { $0.state == .wrong }
        terminal.print(
            json ? try JSON.text(DoctorReport(findings: findings, wrong: wrong)) : Finding.text(findings))
        guard wrong == 0 else { throw CommandFailure.refused("\(wrong) of these are wrong") }
    }

    private func everything(_ surroundings: Surroundings) async throws -> [Finding] {
        let loaded: LoadedConfiguration
        do {
            loaded = try settings.load()
        } catch let error as ConfigurationError {
            return error.problems.map { problem in
                .wrong(
                    "configuration", problem.description(file: error.file),
                    cure: "mend the line; docs/configure.md has every key")
            }
        }
        let inside = await InsideChecks(loaded: loaded, now: surroundings.now()).run()
        return inside + (try await outside(DoctorTarget(loaded.values), loaded, surroundings))
    }

    private func outside(
        _ target: DoctorTarget, _ loaded: LoadedConfiguration?, _ surroundings: Surroundings
    ) async throws -> [Finding] {
        let client = WebClient(authorityFile: authorityFile, address: address, hosts: target.hosts)
        let (findings, challenge) = await OutsideChecks(
            target: target, client: client, address: address, authorityFile: authorityFile,
            now: surroundings.now()
        ).run()
        var trip: [Finding] = []
        do {
            if let challenge, !noPush {
                trip = try await roundTrip(client, target, challenge, loaded, surroundings)
            }
        } catch {
            await client.shutDown()
            throw error
        }
        await client.shutDown()
        return findings + trip
    }

    private func roundTrip(
        _ client: WebClient, _ target: DoctorTarget, _ challenge: Challenge,
        _ loaded: LoadedConfiguration?,
        _ surroundings: Surroundings
    ) async throws -> [Finding] {
        if let account {
            guard let line = surroundings.terminal.readLine(), !line.isEmpty else {
                throw CommandFailure.usage("nothing came from standard input")
            }
            return await RoundTrip(
                client: client, target: target, challenge: challenge, account: account, password: Secret(line)
            ).run()
        }
        guard let loaded, DataFolder(loaded.values.data).hasStore else { return [] }
        let stores = try Stores.open(loaded.values, now: surroundings.now)
        do {
            let name = loaded.values.accounts.adminName
            let made = try await surroundings.asOperator {
                try await stores.accounts.tokens.create(
                    for: try AccountName(name), name: "homeport doctor \(getpidText)",
                    scopes: ["repository:\(name)/homeport-doctor:pull,push,delete"],
                    expires: surroundings.now().addingTimeInterval(Self.tokenLife))
            }
            let found = await RoundTrip(
                client: client, target: target, challenge: challenge, account: name, password: made.text
            ).run()
            try await surroundings.asOperator { try await stores.accounts.tokens.revoke(made.stored.id) }
            try await stores.close()
            return found
        } catch let error as AccountError {
            try? await stores.close()
            return [
                .noted(
                    "token", "no token can be made for \(loaded.values.accounts.adminName): \(error)",
                    cure: "name an account with --account and --password-stdin")
            ]
        } catch {
            try? await stores.close()
            throw error
        }
    }

    private static let tokenLife: TimeInterval = 300
    private var getpidText: String { "\(ProcessInfo.processInfo.processIdentifier)" }
}

/// What `--json` prints.
private struct DoctorReport: Encodable {
    let findings: [Finding]
    /// How many are wrong.
    let wrong: Int
}
