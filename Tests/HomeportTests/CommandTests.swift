import Contracts
import Foundation
import Harness
import Testing

/// The commands beside a running server, and what scripts read from them.
@Suite(.timeLimit(.minutes(5))) struct CommandTests {
    @Test func aChangeToAnAccountCountsOnTheNextRequest() async throws {
        try await withHomeport { homeport in
            let alice = try await homeport.addAccount("alice")
            #expect(try await alice.get("/v2/").status == 200)
            try await homeport.command("account", "disable", "alice")
            #expect(try await alice.get("/v2/").status == 401)
            try await homeport.command("account", "enable", "alice")
            #expect(try await alice.get("/v2/").status == 200)
            try await homeport.run(["account", "passwd", "alice", "--password-stdin"], input: "other\n")
                .succeeded()
            #expect(try await alice.get("/v2/").status == 401)
            #expect(try await homeport.caller("alice", "other").get("/v2/").status == 200)
            try await homeport.command("account", "set", "alice", "--expires", "2020-01-01")
            #expect(try await homeport.caller("alice", "other").get("/v2/").status == 401)
            try await homeport.command("account", "remove", "alice", "--yes")
            #expect(try await homeport.run(["account", "show", "alice"]).status == 1)
        }
    }

    @Test func accountsAreListedAsTheyAre() async throws {
        try await withHomeport { homeport in
            try await homeport.run(
                [
                    "account", "add", "busy-guy", "--password-stdin", "--label", "group=web", "--label",
                    "group=db",
                    "--literal-label", "raw=a*", "--expires", "2031-01-31",
                ], input: "secret\n"
            ).succeeded()
            try await homeport.command("account", "add", "--anonymous")
            let listed = try JSONSerialization.jsonObject(
                with: Data(try await homeport.command("account", "list", "--json").output.utf8))
            let accounts = try #require(listed as? [[String: Any]])
            #expect(accounts.map { $0["name"] as? String } == ["", "admin", "busy-guy"])
            #expect(accounts[2]["labels"] as? [String: [String]] == ["group": ["web", "db"]])
            #expect(accounts[2]["literal"] as? [String: [String]] == ["raw": ["a*"]])
            #expect(accounts[2]["expires"] as? String == "2031-01-31T00:00:00Z")
            #expect(accounts[2]["state"] as? String == "active")
            let table = try await homeport.command("account", "list").output
            #expect(table.contains("(anonymous)") && table.contains("group=web|db, raw=a*"), "\(table)")
        }
    }

    @Test func whatCannotBeDoneSaysWhyAndWithWhichCode() async throws {
        try await withHomeport { homeport in
            func fails(_ status: Int, _ words: String, _ arguments: String..., input: String = "")
                async throws
            {
                let ended = try await homeport.run(arguments, input: input)
                #expect(ended.status == status, "\(ended)")
                #expect(ended.errors.contains(words), "\(ended)")
            }
            try await fails(
                1, "there is an account", "account", "add", "admin", "--password-stdin", input: "x\n")
            try await fails(1, "there is no account", "account", "disable", "nobody")
            try await fails(2, "nothing came", "account", "add", "b", "--hash-stdin", input: "\n")
            try await fails(2, "not a password hash", "account", "add", "b", "--hash-stdin", input: "plain\n")
            try await fails(2, "use --password-stdin", "account", "add", "bob")
            try await fails(2, "no colon", "account", "add", "a:b", "--no-password")
            try await fails(2, "is no time", "account", "set", "admin", "--expires", "2027-02-30")
            try await fails(2, "Say so with --yes", "account", "remove", "admin")
            try await fails(2, "Unknown option", "account", "list", "--jsn")
            try await fails(1, "there is a rule 1 already", "acl", "add", "--seq", "1", "--actions", "pull")
            try await fails(2, "name", "acl", "add", "--name", "a[", "--actions", "pull")
            try await fails(2, "--deny", "acl", "add", "--name", "a")
            try await fails(1, "there is no rule 77", "acl", "remove", "77", "--yes")
            try await fails(1, "there is no repository", "repo", "tags", "nothing/here")
            try await fails(2, "is lowercase letters", "repo", "show", "UPPER")
            try await fails(1, "no token", "token", "revoke", "admin", "nothing")
        }
        let nowhere = try TemporaryFolder()
        let ended = try await homeport(["account", "list"], data: nowhere.path + "/none")
        #expect(ended.status == 3)
        #expect(ended.errors.contains("there is no data in \(nowhere.path)/none"), "\(ended)")
        #expect(!FileManager.default.fileExists(atPath: nowhere.path + "/none"))
    }

    @Test func passwordsAreNeverArguments() async throws {
        try await withHomeport { homeport in
            let ended = try await homeport.run(["account", "add", "bob", "--password", "secret"])
            #expect(ended.status == 2)
            #expect(!ended.text.contains("secret"))
        }
    }

    @Test func hashesMadeElsewhereAreTaken() async throws {
        try await withHomeport { homeport in
            var htpasswd = Command("htpasswd", ["-nbB", "carol", "from htpasswd"])
            htpasswd.input = ""
            let made = try await htpasswd.run().succeeded().output
            let hash = made.split(whereSeparator: \.isNewline)[0].split(separator: ":")[1]
            try await homeport.run(["account", "add", "carol", "--hash-stdin"], input: "\(hash)\n")
                .succeeded()
            #expect(try await homeport.caller("carol", "from htpasswd").get("/v2/").status == 200)
        }
    }

    @Test func tokensAreShownOnceAndStandForTheirAccount() async throws {
        try await withHomeport { homeport in
            let text = try await homeport.makeToken("admin", "ci", scopes: ["repository:prod/*:pull"])
            #expect(try await homeport.caller("admin", text).get("/v2/").status == 200)
            let listed = try await homeport.command("token", "list", "admin", "--json").output
            #expect(listed.contains("\"repository:prod/*:pull\"") && !listed.contains(text))
            try await homeport.command("token", "revoke", "admin", "ci")
            #expect(try await homeport.caller("admin", text).get("/v2/").status == 401)
        }
    }

    @Test func keysAreRotatedAndExported() async throws {
        try await withHomeport { homeport in
            let before = try await homeport.command("key", "export").output
            #expect(before.hasPrefix("-----BEGIN CERTIFICATE-----"))
            let id = try await homeport.command("key", "rotate", "--algorithm", "ed25519").output
            let listed = try await homeport.command("key", "list").output.split(separator: "\n")
            #expect(listed.count == 3)
            #expect(listed[1].contains(id.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(listed[1].contains("ed25519") && listed[1].hasSuffix("signs"))
            #expect(try await homeport.command("key", "export", "--jwks").output.contains("\"OKP\""))
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreWrittenByTheProgram(_ shell: String)
        async throws
    {
        let script = try await homeport(["--generate-completion-script", shell])
        #expect(script.status == 0)
        #expect(script.output.contains("passwd"), "\(script)")
    }
}
