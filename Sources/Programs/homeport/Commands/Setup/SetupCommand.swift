internal import Access
internal import ArgumentParser
internal import FoundationEssentials
internal import ServerKit
internal import TLSKit

struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Make a new installation: configuration, keys, the first account and the first rules.",
        discussion: """
            At a terminal it asks what the options do not say; elsewhere, or with --yes, the defaults hold. It looks \
            whether ports, names and folders are as they should be, and says what to do next. Nothing is ever \
            overwritten: a configuration or data that is there stays, and is named.

            Run by root, the data belongs to the user `homeport` if there is one, or to whom --user names. The \
            administrator's password is printed once, or taken from standard input or HOMEPORT_ADMIN_PASSWORD.
            """)

    /// What a person may have said already.
    enum Option: Hashable { case host, tls, email, data, access, keys, admin, mongodb, bucket, signIn }

    @ArgumentParser.Option(
        help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
    var config: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("The folder of the data.", valueName: "folder"), completion: .directory)
    var data: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("A name under which clients come; may be said several times.", valueName: "name"))
    var host: [String] = []

    @ArgumentParser.Option(
        help: ArgumentHelp("Who keeps the certificates: acme, files, proxy or none.", valueName: "how"))
    var tls: SetupPlan.Certificates?

    @ArgumentParser.Option(help: ArgumentHelp("Where the authority may write to.", valueName: "address"))
    var email: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("With --tls files: the certificate.", valueName: "file"), completion: .file())
    var certificateFile: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("With --tls files: its key.", valueName: "file"), completion: .file())
    var keyFile: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("With --tls acme: another authority than Let's Encrypt.", valueName: "url"))
    var acmeDirectory: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("Certificates to believe that authority by.", valueName: "file"),
        completion: .file())
    var acmeAuthorityFile: String?

    @ArgumentParser.Option(
        help: ArgumentHelp("Who may do what at first: own, open or closed.", valueName: "who"))
    var access: SetupPlan.Access?

    @ArgumentParser.Option(
        help: ArgumentHelp("What signs tokens: p256, or rsa4096 as of old.", valueName: "kind"))
    var keys: SetupPlan.Keys?

    @ArgumentParser.Option(help: ArgumentHelp("The administrator's account.", valueName: "name"))
    var admin: String?

    @OptionGroup(title: "People") var people: SetupPeopleOptions
    @OptionGroup(title: "Images") var images: SetupBucketOptions

    @ArgumentParser.Option(
        help: ArgumentHelp("Where to listen without TLS.", valueName: "address:port"))
    var listen: String?

    @ArgumentParser.Option(help: ArgumentHelp("The port of TLS.", valueName: "port"))
    var httpsPort = 443

    @ArgumentParser.Option(
        help: ArgumentHelp("The port that sends to TLS and shows challenges.", valueName: "port"))
    var httpPort = 80

    @ArgumentParser.Option(
        help: ArgumentHelp("Whose the data is to be, when root runs this.", valueName: "name"))
    var user: String?

    @Flag(help: "Read the administrator's password from standard input.")
    var passwordStdin = false

    @Flag(name: .shortAndLong, help: "Do not ask: what is not said is the default.")
    var yes = false

    func run() async throws {
        let surroundings = Surroundings.current
        let terminal = surroundings.terminal
        let owner = try ServiceUser.find(named: user)
        let file = DataFolder(config ?? (owner == nil ? "homeport.yaml" : "/etc/homeport/homeport.yaml")).path
        var plan = try plan(isService: owner != nil)
        let installation = Installation(
            file: file, owner: owner, program: CommandLine.arguments.first ?? "homeport")
        try installation.requireFreeFile()
        if terminal.canAsk, !yes, !passwordStdin {
            try SetupQuestions(terminal: terminal).complete(&plan, given: given)
        }
        if let problem = plan.contradiction { throw CommandFailure.usage(problem) }
        try installation.requireFreeData(plan)
        let password = try password(surroundings)

        let findings = await SetupChecks(plan: plan, owner: owner).run()
        terminal.print(Finding.text(findings))
        if terminal.canAsk, !yes, !passwordStdin {
            guard terminal.confirm("\nWrite \(file) and make the data in \(DataFolder(plan.data).path)?")
            else {
                throw CommandFailure.refused("nothing was changed")
            }
        }
        let made = try await surroundings.asOperator {
            try await installation.make(plan, password: password, surroundings)
        }
        terminal.print("\nwrote \(file)")
        if let made {
            terminal.print("made account \(printable(made.admin.text)), who may do everything")
        } else {
            terminal.print("There are accounts in the MongoDB already; they stay as they are.")
        }
        if let made, let password = made.password {
            terminal.print(
                "password of \(printable(made.admin.text)) (shown this once): \(password.revealed)")
        }
        terminal.print("\n" + installation.nextSteps(plan, findings))
    }

    private var given: Set<Option> {
        let said: [(Option, Bool)] = [
            (.host, !host.isEmpty), (.tls, tls != nil), (.email, email != nil), (.data, data != nil),
            (.access, access != nil), (.keys, keys != nil), (.admin, admin != nil),
            (.mongodb, !people.mongodb.isEmpty),
            (.bucket, images.s3Bucket != nil), (.signIn, people.signIn != nil),
        ]
        return Set(said.filter(\.1).map(\.0))
    }

    private func plan(isService: Bool) throws -> SetupPlan {
        var plan = SetupPlan()
        plan.hosts = try host.map { text in
            guard let name = HostName(text) else {
                throw CommandFailure.usage(
                    "--host: `\(printable(text))` is no name of a host such as registry.example.com")
            }
            return name
        }
        guard Set(plan.hosts).count == plan.hosts.count else {
            throw CommandFailure.usage("--host names a host twice")
        }
        if let listen {
            guard let address = ListenAddress(listen) else {
                throw CommandFailure.usage(
                    "--listen: `\(printable(listen))` is no address such as 127.0.0.1:5000")
            }
            plan.listen = address
        }
        plan.certificates = tls ?? (plan.hosts.isEmpty ? .none : .acme)
        plan.email = email
        plan.data = data ?? (isService ? "/var/lib/homeport" : plan.data)
        plan.certificateFile = certificateFile.map { DataFolder($0).path }
        plan.keyFile = keyFile.map { DataFolder($0).path }
        plan.directory = acmeDirectory
        plan.authorityFile = acmeAuthorityFile.map { DataFolder($0).path }
        plan.access = access ?? plan.access
        plan.keys = keys ?? plan.keys
        plan.admin = admin ?? plan.admin
        plan.people = people.people
        plan.bucket = images.bucket
        plan.securePort = httpsPort
        plan.plainPort = httpPort
        plan.hasIPv6 = Ports.tryListening(ListenAddress(host: "::", port: 0)) == 0
        return plan
    }

    private func password(_ surroundings: Surroundings) throws -> Secret? {
        if passwordStdin {
            guard let line = surroundings.terminal.readLine(), !line.isEmpty else {
                throw CommandFailure.usage("nothing came from standard input")
            }
            return Secret(line)
        }
        return surroundings.environment["HOMEPORT_ADMIN_PASSWORD"].flatMap { $0.isEmpty ? nil : Secret($0) }
    }
}

extension SetupPlan.Certificates: ExpressibleByArgument {}
extension SetupPlan.Access: ExpressibleByArgument {}
extension SetupPlan.Keys: ExpressibleByArgument {}
