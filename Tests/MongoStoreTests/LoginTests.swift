import Access
import Accounts
import Contracts
import Foundation
import Harness
import ServerKit
import Testing

@testable import MongoStore

/// Signing in, and replica sets: at a door of the test harness, which MongoDB's own client for Python takes for one.
@Suite(.mongoServer, .serialized, .timeLimit(.minutes(4))) struct LoginTests {
    private func store(
        _ door: MongoDoor, _ login: MongoSettings.Login?, database: Database
    ) throws -> MongoStore {
        try database.store(cacheTime: .seconds(1)) { settings in
            settings.hosts = door.hosts
            settings.replicaSet = MongoDoor.replicaSet
            settings.login = login
        }
    }

    private func login(
        _ mechanism: MongoSettings.Login.Mechanism? = nil, user: String = MongoDoor.user,
        password: String = MongoDoor.password
    ) -> MongoSettings.Login {
        .init(user: user, password: Secret(password), source: "admin", mechanism: mechanism)
    }

    @Test func theDoorIsWhatMongoDBsOwnClientTakesForOne() async throws {
        try await withMongoDoor(before: try MongoServer.shared()) { (door: MongoDoor) async throws -> Void in
            try await PythonPeers.run(
                "mongo_door_check.py",
                door.ports.map { "\($0)" } + [MongoDoor.user, MongoDoor.password]
            ).succeeded()
        }
    }

    @Test func whoSignsInIsServed() async throws {
        let database = try Database()
        try await withMongoDoor(before: try MongoServer.shared()) { door in
            for mechanism in [nil, .scramSHA256, .scramSHA1] as [MongoSettings.Login.Mechanism?] {
                let store = try store(door, login(mechanism), database: database)
                try await store.prepare()
                let rule = Rule(seq: Int.random(in: 1...1_000_000), actions: ["pull"])
                try await store.add(rule)
                #expect(try await store.rules().contains(rule))
            }
            for login in [
                nil, login(password: MongoDoor.password + "x"), login(.scramSHA1, password: ""),
                login(user: "nobody"), login(.scramSHA256, user: "home"),
            ] {
                let store = try store(door, login, database: database)
                let problem = try #require(await store.problem(), "\(String(describing: login?.user))")
                #expect(problem.lowercased().contains("authentica"), "\(problem)")
                #expect(!problem.contains(MongoDoor.password), "\(problem)")
            }
        }
    }

    /// Names one of the two is enough, and whichever is the primary is written to.
    @Test func whenThePrimaryChangesAllGoesOn() async throws {
        let database = try Database()
        try await withMongoDoor(before: try MongoServer.shared()) { door in
            let store = try database.store(cacheTime: .seconds(1)) { settings in
                settings.hosts = [door.hosts[1]]
                settings.replicaSet = MongoDoor.replicaSet
                settings.login = login()
            }
            try await store.prepare()
            let watch = Task { await store.watch() }
            defer { watch.cancel() }
            for round in 1...3 {
                try await store.add(Rule(seq: round * 10, actions: ["pull"]))
                try await door.changePrimary()
                // An attempt may be written whose answer was lost: then it is there, and no other of its number is taken.
                let rule = Rule(seq: round * 10 + 1, actions: ["push"])
                let isBack = try await eventually(within: .seconds(30)) {
                    if (try? await store.add(rule)) != nil { return true }
                    return (try? await store.rules().contains(rule)) == true
                }
                #expect(isBack, "round \(round)")
                #expect(try await eventually(within: .seconds(30)) { !store.isAway })
            }
            let rules = try await store.rules()
            #expect(rules.map(\.seq) == [10, 11, 20, 21, 30, 31], "none is lost, none is twice")
        }
    }
}
