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
        try await withHomeport { homeport in
            let connection = try RawConnection(port: homeport.port)
            try await connection.send(
                "PUT /v2/x/blobs/uploads/a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
            try await homeport.process.signal("TERM")
            try await homeport.process.signal("TERM")
            await homeport.process.ended()
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
}
