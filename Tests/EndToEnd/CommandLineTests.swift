import Contracts
import Foundation
import Harness
import Testing

/// The program on the command line: beside a running server, and with input that is wrong.
@Suite(.timeLimit(.minutes(3))) struct CommandLineTests {
    @Test func listingsAreTablesForPeopleAndJSONForPrograms() async throws {
        try await withHomeport { server in
            try await server.addAccount("waldi", labels: ["full-access=test", "full-access=socke*"])
            let table = try await server.command("account", "list")
            #expect(table.output.contains("waldi"))
            for listing in [
                ["account", "list"], ["acl", "list"], ["token", "list"], ["repo", "list"], ["key", "list"],
            ] {
                let finished = try await server.run(listing + ["--json"]).succeeded()
                let json = try JSONSerialization.jsonObject(with: Data(finished.output.utf8))
                #expect(json is [[String: Any]], "\(finished)")
            }
            let shown = try await server.command("account", "show", "waldi")
            #expect(shown.output.contains("socke*"), "\(shown)")
            #expect(!shown.text.contains("$2"), "no hash is printed")
        }
    }

    @Test func aQuestionAboutTheRulesIsAnsweredWithTheRuleThatDecided() async throws {
        try await withHomeport { server in
            try await server.addAccount("waldi", labels: ["full-access=test"])
            try await server.addRule(20, "--name", "${labels:full-access}", actions: "*")
            let yes = try await server.command("acl", "explain", "waldi", "repository:test:pull,push")
            #expect(yes.output.contains("20"), "\(yes)")
            let no = try await server.command("acl", "explain", "waldi", "repository:prod:pull")
            #expect(no.output != yes.output)
            let table = "waldi repository:test:pull,push pull,push\nwaldi repository:prod:pull -\n"
            let test = try await server.run(["acl", "test", "-"], input: table)
            #expect(test.status == 0, "\(test)")
            let wrong = try await server.run(
                ["acl", "test", "-"], input: "waldi repository:prod:pull pull\n")
            #expect(wrong.status == 1 && wrong.output.contains("FAIL"), "\(wrong)")
        }
    }

    @Test func repositoriesCanBeLookedAtAndRemoved() async throws {
        try await withHomeport { server in
            let name = try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                try await repository.pushImage("v1")
                return repository.name
            }
            #expect(try await server.command("repo", "list").output.contains(name))
            #expect(try await server.command("repo", "tags", name).output.contains("v1"))
            #expect(try await server.command("repo", "show", name).output.contains("manifests"))
            try await server.command("repo", "remove", "\(name):v1")
            #expect(try await server.admin.get("/v2/\(name)/manifests/v1").status == 404)
            let asked = try await server.run(["repo", "remove", name])
            #expect(asked.status == 2, "without a terminal it wants --yes: \(asked)")
            try await server.command("repo", "remove", "--yes", name)
            #expect(try await server.admin.get("/v2/\(name)/tags/list").status == 404)
        }
    }

    private static let wrongInput: [([String], Int)] = [
        (["acount", "list"], 2), (["account", "add"], 2), (["account", "add", "a:b", "--no-password"], 2),
        (["account", "show", "nobody"], 1), (["account", "disable", "nobody"], 1),
        (["acl", "add", "--name", "x"], 2), (["acl", "add", "--name", "/(/", "--actions", "pull"], 2),
        (["acl", "add", "--ip", "1.2.3.400", "--actions", "pull"], 2),
        (["acl", "add", "--until", "tomorrow", "--actions", "pull"], 2),
        (["acl", "remove", "--yes", "77"], 1), (["acl", "explain", "admin", "nonsense"], 2),
        (["token", "revoke", "admin", "none"], 1),
        (["token", "create", "admin", "x", "--scope", "nonsense"], 2), (["repo", "tags", "no/such"], 1),
        (["repo", "show", "Bad//Name"], 2), (["account", "set", "admin", "--expires", "2027-02-30"], 2),
    ]

    @Test func wrongInputIsExplainedInASentence() async throws {
        try await withHomeport { server in
            for (arguments, status) in Self.wrongInput {
                let finished = try await server.run(arguments)
                #expect(finished.status == status, "\(finished)")
                #expect(finished.output.isEmpty, "\(finished)")
                #expect(!finished.errors.isEmpty && !finished.errors.contains("Error("), "\(finished)")
            }
            #expect(try await server.command("acl", "list", "--json").output.contains("1010") == false)
        }
    }

    @Test func aPasswordIsNeverAnArgument() async throws {
        try await withHomeport { server in
            let finished = try await server.run(["account", "add", "gina", "--password", "secret"])
            #expect(finished.status == 2)
            let nothing = try await server.run(["account", "add", "gina", "--password-stdin"], input: "")
            #expect(nothing.status != 0, "an empty password is none")
            let unasked = try await server.run(["account", "add", "gina"])
            #expect(unasked.status == 2 && unasked.errors.contains("--password-stdin"), "\(unasked)")
        }
    }

    @Test(arguments: [
        ("lisen: 127.0.0.1:5000", ["lisen", "listen", "1"]),
        ("\nregistry:\n  blob_size_max: lots", ["registry.blob_size_max", "3", "64MiB"]),
        ("token: {life: 5s}", ["token.life", "1"]), ("listen: [1, 2", ["yaml:2:"]), ("- a\n- b", ["yaml:1:"]),
    ])
    func aWrongConfigurationIsNamedByKeyAndLine(_ text: String, _ words: [String]) async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/homeport.yaml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        for verb in ["check", "serve"] {
            let finished = try await homeport([verb, "--config", file], data: folder.path + "/data")
            #expect(finished.status == 2, "\(finished)")
            for word in words { #expect(finished.errors.contains(word), "\(finished)") }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"), "nothing was started")
    }

    @Test func twoServersDoNotShareAFolder() async throws {
        try await withHomeport { server in
            let second = try await server.run(["serve", "--listen", "127.0.0.1:0"])
            #expect(second.status == 3, "\(second)")
            #expect(try await server.admin.get("/v2/").status == 200)
        }
    }

    @Test func aPortThatIsTakenIsNamed() async throws {
        try await withHomeport { server in
            let folder = try TemporaryFolder()
            let second = try await homeport(
                ["serve", "--listen", server.address], data: folder.path + "/data")
            #expect(second.status == 3 && second.errors.contains("\(server.port)"), "\(second)")
        }
    }

    @Test func commandsWithoutDataSayWhereTheyLooked() async throws {
        let folder = try TemporaryFolder()
        let finished = try await homeport(["account", "list"], data: folder.path + "/none")
        #expect(finished.status == 3 && finished.errors.contains(folder.path + "/none"), "\(finished)")
    }

    @Test func theFirstStartMakesAnAdministratorAndSaysThePasswordOnce() async throws {
        let folder = try TemporaryFolder()
        let environment = ["HOMEPORT_ADMIN_PASSWORD": ""]
        let log = folder.path + "/log"
        let program = try homeportPath()
        let arguments = ["serve", "--data", folder.path + "/data", "--listen", "127.0.0.1:0"]
        let password = try await withGuardedProcess(
            program, arguments, environment: environment, log: log
        ) { process in
            let words = "password of admin (shown this once): "
            let line = try #require(await process.line(startingWith: words))
            let listening = try #require(await process.line(startingWith: "listening on http://"))
            let caller = RegistryCaller(
                address: String(listening.dropFirst("listening on http://".count)),
                credentials: .basic(name: "admin", password: String(line.dropFirst(words.count))))
            #expect(try await caller.get("/v2/").status == 200)
            return String(line.dropFirst(words.count))
        }
        #expect(password.status == 0)
        #expect(password.value.count >= 16)
        let second = try await withGuardedProcess(program, arguments, environment: environment, log: log) {
            await $0.line(startingWith: "")
        }
        #expect(second.value?.hasPrefix("listening on") == true, "the second start has nothing to say")
    }

    @Test func itTellsHowItFares() async throws {
        try await withHomeport { server in
            for path in ["/healthz", "/readyz"] {
                let answer = try await server.nobody.get(path)
                #expect(answer.status == 200, "\(path): \(answer)")
            }
        }
    }
}
