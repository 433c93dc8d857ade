import Foundation
import Harness
import Testing

/// The limits that a configuration sets, each with its answer.
@Suite(.timeLimit(.minutes(5))) struct LimitTests {
    private var authorization: String {
        "Authorization: Basic \(Data("admin:\(Homeport.adminPassword)".utf8).base64EncodedString())\r\n"
    }

    @Test func sizesAreKeptTo() async throws {
        let settings =
            "registry: {manifest_size_max: 64KiB, blob_size_max: 1MiB, uploads_per_account_max: 2}\n"
        try await withHomeport(settings: settings) { server in
            let manifest = try await server.admin.put(
                "/v2/x/manifests/v1",
                headers: [("Content-Type", "application/vnd.oci.image.manifest.v1+json")],
                body: [UInt8](repeating: 32, count: 65_537))
            #expect(manifest.status == 413 && manifest.errorCodes == ["SIZE_INVALID"], "\(manifest)")
            let blob = randomBytes((1 << 20) + 1)
            let large = try await server.admin.post("/v2/x/blobs/uploads/?digest=\(sha256(blob))", body: blob)
            #expect(large.status == 413 && large.errorCodes == ["SIZE_INVALID"], "\(large)")
            let begun = try await server.admin.post("/v2/x/blobs/uploads/")
            let again = try await server.admin.post("/v2/x/blobs/uploads/")
            #expect(begun.status == 202 && again.status == 202)
            let third = try await server.admin.post("/v2/x/blobs/uploads/")
            #expect(third.status == 429 && third.errorCodes == ["TOOMANYREQUESTS"], "\(third)")
            #expect(third["Retry-After"] == "5")
            let location = try #require(begun["Location"])
            #expect(try await server.admin.delete(location).status == 204)
            #expect(try await server.admin.post("/v2/x/blobs/uploads/").status == 202)
        }
    }

    @Test func aStreamWithoutALengthIsCutOffWhereABlobEnds() async throws {
        try await withHomeport(settings: "registry: {blob_size_max: 1MiB}\n") { server in
            let begun = try await server.admin.post("/v2/x/blobs/uploads/")
            let location = try #require(begun["Location"])
            let connection = try RawConnection(port: server.port)
            try await connection.send(
                "PATCH \(location) HTTP/1.1\r\nHost: a\r\n\(authorization)Transfer-Encoding: chunked\r\n\r\n")
            let piece = Array("40000\r\n".utf8) + [UInt8](repeating: 7, count: 1 << 18) + Array("\r\n".utf8)
            var sent = 0
            while sent < 200 << 20, try await connection.send(piece) { sent += piece.count }
            #expect(sent < 16 << 20, "the server took \(sent) bytes")
            let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            // A client that goes on sending may find the connection reset before it has read the answer.
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
            #expect(try await server.admin.get(location).status == 404, "what came of it is thrown away")
        }
    }

    @Test(arguments: ["PUT", "PATCH", "POST"]) func aRefusedUploadIsNotSwallowed(_ method: String)
        async throws
    {
        try await withHomeport { server in
            let connection = try RawConnection(port: server.port)
            let digest = method == "PUT" ? "?digest=\(sha256([UInt8]()))" : ""
            let path = method == "POST" ? "" : "0123456789abcdef0123456789abcdef\(digest)"
            try await connection.send(
                "\(method) /v2/x/blobs/uploads/\(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000000\r\n\r\n"
            )
            let head = try await connection.readAnswer().head
            #expect(
                head.hasPrefix("HTTP/1.1 401 ") && head.lowercased().contains("connection: close"), "\(head)")
            let piece = [UInt8](repeating: 7, count: 1 << 18)
            var sent = 0
            while sent < 400 << 20, try await connection.send(piece) { sent += piece.count }
            #expect(sent < 16 << 20, "the server took \(sent) of 3,000,000,000 bytes")
        }
    }

    @Test func headersAndTheirTimeAreSet() async throws {
        let settings = "limits: {header_size_max: 4KiB, header_time: 500ms, connections_per_address_max: 3}\n"
        try await withHomeport(settings: settings) { server in
            let long = try RawConnection(port: server.port)
            let field = String(repeating: "a", count: 5000)
            try await long.send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: \(field)\r\n\r\n")
            #expect(String(decoding: try await long.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 431 "))
            let slow = try RawConnection(port: server.port)
            try await slow.send("GET /healthz HTTP/1.1\r\nHost: a\r\n")
            #expect(String(decoding: try await slow.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
        }
    }
}
