import Contracts
import Foundation
import Harness
import Testing

/// A collecting process that is killed at any moment, while clients push to the server beside it.
@Suite(.timeLimit(.minutes(10))) struct CollectionCrashTests {
    private static let kills = 48
    private static let pushers = 3

    @Test func aCollectorThatIsKilledAtAnyMomentLosesNothing() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder, settings: "garbage:\n  scheduled: false\n") { server in
            let start = ContinuousClock.now
            try await server.command("gc", "--grace", "0s", "--yes")
            let usual = (ContinuousClock.now - start) / .seconds(1)
            let told = try await withThrowingTaskGroup(of: [String].self) { group in
                let gate = Gate()
                for number in 0..<Self.pushers {
                    group.addTask {
                        try await BusyPusher(number: number, caller: server.admin).push(until: gate)
                    }
                }
                var killed = 0
                while killed < Self.kills {
                    let seconds = Double.random(in: 0.2 * usual...1.2 * usual)
                    if try await collect(server, killedAfter: seconds) { killed += 1 }
                }
                await gate.open()
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            try await check(server, told)
            let report = try await server.command("gc", "--grace", "0s", "--yes", "--json")
            #expect(report.output.contains("\"dryRun\" : false"), "\(report)")
            try await check(server, told)
            #expect(
                try await filesWithoutRow(server) == 0, "and the next one finds what the killed left behind")
        }
    }

    /// True when it was killed, and not done before.
    private func collect(_ server: Homeport, killedAfter seconds: Double) async throws -> Bool {
        let collector = Command(
            try Peer(program: "timeout", debianPackage: "coreutils").path(),
            [
                "--signal=KILL", "\(seconds)", try homeportPath(), "gc", "--grace", "0s", "--yes", "--data",
                server.folder.path + "/data",
            ])
        let ended = try await collector.run()
        #expect([0, 137].contains(ended.status), "\(ended)")
        return ended.status == 137
    }

    private func check(_ server: Homeport, _ told: [String]) async throws {
        let file = server.folder.path + "/told"
        try told.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let found = try await PythonPeers.run(
            "check_data_folder.py", [server.folder.path + "/data", "--whole", "--acknowledged", file])
        #expect(found.status == 0, "\(found)")
    }

    private func filesWithoutRow(_ server: Homeport) async throws -> Int? {
        let found = try await PythonPeers.run("check_data_folder.py", [server.folder.path + "/data"])
        let summary = found.output.split(separator: "\n").last.map { Data($0.utf8) } ?? Data()
        return (try JSONSerialization.jsonObject(with: summary) as? [String: Any])?["files_without_row"]
            as? Int
    }
}
