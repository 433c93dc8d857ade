import Contracts
import Foundation
import Harness
import Testing

/// What a signal does to transfers under way.
@Suite(.timeLimit(.minutes(5))) struct StopTests {
    @Test(arguments: ["TERM", "INT"]) func aSignalEndsAServerThatHasNothingToDo(_ signal: String) async throws
    {
        let folder = try TemporaryFolder()
        let (_, status) = try await withGuardedProcess(
            try homeportPath(), ["serve", "--data", folder.path + "/data", "--listen", "127.0.0.1:0"],
            environment: [:], log: folder.path + "/log"
        ) { process in
            _ = await process.line(startingWith: "listening on")
            try await process.signal(signal)
            await process.ended()
        }
        #expect(status == 0)
    }

    @Test func aDownloadUnderWayIsWholeWhenTheServerStops() async throws {
        try await withHomeport { homeport in
            let blob = randomBytes(24 << 20)
            let digest = sha256(blob)
            let pushed = try await homeport.admin.post("/v2/test/blobs/uploads/?digest=\(digest)", body: blob)
            #expect(pushed.status == 201)
            let credentials = Data("admin:\(Homeport.adminPassword)".utf8).base64EncodedString()
            let connection = try RawConnection(port: homeport.port)
            try await connection.send(
                "GET /v2/test/blobs/\(digest) HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(credentials)\r\n\r\n"
            )
            var got = try await connection.readToEnd(limit: 1 << 20)
            try await homeport.process.signal("TERM")
            got += try await connection.readToEnd()
            #expect(got.starts(with: "HTTP/1.1 200 ".utf8))
            #expect(got.suffix(blob.count).elementsEqual(blob), "\(got.count) bytes came")
            await homeport.process.ended()
        }
    }

    @Test func aSecondSignalDoesNotWait() async throws {
        let folder = try TemporaryFolder()
        let blob = randomBytes(24 << 20)
        let digest = sha256(blob)
        try await withHomeport(in: folder) { homeport in
            let pushed = try await homeport.admin.post("/v2/test/blobs/uploads/?digest=\(digest)", body: blob)
            #expect(pushed.status == 201)
            let idle = try RawConnection(port: homeport.port)
            try await idle.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.readAnswer().head.hasPrefix("HTTP/1.1 200"))
            let stalled = try RawConnection(port: homeport.port)
            try await stalled.send(
                "GET /v2/test/blobs/\(digest) HTTP/1.1\r\nHost: a\r\n\(authorization())\r\n")
            #expect(try await stalled.readToEnd(limit: 1 << 16).starts(with: "HTTP/1.1 200 ".utf8))
            let half = try RawConnection(port: homeport.port)
            try await half.send(
                "POST /v2/x/blobs/uploads/?digest=\(digest) HTTP/1.1\r\nHost: a\r\n\(authorization())"
                    + "Content-Length: \(blob.count)\r\n\r\n")
            try await half.send(Array(blob[..<(1 << 20)]))
            while !folder.holdsFile(ofAtLeast: 1, below: "uploads-in-progress") { await Task.yield() }
            try await homeport.process.signal("TERM")
            // Two that come at once are one for the kernel.
            while !folder.log.contains("running transfers may finish") { await Task.yield() }
            // Comes as late as it can: nobody has served them yet when they are cut.
            let fresh = (0..<20).compactMap { _ in try? RawConnection(port: homeport.port) }
            try await homeport.process.signal("TERM")
            await homeport.process.ended()
            withExtendedLifetime((idle, stalled, half, fresh)) {}
        }
        // Everything has been put away in order, without the last resort.
        #expect(folder.log.contains("running transfers are cut"))
        #expect(!folder.log.contains("without waiting any more"))
        try await withHomeport(in: folder) { homeport in
            let pulled = try await homeport.admin.get("/v2/test/blobs/\(digest)")
            #expect(pulled.body.elementsEqual(blob))
        }
    }

    @Test func aTransferThatTakesTooLongIsCutWhenTheTimeIsOver() async throws {
        try await withHomeport(settings: "limits: {stop_time: 1s}\n") { homeport in
            let credentials = Data("admin:\(Homeport.adminPassword)".utf8).base64EncodedString()
            let begun = try await homeport.admin.post("/v2/x/blobs/uploads/")
            let place = try #require(begun["Location"])
            let connection = try RawConnection(port: homeport.port)
            try await connection.send(
                "PATCH \(place) HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \(credentials)\r\nContent-Length: 100\r\n\r\n"
            )
            try await connection.send("half of it")
            try await homeport.process.signal("TERM")
            await homeport.process.ended()
        }
    }

    private func authorization() -> String {
        "Authorization: Basic \(Data("admin:\(Homeport.adminPassword)".utf8).base64EncodedString())\r\n"
    }

    @Test func anUploadUnderWayIsFinishedAndNothingNewIsTaken() async throws {
        let folder = try TemporaryFolder()
        let blob = randomBytes(3 << 20)
        let digest = sha256(blob)
        try await withHomeport(in: folder) { homeport in
            let begun = try await homeport.admin.post("/v2/x/blobs/uploads/")
            let place = try #require(begun["Location"])
            let idle = try RawConnection(port: homeport.port)
            try await idle.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.readAnswer().head.hasPrefix("HTTP/1.1 200"))
            let connection = try RawConnection(port: homeport.port)
            try await connection.send(
                "PUT \(place)?digest=\(digest) HTTP/1.1\r\nHost: a\r\n\(authorization())"
                    + "Content-Length: \(blob.count)\r\n\r\n")
            try await connection.send(Array(blob[..<(1 << 20)]))
            // The server has begun to take it when bytes of it lie in its folder.
            while !folder.holdsFile(ofAtLeast: 1, below: "uploads-in-progress") { await Task.yield() }
            try await homeport.process.signal("TERM")
            while (try? RawConnection(port: homeport.port)) != nil {}
            #expect(try await idle.readToEnd().isEmpty, "a connection without a request is closed")
            try await connection.send(Array(blob[(1 << 20)...]))
            let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
            await homeport.process.ended()
        }
        try await withHomeport(in: folder) { homeport in
            let pulled = try await homeport.admin.get("/v2/x/blobs/\(digest)")
            #expect(pulled.body.elementsEqual(blob))
        }
    }

    @Test func aSlowReaderGetsEveryByte() async throws {
        try await withHomeport { homeport in
            // More than the sockets of both sides hold, so that the server has to wait for the reader.
            let blob = randomBytes(24 << 20)
            let digest = sha256(blob)
            let pushed = try await homeport.admin.post("/v2/test/blobs/uploads/?digest=\(digest)", body: blob)
            #expect(pushed.status == 201)
            let connection = try RawConnection(port: homeport.port)
            try await connection.send(
                "GET /v2/test/blobs/\(digest) HTTP/1.1\r\nHost: a\r\n\(authorization())\r\n")
            var got = try await connection.readToEnd(limit: 1 << 16)
            try await homeport.process.signal("TERM")
            let clock = ContinuousClock()
            while true {
                let piece = try await connection.readToEnd(limit: 1 << 20)
                guard !piece.isEmpty else { break }
                got += piece
                try await clock.sleep(for: .milliseconds(100))
            }
            let body = try #require(got.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
            #expect(got.count - body == blob.count)
            #expect(got[body...].elementsEqual(blob))
            await homeport.process.ended()
        }
    }
}

extension TemporaryFolder {
    /// What the server in it has logged.
    fileprivate var log: String { (try? String(contentsOfFile: path + "/log", encoding: .utf8)) ?? "" }

    /// Whether some file is that large, in bytes, in a folder of this name somewhere below.
    fileprivate func holdsFile(ofAtLeast size: Int, below name: String) -> Bool {
        let files = FileManager.default.enumerator(
            at: URL(filePath: path), includingPropertiesForKeys: [.fileSizeKey])
        while let file = files?.nextObject() as? URL {
            let values = try? file.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
            if file.pathComponents.contains(name), values?.isRegularFile == true,
                values?.fileSize ?? 0 >= size
            {
                return true
            }
        }
        return false
    }
}
