import Contracts
import Foundation
import Harness
import Testing

/// Rules on the command line: added, moved, asked and checked.
@Suite(.timeLimit(.minutes(5))) struct RuleCommandTests {
    @Test func theWorkedExampleIsExplained() async throws {
        try await withHomeport { homeport in
            try await homeport.addAccount(
                "waldi", labels: ["full-access=test", "full-access=socke*"])
            try await homeport.addRule(20, "--name", "${labels:full-access}", actions: "*")
            try await homeport.addRule(30, "--name", "${labels:read-only-access}", actions: "pull")
            let yes = try await homeport.command("acl", "explain", "waldi", "repository:socke23:pull,push")
                .output
            #expect(yes.hasSuffix("Granted: pull and push, by rule 20.\n"), "\(yes)")
            let no = try await homeport.command("acl", "explain", "waldi", "repository:prod:push").output
            #expect(no.contains("Rule 20 does not match: name is \"prod\""), "\(no)")
            #expect(no.hasSuffix("Granted: nothing, because no rule matches.\n"), "\(no)")
        }
    }

    @Test func expectationsAreChecked() async throws {
        try await withHomeport { homeport in
            try await homeport.addAccount("alice")
            try await homeport.addRule(
                20, "--account", "alice", "--name", "shop/**", "--ip", "192.0.2.0/24", actions: "pull")
            let table = """
                # account scope granted
                admin  repository:x:pull,push     pull,push
                alice  repository:shop/a:pull     pull       ip=192.0.2.7
                alice  repository:shop/a:pull     -          ip=198.51.100.1
                alice  repository:alice/a:delete  delete

                """
            let met = try await homeport.run(["acl", "test", "-"], input: table)
            #expect(met.status == 0, "\(met)")
            #expect(met.errors.contains("4 of 4"))
            let wrong = try await homeport.run(
                ["acl", "test", "-"], input: table + "alice repository:b:pull pull\n")
            #expect(wrong.status == 1)
            #expect(
                wrong.output.contains("FAIL  alice  repository:b:pull  pull  (line 6: granted -)"), "\(wrong)"
            )
            let broken = try await homeport.run(["acl", "test", "-"], input: "alice b\n")
            #expect(broken.status == 2)
        }
    }

    @Test func whatIsRarelyMeantIsSaidWhenItIsWritten() async throws {
        try await withHomeport { homeport in
            let everybody = try await homeport.command("acl", "add", "--seq", "500", "--actions", "pull")
            #expect(everybody.errors.contains("Mind: rule 500, match: it is empty"), "\(everybody)")
            #expect(
                everybody.errors.contains("rule 1000, seq: it is never asked, because rule 500"),
                "\(everybody)")
            let over = try await homeport.command(
                "acl", "add", "--name", "x", "--actions", "pull", "--until", "2020-01-01")
            #expect(over.errors.contains("is over already"))
        }
    }

    @Test func datesOfRulesCoverTheirDays() async throws {
        try await withHomeport { homeport in
            try await homeport.addAccount("alice")
            try await homeport.addRule(
                20, "--account", "alice", "--name", "x", "--from", "2030-01-01", "--until", "2030-01-31",
                actions: "pull")
            for (moment, isGranted) in [
                ("2029-12-31T23:59:59Z", false), ("2030-01-01", true), ("2030-01-31T23:59:59Z", true),
                ("2030-02-01", false),
            ] {
                let said = try await homeport.command(
                    "acl", "explain", "alice", "repository:x:pull", "--at", moment)
                #expect(said.output.contains("Granted: pull") == isGranted, "\(moment): \(said)")
            }
        }
    }

    @Test func aRuleCountsOnTheNextRequestWhereverItStands() async throws {
        try await withHomeport { homeport in
            let alice = try await homeport.addAccount("alice")
            #expect(try await alice.get("/v2/shop/tags/list").status == 403)
            try await homeport.addRule(20, "--account", "alice", "--name", "shop", actions: "pull")
            #expect(try await alice.get("/v2/shop/tags/list").status == 404)
            try await homeport.command("acl", "add", "--seq", "15", "--name", "shop", "--deny")
            #expect(try await alice.get("/v2/shop/tags/list").status == 403)
            try await homeport.command("acl", "move", "15", "25")
            #expect(try await alice.get("/v2/shop/tags/list").status == 404)
            try await homeport.command("acl", "remove", "20", "--yes")
            #expect(try await alice.get("/v2/shop/tags/list").status == 403)
        }
    }
}
