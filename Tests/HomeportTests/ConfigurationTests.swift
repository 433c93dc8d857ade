import Foundation
import Logging
import ServerKit
import Testing

@testable import homeport

/// Reading a configuration, and saying what is wrong with one.
@Suite struct ConfigurationTests {
    @Test func withoutAnythingTheRegistryIsForThisMachineAlone() throws {
        let values = try LoadedConfiguration.load(file: nil, environment: [:]).values
        #expect(values.listen.description == "127.0.0.1:5000")
        #expect(values.data == "./data")
        #expect(values.proxies.trusted.isEmpty)
    }

    @Test func theFileTheEnvironmentAndTheOptionsLieOverEachOther() throws {
        let file = try TextFile(
            "listen: 127.0.0.1:1\ntoken:\n  life: 10m\n  issuer: here\nlog: {level: debug}\n")
        let loaded = try LoadedConfiguration.load(
            file: file.path,
            environment: ["HOMEPORT_TOKEN_LIFE": "20m", "HOMEPORT_LISTEN": "127.0.0.1:2", "PATH": "/bin"],
            options: [(path: "listen", option: "--listen", text: "127.0.0.1:3")])
        #expect(loaded.values.listen.port == 3)
        #expect(loaded.values.token.life == .seconds(1200))
        #expect(loaded.values.token.issuer == "here")
        #expect(loaded.values.log.level == .debug)
        #expect(loaded.origin(of: "listen") == .option("--listen"))
        #expect(loaded.origin(of: "token.life") == .environment("HOMEPORT_TOKEN_LIFE"))
        #expect(loaded.origin(of: "token.issuer") == .file(line: 4))
        #expect(loaded.origin(of: "token.service") == .builtIn)
    }

