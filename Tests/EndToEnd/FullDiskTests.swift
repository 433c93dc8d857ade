import Contracts
import Foundation
import Harness
import Testing

/// A disk without room: nothing that was stored is lost, and it is said what to do.
@Suite(.timeLimit(.minutes(5))) struct FullDiskTests {
    private let megabyte = 1 << 20

    private func expectFull(_ answer: Answer, _ what: Comment) {
        #expect(answer.status == 507, "\(what): \(answer)")
        #expect(answer.errorCodes == ["UNAVAILABLE"], "\(what): \(answer)")
        #expect(
            answer.text.contains("disk is full") && answer.text.contains("homeport gc"),
            "\(what): it says what is wrong and what to do: \(answer)")
    }

    /// Pushes until the disk is full; the last answer, and what was stored.
    private func pushUntilFull(_ name: String, _ size: Int, at server: Homeport) async throws -> (
        Answer, [[UInt8]]
    ) {
        var stored: [[UInt8]] = []
        for _ in 0..<100 {
            let blob = randomBytes(size)
            let answer = try await server.admin.post(
                "/v2/\(name)/blobs/uploads/?digest=\(sha256(blob))", body: blob)
            guard answer.status == 201 else { return (answer, stored) }
            stored.append(blob)
        }
        throw CommandFailed(description: "the disk has no end")
    }

    /// Fills the disk to its last byte, as another program would.
    private func fill(_ server: Homeport) async throws {
        let filler = server.folder.path + "/data/filler"
        _ = try await server.command("/bin/sh", ["-c", "cat /dev/zero > \(filler)"]).run()
    }

    private func makeRoom(_ server: Homeport) async throws {
        try await server.command("/bin/rm", [server.folder.path + "/data/filler"]).run().succeeded()
    }

    private func uploadFiles(_ server: Homeport) async throws -> [Substring] {
        let folder = server.folder.path + "/data/docker/registry/v2/uploads-in-progress"
        return try await server.command("/bin/ls", [folder]).run().succeeded().output.split(separator: "\n")
    }

    private func expectWhole(_ blobs: [[UInt8]], _ name: String, at server: Homeport) async throws {
        for blob in blobs {
            #expect(try await server.admin.get("/v2/\(name)/blobs/\(sha256(blob))").body.elementsEqual(blob))
        }
    }

    @Test func pushesFillTheDiskAndDeletingMakesRoom() async throws {
        let settings = "registry: {disk_reserve: 8MiB}\n"
        try await withHomeport(settings: settings, diskSize: "64m") { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository("full")
                let image = try await repository.pushImage("v1")
                let (full, stored) = try await self.pushUntilFull("full/blobs", 4 * self.megabyte, at: server)
                #expect(stored.count >= 5)
                self.expectFull(full, "one request")
                let begun = try await server.admin.post("/v2/full/blobs/blobs/uploads/")
                // Little room is left above the reserve: an upload may begin, and its bytes do not fit.
                if begun.status == 202, let location = begun["Location"] {
                    let chunk = try await server.admin.patch(location, body: randomBytes(8 * self.megabyte))
                    self.expectFull(chunk, "a chunk")
                    #expect(try await server.admin.get(location).status == 404, "it is thrown away")
                }
                #expect(try await self.uploadFiles(server) == [], "what failed takes no room")

                try await self.expectWhole(stored, "full/blobs", at: server)
                #expect(try await server.admin.get(repository.manifest("v1")).body == image.bytes)
                #expect(try await repository.tags().tags == ["v1"])
                let verified = try await server.run(["verify"])
                #expect(verified.status == 0, "\(verified)")

                let path = "/v2/full/blobs/blobs/\(sha256(stored[0]))"
                #expect(try await server.admin.delete(path).status == 202)
                #expect(try await server.admin.get(path).status == 404)
                let collected = try await server.run(["gc", "--grace", "0s", "--yes"])
                #expect(collected.status == 0, "\(collected)")
                let (_, again) = try await self.pushUntilFull("full/again", 3 * self.megabyte, at: server)
                #expect(again.count >= 1, "what was freed can be filled: \(collected)")
                try await self.expectWhole(again, "full/again", at: server)
                #expect(try await server.admin.get(repository.manifest("v1")).body == image.bytes)
            }
        }
    }

    @Test func whenOthersHaveFilledTheDiskThereIsStillRoomToDelete() async throws {
        try await withHomeport(settings: "registry: {disk_reserve: 4MiB}\n", diskSize: "48m") { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository("full")
                for number in 0..<20 { try await repository.pushImage("v\(number)") }
                let kept = try await repository.pushImage("kept")
                try await self.fill(server)
                let blob = randomBytes(100)
                self.expectFull(
                    try await server.admin.post(
                        "\(repository.base)/blobs/uploads/?digest=\(sha256(blob))", body: blob), "a blob")
                self.expectFull(
                    try await server.admin.post("\(repository.base)/blobs/uploads/"), "a beginning")
                self.expectFull(try await repository.put(kept.bytes, at: "again"), "a manifest")
                self.expectFull(
                    try await server.admin.post(
                        "/v2/full/other/blobs/uploads/?mount=\(sha256(kept.layer))&from=\(repository.name)"),
                    "a mount")
                #expect(try await server.admin.get(repository.manifest("kept")).body == kept.bytes)
                #expect(
                    try await server.admin.get(repository.blob(sha256(kept.layer))).body.elementsEqual(
                        kept.layer))
                for number in 0..<20 {
                    let answer = try await server.admin.delete(repository.manifest("v\(number)"))
                    #expect(answer.status == 202, "\(answer)")
                }
                #expect(try await repository.tags().tags == ["kept"])
                try await self.makeRoom(server)
                #expect(try await repository.put(kept.bytes, at: "again").status == 201)
                try await repository.push(blob)
                let verified = try await server.run(["verify"])
                #expect(verified.status == 0, "\(verified)")
            }
        }
    }

    @Test func aDatabaseThatCannotGrowLosesNothing() async throws {
        try await withHomeport(settings: "registry: {disk_reserve: 0}\n", diskSize: "48m") { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository("full")
                let image = try await repository.pushImage("v1")
                try await self.fill(server)
                var pushed: [[UInt8]] = []
                var last: Answer?
                // Large manifests, so that the room that the database has taken comes to its end soon.
                for number in 0..<200 where last == nil {
                    let padding = String(repeating: "\(number % 10)", count: 500_000)
                    let text =
                        #"{"schemaVersion":2,"mediaType":"\#(OCILayout.imageType)","config":"#
                        + descriptor(of: image.config, as: OCILayout.configType)
                        + #","layers":[],"annotations":{"n":"\#(number)","padding":"\#(padding)"}}"#
                    let answer = try await repository.put(Array(text.utf8), at: "t\(number)")
                    if answer.status == 201 { pushed.append(Array(text.utf8)) } else { last = answer }
                }
                self.expectFull(try #require(last), "a manifest")
                for (number, bytes) in pushed.enumerated() {
                    #expect(
                        try await server.admin.get(repository.manifest("t\(number)")).body.elementsEqual(
                            bytes))
                }
                let refused = try await server.admin.get(repository.manifest("t\(pushed.count)"))
                #expect(refused.status == 404, "nothing of what was refused is there: \(refused.status)")
                #expect(try await server.admin.get(repository.manifest("v1")).body == image.bytes)
                try await self.makeRoom(server)
                try await repository.pushImage("after")
                #expect(try await server.admin.get(repository.manifest("v1")).body == image.bytes)
                let verified = try await server.run(["verify"])
                #expect(verified.status == 0, "\(verified)")
            }
        }
    }
}
