import Contracts
import Foundation
import Testing

@testable import homeport

/// What is wrong with servers that are to be asked, said with its key.
@Suite struct SourceConfigurationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try "s3cret\n".write(toFile: folder.path + "/secret", atomically: true, encoding: .utf8)
        try "two words\n".write(toFile: folder.path + "/words", atomically: true, encoding: .utf8)
        try TestAuthority().issueClient(["me"]).write(to: folder.path, as: "own")
        try TestAuthority().issueClient(["me"]).write(to: folder.path, as: "other")
    }

    /// The message; nil where nothing is wrong.
    private func problem(_ lines: String) throws -> String? {
        let file = folder.path + "/homeport.yaml"
        let text =
            "accounts:\n  sources:\n    - name: who\n"
            + lines.split(separator: "\n").map { "      \($0)\n" }.joined()
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        do {
            _ = try LoadedConfiguration.load(file: file, environment: [:])
            return nil
        } catch let error as ConfigurationError {
            return error.description
        }
    }

    @Test(arguments: [
        "url: https://who.example/a?b=c, secret_file: secret",
        "url: https://who.example, certificate_file: own.pem, key_file: own.key",
        "url: https://who.example, certificate_file: own.pem, key_file: own.key, authority_file: own.pem",
        "url: http://127.0.0.1:80/a, secret_file: secret", "url: http://localhost, secret_file: secret",
        "url: http://who/a, socket: /run/who.sock",
    ])
    func whatIsRightIsTaken(_ fields: String) throws {
        #expect(try problem("kind: http\nhttp: {\(fields)}") == nil)
    }

    @Test(arguments: [
        ("kind: http", "http.url: is missing"),
        ("kind: ldap\nhttp: {url: https://a.example}", "only a source with `kind: http` asks a server"),
        ("kind: http\nhttp: {url: http://who.example/a, secret_file: secret}", "in clear; write `https://`"),
        (
            "kind: http\nhttp: {url: http://127.0.0.1@who.example/a, secret_file: secret}",
            "`http://127.0.0.1@who.example/a` cannot be taken"
        ),
        ("kind: http\nhttp: {url: http://127.0.0.1.example, secret_file: secret}", "in clear"),
        ("kind: http\nhttp: {url: ftp://who.example, secret_file: secret}", "cannot be taken"),
        ("kind: http\nhttp: {url: \"https://a.example/#b\", secret_file: secret}", "cannot be taken"),
        ("kind: http\nhttp: {url: https://who.example}", "http.secret_file: is missing"),
        ("kind: http\nhttp: {url: https://who.example, secret_file: words}", "visible ASCII characters"),
        ("kind: http\nhttp: {url: https://who.example, secret_file: none}", "cannot be read"),
        ("kind: http\nhttp: {url: https://who, socket: /run/who}", "on a unix socket it is `http://`"),
        ("kind: http\nhttp: {url: https://who.example, certificate_file: own.pem}", "belong together"),
        (
            "kind: http\nhttp: {url: https://who.example, certificate_file: own.pem, key_file: other.key}",
            "http.key_file: "
        ),
        (
            "kind: http\nhttp: {url: https://who.example, secret_file: secret, authority_file: secret}",
            "secret holds no certificate of an authority"
        ),
        (
            "kind: http\nhttp: {url: http://localhost, secret_file: secret, authority_file: own.pem}",
            "http.authority_file: is for an address with `https://`"
        ),
    ])
    func whatIsWrongIsSaid(_ lines: String, _ words: String) throws {
        let said = try #require(try problem(lines), "nothing is wrong")
        #expect(said.contains(words), "\(said)")
        #expect(said.contains("accounts.sources[0]."), "\(said)")
    }

    @Test(arguments: [
        ("kind: http, http: {url: http://localhost, secret_file: secret}", nil),
        ("kind: program, program: {command: sh, format: json}, cache_time: 0s", nil),
        ("kind: program", "accounts.authorizers[0].program.command: is missing"),
        ("kind: program, program: {command: no-such-program}", "there is no program `no-such-program`"),
        ("kind: http", "accounts.authorizers[0].http.url: is missing"),
        ("kind: http, http: {url: http://a.example, secret_file: secret}", "in clear; write `https://`"),
        ("kind: http, program: {command: sh}", "only an authorizer with `kind: program` asks one"),
        ("kind: ldap", "accounts.authorizers[0].kind: "),
    ])
    func authorizersAreLookedAtToo(_ fields: String, _ words: String?) throws {
        let file = folder.path + "/homeport.yaml"
        try "accounts:\n  authorizers: [{name: a, \(fields)}]\n".write(
            toFile: file, atomically: true, encoding: .utf8)
        do {
            _ = try LoadedConfiguration.load(file: file, environment: [:])
            #expect(words == nil, "it is taken")
        } catch let error as ConfigurationError {
            #expect(words.map { error.description.contains($0) } == true, "\(error)")
        }
    }
}
