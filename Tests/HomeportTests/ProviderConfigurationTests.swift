import Contracts
import Foundation
import Testing

@testable import homeport

/// What is wrong with providers, said with its line.
@Suite struct ProviderConfigurationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try "s\n".write(toFile: folder.path + "/secret", atomically: true, encoding: .utf8)
    }

    /// The message; nil where nothing is wrong.
    private func problem(_ lines: String, publicURL: String = "https://a.example") throws -> String? {
        let file = folder.path + "/homeport.yaml"
        let text =
            "public_url: \(publicURL)\naccounts:\n  providers:\n    - name: p\n      client_id: c\n"
            + "      client_secret_file: secret\n"
            + lines.split(separator: "\n").map { "      \($0)\n" }.joined()
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        do {
            _ = try LoadedConfiguration.load(file: file, environment: [:])
            return nil
        } catch let error as ConfigurationError {
            return error.description.replacingOccurrences(of: file + ":", with: "")
        }
    }

    @Test(arguments: [
        ("kind: oidc\nissuer: https://i.example/realms/x"), ("kind: google\ndomains: [a.example]"),
        ("kind: google\nanybody: true"), ("kind: github\norganization: octo\nteams: [core]"),
        ("kind: github\nurl: https://ghe.example"), ("kind: gitlab\ngroups: [a/b]"),
        ("kind: gitlab\nurl: https://gitlab.example"), ("kind: oidc\nissuer: http://127.0.0.1:80/o"),
    ])
    func whatIsRightIsTaken(_ lines: String) throws {
        #expect(try problem(lines) == nil)
    }

    @Test(arguments: [
        ("kind: oidc", "accounts.providers[0].issuer: is missing"),
        ("kind: oidc\nissuer: http://i.example", "would have secrets sent in clear; write `https://`"),
        ("kind: oidc\nissuer: i.example", "accounts.providers[0].issuer: `i.example` cannot be taken"),
        ("kind: oidc\nissuer: https://accounts.google.com", "everybody in the world"),
        ("kind: google", "name the `domains`, or write `anybody: true`"),
        ("kind: github", "name the `organization`, or write `anybody: true`"),
        ("kind: github\nurl: https://github.com/", "name the `organization`"),
        ("kind: github\nurl: https://ghe.example\nteams: [a]", "name it in `organization`"),
        ("kind: gitlab", "name the `groups`, or write `anybody: true`"),
        ("kind: gitlab\nurl: https://g.example\ndomains: [a]", "9: accounts.providers[0].domains"),
        ("kind: github\norganization: o\nissuer: https://i.example", "is for a provider with `kind: oidc`"),
        ("kind: gihub", "did you mean `github`?"), ("kind: oidc\nisuer: x", "did you mean"),
        ("kind: oidc\nissuer: https://i.example\naccount_prefix: a/b", "[0].account_prefix"),
        ("kind: oidc\nissuer: https://i.example\nca_file: /nowhere.pem", "`/nowhere.pem` is not there"),
        ("kind: oidc\nissuer: https://i.example\nrecheck_time: 0s", "out of bounds"),
        ("issuer: https://i.example", "accounts.providers[0].kind"),
    ])
    func whatIsWrongIsSaid(_ lines: String, _ words: String) throws {
        let message = try #require(try problem(lines))
        #expect(message.contains(words), "\(message)")
    }

    @Test func browsersHaveToComeBackSafely() throws {
        let lines = "kind: gitlab\nurl: https://g.example"
        #expect(try problem(lines, publicURL: "http://a.example")?.contains("which needs `https://`") == true)
        #expect(try problem(lines, publicURL: "''")?.contains("public_url") == true)
        #expect(try problem(lines, publicURL: "http://127.0.0.1:5000") == nil)
    }
}
