import Contracts
import Foundation
import Harness
import Testing

/// Starting, stopping and starting again, with the built program.
@Suite(.timeLimit(.minutes(5))) struct ServeTests {
    @Test func theFirstStartMakesAnAdministratorAndSaysSoOnce() async throws {
        let folder = try TemporaryFolder()
        let first = try await start(in: folder)
        let lines = first.split(separator: "\n").map(String.init)
        #expect(lines.first == "made account admin, who may do everything")
        let password = lines.last { $0.hasPrefix("password of admin") }?.split(separator: " ").last ?? ""
        #expect(password.count == 23)
        #expect(lines.last?.hasPrefix("listening on http://127.0.0.1:") == true)

        let second = try await start(in: folder)
        #expect(second.split(separator: "\n").count == 1, "\(second)")
        #expect(!second.contains(password))
    }

    /// What the program says from its start to its end, without a password given.
    private func start(in folder: TemporaryFolder) async throws -> String {
        let said = try await withGuardedProcess(
            try homeportPath(), ["serve", "--data", folder.path + "/data", "--listen", "127.0.0.1:0"],
            environment: [:], log: folder.path + "/log"
        ) { process in
            var lines: [String] = []
            for prefix in ["made account", "password of", "listening on"] {
                if FileManager.default.fileExists(atPath: folder.path + "/seen"), prefix != "listening on" {
                    continue
                }
                guard let line = await process.line(startingWith: prefix) else { break }
                lines.append(line)
            }
            try Data().write(to: URL(filePath: folder.path + "/seen"))
            return lines.joined(separator: "\n")
        }
        #expect(said.1 == 0)
        return said.0
    }

    @Test func aGivenPasswordIsTakenAndNotShown() async throws {
        try await withHomeport { homeport in
            #expect(!homeport.log.contains(Homeport.adminPassword))
            let right = try await homeport.admin.get("/v2/")
            #expect(right.status == 200)
            #expect(try await homeport.caller("admin", "wrong").get("/v2/").status == 401)
        }
    }

    @Test func aLaterStartFindsWhatWasThere() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder) { _ = try await $0.addAccount("alice") }
        try await withHomeport(in: folder) { homeport in
            let answer = try await homeport.caller("alice", "pass word").get("/v2/")
            #expect(answer.status == 200)
        }
    }

    @Test func aSecondServerOnTheSameDataIsRefusedAndCommandsAreNot() async throws {
        try await withHomeport { homeport in
            let second = try await homeport.run(["serve", "--listen", "127.0.0.1:0"])
            #expect(second.status == 3)
            #expect(second.errors.contains("already serves the data in"), "\(second)")
            #expect(try await homeport.run(["account", "list"]).status == 0)
        }
    }

    @Test func aTakenAddressIsSaidWithWhatToDo() async throws {
        try await withHomeport { homeport in
            let folder = try TemporaryFolder()
            let second = try await Harness.homeport(
                ["serve", "--listen", homeport.address], data: folder.path + "/data")
            #expect(second.status == 3)
            #expect(
                second.errors.contains("another program listens on \(homeport.address) already"), "\(second)")
        }
    }

    @Test func aWrongConfigurationStartsNothing() async throws {
        let folder = try TemporaryFolder()
        try "token:\n  lief: 3m\n".write(toFile: folder.path + "/c.yaml", atomically: true, encoding: .utf8)
        let arguments = ["serve", "--config", folder.path + "/c.yaml"]
        let started = try await homeport(arguments, data: folder.path + "/data")
        #expect(started.status == 2)
        #expect(
            started.errors == "\(folder.path)/c.yaml:2: token.lief: unknown key; did you mean `token.life`?\n"
        )
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
        let checked = try await homeport(["check", "--config", folder.path + "/c.yaml"])
        #expect(checked.status == 2)
    }

    @Test func aPasswordThatCannotBeTakenStopsTheFirstStart() async throws {
        let folder = try TemporaryFolder()
        let started = try await homeport(
            ["serve", "--listen", "127.0.0.1:0"], data: folder.path + "/data",
            environment: ["HOMEPORT_ADMIN_PASSWORD": String(repeating: "x", count: 100)])
        #expect(started.status == 2)
        #expect(started.errors.contains("at most 72 bytes"), "\(started)")
    }

    @Test func theDataIsForItsOwnerAlone() async throws {
        try await withHomeport { homeport in
            for name in ["", "/homeport.db", "/homeport.lock"] {
                let path = homeport.folder.path + "/data" + name
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                let mode = (attributes[.posixPermissions] as? Int) ?? 0o777
                #expect(mode & 0o077 == 0, "\(path)")
            }
        }
    }

    @Test func healthReadinessAndNumbersAreThere() async throws {
        try await withHomeport { homeport in
            for path in ["/healthz", "/readyz", "/metrics"] {
                let answer = try await homeport.nobody.get(path)
                #expect(answer.status == 200, "\(path)")
            }
        }
    }
}
