import Foundation
import Harness
import Testing

/// The command line beside a running server, over whole ways of use and with input that is wrong.
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
}
