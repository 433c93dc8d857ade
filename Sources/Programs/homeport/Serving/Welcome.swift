internal import Access
internal import ServerKit

/// What a server says when it has started.
struct Welcome {
    let terminal: Terminal
    /// Where it really listens, in the order of `listenPlaces`; the plain listener is the last.
    let places: [ListeningPlace]
    let loaded: LoadedConfiguration
    /// How the program was called: `bin/homeport`.
    var program = CommandLine.arguments.first ?? "homeport"

    func say(_ made: FirstStart.Made?) {
        if let made {
            let name = printable(made.admin.text)
            terminal.print("made account \(name), who may do everything")
            if let password = made.password {
                terminal.print("password of \(name) (shown this once): \(password.revealed)")
            }
        }
        let secure = loaded.values.tls.listen.count
        for (index, place) in places.enumerated() {
            switch index {
            case ..<secure: terminal.print("listening on \(Self.text(place, "https"))")
            case places.count - 1: terminal.print("listening on \(Self.text(place, "http"))")
            default: terminal.print("sending from \(Self.text(place, "http")) to https")
            }
        }
        if !loaded.servesRegistry { terminal.note(ServedText(loaded).sentence) }
        for note in ServedText(loaded).notes { terminal.note(note) }
        guard terminal.isInteractive else { return }
        if loaded.servesRegistry { terminal.print(registryHints) }
        if loaded.servesWeather { terminal.print(weatherHints) }
        terminal.print("Stop with Ctrl-C.\n")
    }

    /// Where the weather is to be seen.
    private var weatherHints: String {
        let base = loaded.values.calendarURL ?? "http://\(here)"
        let places = loaded.values.weather.places.prefix(3).map { place in
            place.isPrivate
                ? "  \(place.name) is private: \(Self.quoted(program)) token create ACCOUNT NAME --calendar all\(options)"
                : "  \(base)/weather/\(place.name)"
        }
        return "\nThe weather, with calendars to subscribe to:\n\n" + places.joined(separator: "\n") + "\n"
    }

    /// `http://127.0.0.1:5000`, or `unix:/run/homeport/socket`, which has no scheme.
    private static func text(_ place: ListeningPlace, _ scheme: String) -> String {
        place.address.map { "\(scheme)://\($0)" } ?? place.description
    }

    /// Everywhere is no place to go to; this machine is.
    private var here: ListenAddress {
        let plain = places.last?.address ?? .standard
        return ["0.0.0.0", "::"].contains(plain.host)
            ? ListenAddress(host: "127.0.0.1", port: plain.port) : plain
    }

    /// The exact lines to paste.
    private var registryHints: String {
        let admin = Self.quoted(loaded.values.accounts.adminName)
        let address = loaded.values.publicURL?.authority ?? here.description
        let command = Self.quoted(program)
        return """

            To begin, in another terminal:

              log in          docker login --username \(admin) \(address)
              push            docker pull alpine && docker tag alpine \(address)/test && docker push \(address)/test
              add an account  \(command) account add alice\(options)
              add a rule      \(command) acl add --account alice --name test --actions pull\(options)
              ask the rules   \(command) acl explain alice repository:test:pull,push\(options)

            Then alice may pull test, and only \(admin) may push it.

            """
    }

    /// The options with which commands find the same data.
    private var options: String {
        var options = loaded.file.map { " --config \(Self.quoted($0))" } ?? ""
        switch loaded.origin(of: "data") {
        case .option, .environment: options += " --data \(Self.quoted(loaded.values.data))"
        case .builtIn, .file: break
        }
        return options
    }

    /// A word as a shell takes it.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "./_-+@,:".utf8.contains(byte)
            }
        }
        return isPlain && !word.isEmpty
            ? word
            : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
                + "'"
    }
}
