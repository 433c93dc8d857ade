import Contracts
import Foundation
import Harness
import Testing

/// What a backup holds comes back, whatever is destroyed or killed when.
@Suite(.timeLimit(.minutes(10))) struct BackupTests {
    private static let kills = 6

    private func report(_ finished: Finished) throws -> [String: Any] {
        let text = try finished.succeeded().output
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func check(_ data: String) async throws {
        let found = try await PythonPeers.run("check_data_folder.py", [data, "--whole"])
        #expect(found.status == 0, "\(found)")
    }

    @Test(arguments: [["folder"], ["folder", "--copy"], ["all.tar"]])
    func aDataFolderThatIsDestroyedComesBack(_ how: [String]) async throws {
        let (folder, safe) = (try TemporaryFolder(), try TemporaryFolder())
        let place = [safe.path + "/" + how[0]] + how.dropFirst()
        let pushed = try await withHomeport(in: folder) { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let image = try await repository.pushImage("v1")
                try await server.addAccount("alice")
                try await server.addRule(10, "--account", "alice", "--name", "spec/**", actions: "pull")
                let first = try report(try await server.run(["backup", "--json"] + place))
                #expect(first["blobs"] as? Int == 2, "\(first)")
                try await server.kill()
                return (repository.name, image)
            }
        }
        try FileManager.default.removeItem(atPath: folder.path + "/data")
        let restored = try await homeport(
            ["restore", place[0], "--json"], data: folder.path + "/data")
        #expect(try report(restored)["blobs"] as? Int == 2, "\(restored)")
        try await check(folder.path + "/data")
        try await withHomeport(in: folder, environment: ["HOMEPORT_ADMIN_PASSWORD": "not this one"]) {
            server in
            let (name, image) = pushed
            let alice = server.caller("alice", "pass word")
            #expect(try await alice.get("/v2/\(name)/manifests/v1").body == image.bytes)
            #expect(try await alice.get("/v2/\(name)/blobs/\(sha256(image.layer))").body == image.layer)
            try await server.command("verify")
            let start = try await server.admin.post("/v2/\(name)/blobs/uploads/")
            #expect(start.status == 202, "\(start)")
        }
    }

    @Test func aFolderIsBroughtUpToDate() async throws {
        let safe = try TemporaryFolder()
        let place = safe.path + "/folder"
        try await withHomeport { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let old = try await repository.pushImage("old")
                let first = try report(try await server.run(["backup", place, "--json"]))
                #expect(first["linked"] as? Int == 2 && first["copied"] as? Int == 0, "\(first)")
                try await repository.pushImage("new")
                _ = try await server.admin.delete(repository.manifest(old.digest))
                try await server.command("gc", "--grace", "0s", "--yes")
                let second = try report(try await server.run(["backup", place, "--json"]))
                #expect(second["linked"] as? Int == 2 && second["removed"] as? Int == 2, "\(second)")
                let third = try report(try await server.run(["backup", place, "--json"]))
                #expect(third["linked"] as? Int == 0 && third["blobs"] as? Int == 2, "\(third)")
                let metrics = try await server.admin.get("/metrics")
                let seconds = metrics.text.firstMatch(
                    of: /(?m)^homeport_backup_last_end_timestamp_seconds (\S+)/
                ).flatMap { Double($0.1) }
                #expect(try #require(seconds) > 1_700_000_000)
            }
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: place)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test func onAnotherDiskBlobsAreCopiedAndDamageIsFound() async throws {
        let safe = try TemporaryFolder()
        try await withHomeport(diskSize: "200m") { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let image = try await repository.pushImage("v1")
                let whole = try report(try await server.run(["backup", safe.path + "/whole", "--json"]))
                #expect(whole["copied"] as? Int == 2, "\(whole)")
                let hex = sha256(image.layer).dropFirst("sha256:".count)
                let file =
                    server.folder.path + "/data/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
                try await server.command(
                    "/bin/sh", ["-c", "printf x | dd of=\"$1\" conv=notrunc 2>&1", "sh", file]
                ).run().succeeded()
                let damaged = try await server.run(["backup", safe.path + "/damaged"])
                #expect(
                    damaged.status == 1 && damaged.output.contains("damaged: sha256:\(hex)"), "\(damaged)")
                let back = try await homeport(["restore", safe.path + "/damaged"], data: safe.path + "/data")
                #expect(back.status == 1 && back.output.contains("missing: sha256:\(hex)"), "\(back)")
            }
        }
    }

    @Test func nothingIsOverwritten() async throws {
        let safe = try TemporaryFolder()
        try await withHomeport { server in
            let data = server.folder.path + "/data"
            for place in [data, data + "/inside", server.folder.path] {
                #expect(try await server.run(["backup", place]).status == 2)
            }
            try "mine".write(toFile: safe.path + "/a.tar", atomically: true, encoding: .utf8)
            let taken = try await server.run(["backup", safe.path + "/a.tar"])
            #expect(taken.status != 0 && taken.errors.contains("not overwritten"), "\(taken)")
            let full = try await server.run(["backup", safe.path])
            #expect(full.status != 0 && full.errors.contains("has something else in it"), "\(full)")
            #expect(try String(contentsOfFile: safe.path + "/a.tar", encoding: .utf8) == "mine")

            try await server.command("backup", safe.path + "/backup")
            let used = try await homeport(["restore", safe.path + "/backup"], data: data)
            #expect(used.status == 3 && used.errors.contains("already serves"), "\(used)")
            let once = safe.path + "/once"
            try await homeport(["restore", safe.path + "/backup"], data: once).succeeded()
            let again = try await homeport(["restore", safe.path + "/backup"], data: once)
            #expect(again.status == 1 && again.errors.contains("nothing is overwritten"), "\(again)")
            let foreign = try await homeport(["restore", safe.path + "/backup"], data: safe.path)
            #expect(foreign.status == 1 && foreign.errors.contains("is not empty"), "\(foreign)")
            let nothing = try await homeport(["restore", safe.path + "/a.tar"], data: safe.path + "/x")
            #expect(nothing.status == 3 && nothing.errors.contains("a.tar"), "\(nothing)")
        }
    }

    @Test func aBackupThatIsKilledAtAnyMomentLeavesTheOneBefore() async throws {
        let safe = try TemporaryFolder()
        try await withHomeport(settings: "garbage:\n  scheduled: false\n") { server in
            let gate = Gate()
            async let told = BusyPusher(number: 0, caller: server.admin).push(until: gate)
            let start = ContinuousClock.now
            try await server.command("backup", safe.path + "/backup", "--copy")
            let usual = (ContinuousClock.now - start) / .seconds(1)
            var killed = 0
            while killed < Self.kills {
                try await server.command("gc", "--grace", "0s", "--yes")
                let seconds = Double.random(in: 0.3 * usual...1.3 * usual)
                let data = ["--data", server.folder.path + "/data"]
                if try await kill(["backup", safe.path + "/backup", "--copy"] + data, after: seconds) {
                    killed += 1
                }
                let target = safe.path + "/restored-\(killed)"
                try await homeport(["restore", safe.path + "/backup"], data: target).succeeded()
                try await check(target)
                try FileManager.default.removeItem(atPath: target)
            }
            await gate.open()
            _ = try await told
        }
    }

    @Test func aRestoreThatIsKilledGoesOn() async throws {
        let safe = try TemporaryFolder()
        try await withHomeport { server in
            for _ in 0..<20 {
                let bytes = randomBytes(300_000)
                _ = try await server.admin.post(
                    "/v2/some/blobs/uploads/?digest=\(sha256(bytes))", body: bytes)
            }
            try await server.command("backup", safe.path + "/all.tar")
        }
        let (archive, data) = (safe.path + "/all.tar", safe.path + "/data")
        let start = ContinuousClock.now
        try await homeport(["restore", archive], data: safe.path + "/first").succeeded()
        let usual = (ContinuousClock.now - start) / .seconds(1)
        // Each attempt has more time than the one before, however slow the machine has become.
        var attempt = 0.0
        while try await kill(["restore", archive, "--data", data], after: (0.3 + attempt / 8) * usual) {
            attempt += 1
            let files = FileManager.default
            guard files.fileExists(atPath: data + "/homeport.restoring"),
                !files.fileExists(atPath: data + "/homeport.db")
            else { continue }
            let early = try await homeport(["serve", "--listen", "127.0.0.1:0"], data: data)
            #expect(early.status == 3 && early.errors.contains("was not finished"), "\(early)")
        }
        try await check(data)
    }

    /// True when it was killed, and not done before.
    private func kill(_ arguments: [String], after seconds: Double) async throws -> Bool {
        let timeout = try Peer(program: "timeout", debianPackage: "coreutils").path()
        let ended = try await Command(
            timeout, ["--signal=KILL", "\(seconds)", try homeportPath()] + arguments
        ).run()
        // The one before may have been killed when all was done and it had only to say so.
        let isDone = ended.status == 0 || ended.errors.contains("nothing is overwritten")
        #expect(isDone || ended.status == 137, "\(ended)")
        return ended.status == 137
    }
}
