import Contracts
import Foundation
import Harness
import Testing

/// What survives broken connections, restarts and power cuts of the real program.
@Suite(.timeLimit(.minutes(5))) struct SurvivalTests {
    /// Starts an upload by hand and breaks the connection after the first `count` of `bytes`.
    private func breakOff(
        _ bytes: [UInt8], after count: Int, to location: String, at server: Homeport
    ) async throws {
        let connection = try RawConnection(port: server.port)
        let path = location.path
        try await connection.send(
            "PATCH \(path) HTTP/1.1\r\nHost: \(server.address)\r\n"
                + "Authorization: Basic \(basic("admin", Homeport.adminPassword))\r\n"
                + "Content-Type: application/octet-stream\r\nContent-Length: \(bytes.count)\r\n\r\n")
        try await connection.send(Array(bytes[..<count]))
    }

    /// Asks until the server has noticed that a connection is gone; each question takes a moment of its own.
    private func sizeOfUpload(_ location: String, atLeast size: Int, at caller: RegistryCaller)
        async throws -> Int
    {
        var last = 0
        for _ in 0..<2000 {
            let status = try await caller.get(location)
            #expect(status.status == 204, "\(status)")
            last = (status["Range"]?.split(separator: "-").last).flatMap { Int($0) }.map { $0 + 1 } ?? 0
            if last >= size { return last }
        }
        return last
    }

    private func finish(_ bytes: [UInt8], from offset: Int, _ location: String, _ caller: RegistryCaller)
        async throws
    {
        let digest = sha256(bytes)
        let answer = try await caller.patch(
            location, headers: [("Content-Range", "\(offset)-\(bytes.count - 1)")],
            body: Array(bytes[offset...]))
        #expect(answer.status == 202, "\(answer)")
        let next = answer["Location"] ?? location
        let end = try await caller.put(next.adding("digest=\(digest)"), body: [])
        #expect(end.status == 201, "\(end)")
        let blob = end["Location"] ?? ""
        #expect(try await caller.get(blob).body.elementsEqual(bytes))
    }

    @Test func anUploadGoesOnAfterItsConnectionBroke() async throws {
        try await withHomeport { server in
            let bytes = randomBytes(5_000_000)
            let start = try await server.admin.post("/v2/resumed/blobs/uploads/")
            let location = try #require(start["Location"])
            try await self.breakOff(bytes, after: 3_000_000, to: location, at: server)
            let size = try await self.sizeOfUpload(location, atLeast: 3_000_000, at: server.admin)
            #expect(size == 3_000_000)
            try await self.finish(bytes, from: size, location, server.admin)
        }
    }

    @Test(arguments: [false, true])
    func anUploadGoesOnAfterTheServerWasStartedAgain(_ isKilled: Bool) async throws {
        let folder = try TemporaryFolder()
        let bytes = randomBytes(2_000_000)
        let location = try await withHomeport(in: folder) { server in
            let start = try await server.admin.post("/v2/resumed/blobs/uploads/")
            let begun = try #require(start["Location"])
            let half = try await server.admin.patch(begun, body: Array(bytes[..<1_200_000]))
            #expect(half.status == 202 && half["Range"] == "0-1199999", "\(half)")
            if isKilled { try await server.kill() }
            return try #require(half["Location"]).path
        }
        try await withHomeport(in: folder) { server in
            let status = try await server.admin.get(location)
            #expect(status.status == 204 && status["Range"] == "0-1199999", "\(status)")
            try await self.finish(bytes, from: 1_200_000, location, server.admin)
        }
    }

    @Test func whatWasAcceptedIsThereAfterAPowerCut() async throws {
        let folder = try TemporaryFolder()
        let pushed = try await withHomeport(in: folder) { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let image = try await repository.pushImage("v1")
                try await server.kill()
                return (repository.name, image)
            }
        }
        try await withHomeport(in: folder) { server in
            let (name, image) = pushed
            let manifest = try await server.admin.get("/v2/\(name)/manifests/v1")
            #expect(manifest.body == image.bytes)
            for blob in [image.config, image.layer] {
                #expect(
                    try await server.admin.get("/v2/\(name)/blobs/\(sha256(blob))").body.elementsEqual(blob))
            }
        }
    }

    @Test func aDownloadThatIsUnderWayEndsWholeWhenTheServerStops() async throws {
        // More than the sockets of both sides hold, so that the server must still be sending when it is told.
        let piece = randomBytes(1 << 20)
        let bytes = (0..<64).reduce(into: [UInt8]()) { all, _ in all += piece }
        let received = try await withHomeport { server in
            let digest = sha256(bytes)
            let start = try await server.admin.post(
                "/v2/large/blobs/uploads/?digest=\(digest)", body: bytes)
            #expect(start.status == 201, "\(start)")
            let connection = try RawConnection(port: server.port)
            try await connection.send(
                "GET /v2/large/blobs/\(digest) HTTP/1.1\r\nHost: \(server.address)\r\n"
                    + "Authorization: Basic \(basic("admin", Homeport.adminPassword))\r\n\r\n")
            let head = try await connection.read(atLeast: 1000)
            try await server.process.signal("TERM")
            while (try? RawConnection(port: server.port)) != nil {}
            return head + (try await connection.readToEnd())
        }
        let end = try #require(received.firstRange(of: Array("\r\n\r\n".utf8)))
        #expect(received.count - end.upperBound == bytes.count)
        #expect(sha256(received[end.upperBound...]) == sha256(bytes))
    }

    @Test func theSecondStartKeepsTheFirstOnesAccountsAndKeys() async throws {
        let folder = try TemporaryFolder()
        let token = try await withHomeport(in: folder) { server in
            let answer = try await server.admin.get("/token?service=homeport&scope=repository:a/b:pull,push")
            return try #require(answer.object["token"] as? String)
        }
        try await withHomeport(in: folder, environment: ["HOMEPORT_ADMIN_PASSWORD": "another one"]) {
            server in
            #expect(try await server.admin.get("/v2/").status == 200, "the account keeps its password")
            let bearer = RegistryCaller(address: server.address, credentials: .bearer(token))
            let start = try await bearer.post("/v2/a/b/blobs/uploads/")
            #expect(start.status == 202, "a token outlives a restart: \(start)")
        }
    }
}

extension String {
    /// The path and the query of a location, whether it is a whole URL or not.
    var path: String {
        guard let range = range(of: "://") else { return self }
        return String(self[range.upperBound...].drop { $0 != "/" })
    }
}
