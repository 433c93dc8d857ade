internal import Accounts
internal import ArgumentParser
internal import FoundationEssentials

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Look after the keys that sign tokens.",
        subcommands: [KeyList.self, KeyRotate.self, KeyExport.self, KeyRemove.self])
}

struct KeyList: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the signing keys, newest first.")

    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let views = try await stores.accounts.keys.list().map(KeyView.init)
        try listing.print(views, to: terminal) {
            var table = Table("ID", "ALGORITHM", "CREATED", "ACCEPTED UNTIL")
            for view in views {
                table.add([
                    view.id, view.algorithm, DateText.show(view.created),
                    view.accepted.map { DateText.show($0) } ?? "signs",
                ])
            }
            return table
        }
    }
}

struct KeyRotate: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Sign with a new key from now on.",
        discussion: """
            Tokens signed with the one before are accepted until they end. Registries that are not Homeport's own \
            need the new certificate at once: see `homeport key export`.
            """)

    @Option(help: ArgumentHelp("The kind of key; without it the configuration's.", valueName: "algorithm"))
    var algorithm: SigningAlgorithm?
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let kind = algorithm ?? stores.values.token.algorithm
        let key = try await Progress(terminal: terminal).during("Making a new \(kind.rawValue) key") {
            try await stores.accounts.keys.rotate(to: kind)
        }
        terminal.note("Tokens are signed with a new \(kind.rawValue) key from now on.")
        terminal.print(key.id)
    }
}

struct KeyExport: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the certificates that registries are to trust, in PEM.",
        discussion: "With --jwks: the public keys as a JSON Web Key Set, which registries from 3.0 on take.")

    @Flag(help: "Print a JSON Web Key Set.")
    var jwks = false
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        let keys = stores.accounts.keys
        terminal.print(jwks ? try await keys.publicKeySet() : try await keys.certificateBundle())
    }
}

struct KeyRemove: StoreCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stop accepting an old key before its time, as after a leak.")

    @Argument(help: "The key's ID, as `homeport key list` shows it.")
    var id: String
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var settings: SettingsOptions

    func run(on stores: Stores, _ terminal: Terminal) async throws {
        try confirmation.confirm("Refuse all tokens that key \(printable(id)) signed?", terminal)
        try await stores.accounts.keys.remove(id)
        terminal.note("Removed key \(printable(id)).")
    }
}

extension SigningAlgorithm: ExpressibleByArgument {}

/// A key as it is listed.
struct KeyView: Encodable {
    let id: String
    let libtrust: String
    let algorithm: String
    let created: Date
    /// Absent for the key that signs.
    let accepted: Date?

    init(_ key: ListedKey) {
        id = key.id
        libtrust = key.libtrustID
        algorithm = key.algorithm.rawValue
        created = key.createdAt
        accepted = key.acceptedUntil
    }
}
