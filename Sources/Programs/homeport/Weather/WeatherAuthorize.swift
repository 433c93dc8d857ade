internal import ArgumentParser
internal import AsyncHTTPClient
internal import CalendarServers
internal import FoundationEssentials
internal import ServerKit

struct WeatherAuthorize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorize", abstract: "Let Homeport write somebody's calendar.",
        subcommands: [WeatherAuthorizeGoogle.self])
}

struct WeatherAuthorizeGoogle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "google",
        abstract: "Ask a person, in their browser, to let Homeport write a Google calendar of its own.",
        discussion: """
            Prints an address to open. Google then sends the browser to a port of this machine, and what it brings is \
            kept in the calendar's token file, readable for its owner alone. Where the browser runs on another machine \
            use --paste, and paste the address at which the browser ended, although it shows an error.
            """)

    @Argument(
        help: ArgumentHelp(
            "The calendar of weather.calendars; not needed when there is one.", valueName: "calendar")
    )
    var name: String?

    @Option(help: ArgumentHelp("Where to wait for the browser on this machine; any free one by default."))
    var port = 0

    @Flag(help: "Read the address at which the browser ended from standard input.")
    var paste = false

    @OptionGroup var settings: SettingsOptions

    /// How long a person may take.
    private static let patience = Duration.seconds(600)

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port: \(port) is no port.") }
    }

    func run() async throws {
        let surroundings = Surroundings.current
        let values = try settings.load().values
        let calendar = try calendar(values.weather)
        guard let program = calendar.credentials?.program else {
            throw CommandFailure.usage(
                calendar.credentials == nil
                    ? "\(calendar.name) names no credentials_file, by which Google knows who asks"
                    : "\(calendar.name) uses a service account, which needs nobody's leave: share a calendar with it"
            )
        }
        let files = GoogleFiles(data: DataFolder(values.data))
        if calendar.tokenFile == nil { try files.makeFolder() }
        let client = CalendarClient.make()
        do {
            try await authorize(program, files.token(of: calendar), client, surroundings)
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw (error as? CommandFailure) ?? CommandFailure.refused("\(error)")
        }
    }

    private func calendar(_ weather: WeatherSettings) throws(CommandFailure) -> CalendarSettings {
        let known = weather.calendars.filter { $0.kind == .google }
        guard let first = known.first else {
            throw .usage("weather.calendars has no calendar of the kind google, see docs/weather.md")
        }
        guard let name else {
            let isClear = known.allSatisfy { $0.tokenFile == first.tokenFile }
            guard isClear else {
                throw .usage(
                    "name the calendar: " + known.map(\.name).joined(separator: ", ")
                        + " do not share one token_file")
            }
            return known.first { $0.credentials?.isOfProgram == true } ?? first
        }
        guard let found = known.first(where: { $0.name == name }) else {
            let hint = NearestName.to(name, among: known.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
            throw .usage("there is no calendar '\(name)' of the kind google\(hint)")
        }
        return found
    }

    private func authorize(
        _ program: GoogleCredentials.Program, _ tokenFile: String, _ client: HTTPClient,
        _ surroundings: Surroundings
    ) async throws {
        let listener: LoopbackListener
        do {
            listener = try await LoopbackListener(port: port)
        } catch {
            throw CommandFailure.unreachable("port \(port) of this machine cannot be listened on: \(error)")
        }
        let authorization = GoogleAuthorization(
            program: program, redirect: listener.address,
            random: (0..<64).map { _ in UInt8.random(in: .min ... .max) })
        let terminal = surroundings.terminal
        terminal.note("Open this address in a browser, and allow what it asks for:\n")
        terminal.print(authorization.url)
        let threads = BlockingThreads(count: 1, queueMax: 8)
        let code: Secret
        do {
            code =
                paste
                ? try await pasted(authorization, threads, terminal)
                : try await fetched(authorization, listener, terminal)
        } catch {
            await listener.close()
            throw error
        }
        await listener.close()
        try await authorization.finish(
            code: code, tokenFile: tokenFile, client: client, threads: threads, now: surroundings.now())
        terminal.note("Thank you. The permission is kept in \(tokenFile).")
    }

    private func pasted(
        _ authorization: GoogleAuthorization, _ threads: BlockingThreads, _ terminal: Terminal
    ) async throws -> Secret {
        terminal.note("\nThen paste the address at which the browser ended:")
        guard let line = try await threads.run({ terminal.readLine() }) else {
            throw CommandFailure.usage("no address was given")
        }
        return try authorization.code(from: line)
    }

    /// Waits for the browser; a visitor who brings nothing of this attempt is not it.
    private func fetched(
        _ authorization: GoogleAuthorization, _ listener: LoopbackListener, _ terminal: Terminal
    ) async throws -> Secret {
        terminal.note("\nWaiting for the browser to come back to \(listener.address)")
        let address = try await withThrowingTaskGroup(of: String?.self) { tasks in
            tasks.addTask { await listener.answer { authorization.isOurs($0) ? $0 : nil } }
            tasks.addTask {
                try await ContinuousClock().sleep(for: Self.patience)
                return nil
            }
            defer { tasks.cancelAll() }
            return try await tasks.next() ?? nil
        }
        guard let address else { throw CommandFailure.refused("nobody came back within ten minutes") }
        return try authorization.code(from: address)
    }
}