    @Test(arguments: [
        ("registri:\n  delete: true\n", "1: registri: unknown key; did you mean `registry`?"),
        ("token:\n  lief: 15m\n", "2: token.lief: unknown key; did you mean `token.life`?"),
        (
            "blob_size_max: 1MiB\n",
            "1: blob_size_max: unknown key; did you mean `registry.blob_size_max`?"
        ),
        (
            "\ntoken:\n  life: 900\n",
            "3: token.life: `900` has no unit; write `900s` for seconds, or use m, h, d"
        ),
        ("token: {life: 5s}\n", "1: token.life: `5s` is out of bounds; expected 1m to 1d"),
        (
            "token: {x5c: yes}\n",
            "1: token.x5c: `yes` cannot be taken; expected `true` or `false`"
        ),
        ("log: {level: wraning}\n", "1: log.level: `wraning` is not known; did you mean `warning`?"),
        ("listen:\n  - a:1\n", "2: listen: holds a list; expected an address and a port"),
        ("listen:\n", "1: listen: has no value; expected an address and a port"),
        ("token: [a]\n", "1: token: holds a list; expected keys such as `issuer`"),
        ("listen: 5000\n", "1: listen: `5000` has no address; write `127.0.0.1:5000`"),
        ("proxies:\n  trusted: [10.0.0.0/8, banana]\n", "2: proxies.trusted: `banana` cannot be taken"),
        ("token:\n\tlife: 3\n", "2: is not YAML: "),
        ("data: a\ndata: b\n", "1: the mapping that begins here has data twice"),
        (
            "public_url: https://a.example/registry\n",
            "1: public_url: `https://a.example/registry` cannot be taken"
        ),
        ("accounts: {admin_name: 'a:b'}\n", "1: accounts.admin_name: an account name holds no colon"),
        (
            "mongodb:\n  hosts: ['mongodb://db:27017']\n",
            "2: mongodb.hosts: is an address with everything in it; name the servers alone"
        ),
        (
            "mongodb:\n  hosts: ['db:x']\n",
            "2: mongodb.hosts: `db:x` cannot be taken; expected a server such as"
        ),
        ("mongodb: {database: 'a.b'}\n", "1: mongodb.database: `a.b` cannot be taken"),
        ("mongodb:\n  replica_set: rs0\n", "1: mongodb.hosts: is missing; name the servers"),
        (
            "mongodb:\n  hosts: [db]\n  username: u\n",
            "3: mongodb.username: has no password; name the file that holds it in `mongodb.password_file`"
        ),
        (
            "mongodb:\n  hosts: [db]\n  mechanism: SCRAM-SHA-1\n",
            "3: mongodb.mechanism: there is no `mongodb.username` to it"
        ),
        (
            "mongodb:\n  hosts: [db]\n  mechanism: scram\n",
            "3: mongodb.mechanism: `scram` cannot be taken; expected one of `SCRAM-SHA-256`"
        ),
        (
            "mongodb:\n  hosts: [db]\n  tls: true\n  ca_file: /nowhere.pem\n",
            "4: mongodb.ca_file: the file `/nowhere.pem` is not there, or cannot be read"
        ),
        (
            "mongodb:\n  hosts: [db]\n  ca_file: /nowhere.pem\n",
            "3: mongodb.ca_file: is for TLS, which is not spoken; set `mongodb.tls: true`"
        ),
        ("mongodb:\n  hosts: [db]\n  cache_ttl: 0s\n", "3: mongodb.cache_ttl: `0s` is out of bounds"),
        (
            "mongodb:\n  hosts: [db]\n  collections: {users: acl}\n",
            "3: mongodb.collections.users: two collections have the same name; each needs its own"
        ),
        ("limits:\n  connections_max: 5\n", "2: limits.connections_max: 5 is less than"),
    ])
    func whatIsWrongIsSaidWithItsLine(_ yaml: String, _ message: String) throws {
        let file = try TextFile(yaml)
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: file.path, environment: [:])
        }
        let text = error?.description ?? ""
        #expect(text.contains("\(file.path):\(message)"), "\(text)")
        #expect(!text.contains("\n"), "one mistake, one line: \(text)")
    }

    @Test func everythingThatIsWrongIsSaidAtOnce() throws {
        let file = try TextFile("listen: x\ntoken: {life: x}\nbogus: 1\n")
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: file.path, environment: ["HOMEPORT_LOG_LEVEL": "loud"])
        }
        #expect(error?.problems.count == 4)
    }

    @Test func anUnknownVariableIsAnErrorUnlessKubernetesMadeIt() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: nil, environment: ["HOMEPORT_TOKEN_LIVE": "15m"])
        }
        #expect(
            error?.description
                == "HOMEPORT_TOKEN_LIVE: no setting has this name; did you mean HOMEPORT_TOKEN_LIFE?")
        let service = [
            "HOMEPORT_PORT": "tcp://x", "HOMEPORT_PORT_5000_TCP_ADDR": "x", "HOMEPORT_SERVICE_HOST": "x",
        ]
        _ = try LoadedConfiguration.load(file: nil, environment: service)
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: "/nowhere/homeport.yaml", environment: [:])
        }
        #expect(error?.description == "/nowhere/homeport.yaml: there is no such file")
    }

    @Test func anEmptyFileSaysNothing() throws {
        for text in ["", "# only this\n", "token:\n", "---\n"] {
            let file = try TextFile(text)
            #expect(throws: Never.self) { try LoadedConfiguration.load(file: file.path, environment: [:]) }
        }
    }

    @Test func foldersInTheFileAreBesideTheFile() throws {
        let file = try TextFile("data: store\n")
        let beside = try LoadedConfiguration.load(file: file.path, environment: [:])
        #expect(beside.values.data == file.folder + "/store")
        let here = try LoadedConfiguration.load(file: file.path, environment: ["HOMEPORT_DATA": "store"])
        #expect(here.values.data == "store")
    }

    @Test func secretsAreReadFromTheirFileAndNeverShown() throws {
        let secret = try TextFile("hunter2\n")
        let file = try TextFile("accounts: {admin_password_file: \(secret.path)}\n")
        let loaded = try LoadedConfiguration.load(file: file.path, environment: [:])
        #expect(loaded.values.accounts.adminPassword?.revealed == "hunter2")
        for leaf in Configuration.leaves() { #expect(!leaf.show(loaded.values).contains("hunter2")) }
        let missing = try TextFile("accounts: {admin_password_file: gone}\n")
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: missing.path, environment: [:])
        }
        #expect(error?.description.contains("the file `\(missing.folder)/gone` cannot be read") == true)
    }

    @Test func noTwoKeysShareAVariable() {
        let names = Configuration.leaves().map { EnvironmentNames.name(of: $0.path) }
        #expect(Set(names).count == names.count)
        #expect(EnvironmentNames.others.isDisjoint(with: names))
    }

    @Test func everyValueIsShownAsItCanBeWritten() throws {
        let defaults = Configuration()
        for leaf in Configuration.leaves() {
            let shown = leaf.show(defaults)
            guard let assign = leaf.assign, !shown.isEmpty else { continue }
            var copy = defaults
            let isList = shown.hasPrefix("[") && shown.hasSuffix("]")
            let raw = RawValue.text(isList ? String(shown.dropFirst().dropLast()) : shown)
            #expect(assign(&copy, raw, Place(folder: "")) == nil, "\(leaf.path): \(shown)")
            #expect(leaf.show(copy) == shown)
        }
    }
}

/// A file with a text, in a folder of its own that goes with it.
final class TextFile {
    let folder: String
    var path: String { folder + "/file" }

    init(_ text: String) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "homeport-test-\(UUID())").path(
            percentEncoded: false)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
