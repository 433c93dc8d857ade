import Contracts
import Foundation
import Harness
import Testing

/// The real server with its accounts, rules, tokens, keys and their trail in a database that speaks MongoDB's protocol.
@Suite(.mongoServer, .timeLimit(.minutes(5))) struct MongoTests {
    private let mongo: MongoServer
    private let database = MongoServer.newDatabase()

    init() throws { mongo = try MongoServer.shared() }

    private var settings: String { MongoTests.settings(mongo.host, database) }

    static func settings(_ host: String, _ database: String, _ more: String = "") -> String {
        """
        mongodb:
          hosts: ["\(host)"]
          database: \(database)
          cache_ttl: 1s
        \(more)
        """
    }

    private func edit(_ lines: String) async throws {
        try await PythonPeers.run("mongo_edit.py", ["\(mongo.port)", database, lines]).succeeded()
    }

    @Test func commandsAndTheServerWorkOnItAsOnTheirOwnDatabase() async throws {
        try await withHomeport(settings: settings) { server in
            let alice = try await server.addAccount("alice", labels: ["team=red"])
            try await server.addRule(10, "--name", "${labels:team}/**", actions: "pull,push")
            #expect(try await alice.post("/v2/red/a/blobs/uploads/").status == 202)
            #expect(try await alice.post("/v2/blue/a/blobs/uploads/").status == 403)
            let token = try await server.makeToken("alice", "ci", scopes: ["repository:red/*:pull"])
            let machine = server.caller("alice", token)
            #expect(try await machine.get("/v2/").status == 200)
            #expect(try await machine.post("/v2/red/a/blobs/uploads/").status == 403)

            // What it wrote are documents that docker_auth reads.
            try await edit(
                """
                user = db.users.find_one({'username': 'alice'})
                assert user['password'].startswith('$2y$') and user['labels'] == {'team': ['red']}, user
                rule = db.acl.find_one({'seq': 10})
                assert rule['match'] == {'name': '${labels:team}/**'}, rule
                assert rule['actions'] == ['pull', 'push'], rule
                assert db.homeport_tokens.count_documents({'account': 'alice', 'name': 'ci'}) == 1
                assert db.homeport_keys.count_documents({}) == 1
                """)
            try await server.command("account", "disable", "alice")
            #expect(try await alice.get("/v2/").status == 401, "it counts on the next request")
            #expect(try await machine.get("/v2/").status == 401)
            try await server.command("account", "enable", "alice")
            try await server.command("token", "revoke", "alice", "ci")
            #expect(try await machine.get("/v2/").status == 401)
            let keys = try await server.command("key", "list").output
            try await server.command("key", "rotate")
            #expect(try await server.command("key", "list").output != keys)
            #expect(try await alice.get("/v2/").status == 200)
            #expect(try await server.nobody.get("/readyz").text.hasPrefix("ready\n"))
            let said = try await server.run(["check"])
            #expect((said.output + said.errors).contains("MongoDB on \(mongo.host) can be asked."))
            let numbers = try await server.nobody.get("/metrics").text
            #expect(numbers.contains("homeport_mongodb_reachable 1"))
        }
    }

    @Test func theTrailIsOneOfBothDatabases() async throws {
        try await withHomeport(settings: settings) { server in
            let alice = try await server.addAccount("alice")
            let start = try await alice.post("/v2/alice/a/blobs/uploads/")
            #expect(start.status == 202, "\(start)")
            try await Homeport.$shared.withValue(server) { _ = try await SpecRepository().pushImage("v1") }
            try await server.command("account", "disable", "alice")
            #expect(try await alice.get("/v2/").status == 401)
            var actions: [String] = []
            while !actions.contains("sign-in") {
                let listed = try await server.command("audit", "--json", "--limit", "1000").output
                let entries = try JSONSerialization.jsonObject(with: Data(listed.utf8)) as? [[String: Any]]
                actions = (entries ?? []).compactMap { $0["action"] as? String }
                let times = (entries ?? []).compactMap { $0["time"] as? String }
                #expect(times == times.sorted(by: >), "the latest first")
            }
            for action in ["key-add", "rule-add", "account-add", "account-change", "push"] {
                #expect(actions.contains(action), "\(action) in \(actions)")
            }
            try await edit(
                "assert {e['action'] for e in db.homeport_audit.find()} >= {'account-add', 'account-change'}")
        }
    }

    @Test func aSecondServerSharesEverythingAndMakesNoSecondFirstAccount() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(settings: settings) { first in
            try await withHomeport(
                in: folder, settings: settings, environment: ["HOMEPORT_ADMIN_PASSWORD": "another one"]
            ) { second in
                let admin = try await first.admin.get("/token?service=homeport&scope=repository:a:pull,push")
                let token = try #require(admin.object["token"] as? String, "\(admin)")
                let bearer = RegistryCaller(address: second.address, credentials: .bearer(token))
                #expect(try await bearer.post("/v2/a/blobs/uploads/").status == 202, "the same key")
                #expect(try await second.caller("admin", "another one").get("/v2/").status == 401)
                let listed = try await second.command("account", "list").output
                #expect(listed.contains("admin"), "\(listed)")
                try await first.addAccount("bob")
                while try await second.caller("bob", "pass word").get("/v2/").status != 200 {}
            }
        }
    }

    @Test func thoseWhoAreThereAlreadyArePeopleOfTheFirstStart() async throws {
        let hash = "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"
        try await edit("db.users.insert_one({'username': 'admin', 'password': '\(hash)', 'labels': {}})")
        try await withHomeport(settings: settings) { server in
            // badmin, as in docker_auth's examples: a hash that is cheap is believed where others have made it.
            #expect(try await server.caller("admin", "badmin").get("/v2/").status == 200)
            #expect(try await server.admin.get("/v2/").status == 401)
            try await edit("assert db.acl.count_documents({}) == 0 and db.users.count_documents({}) == 1")
        }
    }

    @Test func accountsThatAreLeftBehindAreSaid() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder) { _ in }
        try await withHomeport(in: folder, settings: settings) { server in
            #expect(server.log.contains("There are accounts in the data folder, too"), "\(server.log)")
        }
    }

    @Test func whatOthersWriteCountsWithinTheCacheTime() async throws {
        try await withHomeport(settings: settings) { server in
            let alice = try await server.addAccount("alice")
            #expect(try await alice.post("/v2/shop/a/blobs/uploads/").status == 403)
            try await edit(
                "db.acl.insert_one({'seq': 5, 'match': {'account': 'alice', 'name': 'shop/*'}, "
                    + "'actions': ['pull', 'push'], 'comment': 'by hand'})")
            let start = ContinuousClock.now
            while try await alice.post("/v2/shop/a/blobs/uploads/").status != 202 {}
            #expect(start.duration(to: .now) < .seconds(4))

            // One that cannot be read leaves what it said before, and is named.
            try await edit("db.acl.update_one({'seq': 5}, {'$set': {'match.nmae': 'shop/*'}})")
            try await edit("db.acl.insert_one({'_id': 'odd', 'seq': 'six', 'match': {}, 'actions': ['*']})")
            try await edit(
                "db.acl.insert_one({'seq': 7, 'match': {'name': 'toys/*'}, 'actions': ['push', 'pull']})")
            while try await alice.post("/v2/toys/a/blobs/uploads/").status != 202 {}
            #expect(try await alice.post("/v2/shop/a/blobs/uploads/").status == 202)
            #expect(server.log.contains("`match.nmae` is no condition"))
            #expect(server.log.contains("document=odd"), "\(server.log)")

            try await edit("db.users.update_one({'username': 'alice'}, {'$set': {'disabled': True}})")
            let disabled = ContinuousClock.now
            while try await alice.get("/v2/").status != 401 {}
            #expect(disabled.duration(to: .now) < .seconds(4))
        }
    }

    @Test func aBackupSaysWhatItDoesNotHold() async throws {
        let safe = try TemporaryFolder()
        try await withHomeport(settings: settings) { server in
            let made = try await server.command("backup", safe.path + "/copy").output
            #expect(made.contains("not in it: accounts, rules, tokens, keys"), "\(made)")
            #expect(made.contains("mongodump --db \(database)"))
            let doctor = try await server.run(["doctor", "--no-push"])
            #expect(doctor.output.contains("MongoDB on \(mongo.host) answers"), "\(doctor)")
        }
    }

    /// What somebody may hope to become an operator or a pattern, and is a text.
    private static let hostile = [
        #"{"$gt":""}"#, #"{"$ne":null}"#, #"{"$regex":".*"}"#, "$where", ".*", "^a", "/alice/", "/.*/",
        "alice\0",
        "[object Object]", "a' || '1'=='1",
    ]

    @Test func nothingThatIsTypedBecomesAnOperator() async throws {
        try await withHomeport(settings: settings) { server in
            let alice = try await server.addAccount("alice")
            #expect(try await alice.get("/v2/").status == 200)
            for text in Self.hostile {
                for (name, password) in [(text, "pass word"), ("alice", text), (text, text)] {
                    let answer = try await server.caller(name, password).get("/token?service=homeport")
                    #expect([400, 401, 429].contains(answer.status), "\(name):\(password): \(answer)")
                    let form = [("username", name), ("password", password)]
                    let posted = try await post(form, to: server)
                    #expect([400, 401, 429].contains(posted.status), "\(name):\(password): \(posted)")
                }
            }
            for form in [
                [("username[$ne]", "x"), ("password[$ne]", "x")],
                [("username", "alice"), ("password[$gt]", "")],
                [("username[$regex]", ".*"), ("password", "pass word")],
            ] {
                let posted = try await post(form, to: server)
                #expect([400, 401, 429].contains(posted.status), "\(form): \(posted)")
            }
            #expect(try await server.nobody.get("/healthz").status == 200)
        }
    }

    private func post(_ form: [(String, String)], to server: Homeport) async throws -> Answer {
        func quoted(_ text: String) -> String {
            text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let all = [("grant_type", "password"), ("service", "homeport"), ("client_id", "tests")] + form
        let body = all.map { "\(quoted($0.0))=\(quoted($0.1))" }.joined(separator: "&")
        return try await server.nobody.post(
            "/token", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(body.utf8))
    }
}
