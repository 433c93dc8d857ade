internal import Access
internal import ServerKit

/// What a server says when it has started.
struct Welcome {
    let terminal: Terminal
    /// Where it really listens.
    let host: String
    let port: Int
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
        terminal.print("listening on http://\(Self.address(host, port))")
        if terminal.isInteractive { terminal.print(hints) }
    }

    /// The exact lines to paste.
    private var hints: String {
        let admin = Self.quoted(loaded.values.accounts.adminName)
        // Everywhere is no place to log in to; this machine is.
        let place = ["0.0.0.0", "::"].contains(host) ? "127.0.0.1" : host
        let address = loaded.values.publicURL?.authority ?? Self.address(place, port)
        let command = Self.quoted(program)
        return """

            To begin, in another terminal:

              log in          docker login --username \(admin) \(address)
              push            docker pull alpine && docker tag alpine \(address)/test && docker push \(address)/test
              add an account  \(command) account add alice\(options)
              add a rule      \(command) acl add --account alice --name test --actions pull\(options)
              ask the rules   \(command) acl explain alice repository:test:pull,push\(options)

            Then alice may pull test, and only \(admin) may push it. Stop with Ctrl-C.

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

    private static func address(_ host: String, _ port: Int) -> String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
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
