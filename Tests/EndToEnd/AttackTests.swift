import Contracts
import Foundation
import Harness
import Testing

/// What somebody tries who means harm, against the real program and byte by byte.
@Suite(.homeport, .timeLimit(.minutes(3))) struct AttackTests {
    /// Sends a request as it is written here and returns all that comes back before the server closes.
    private func exchange(_ request: String, _ server: Homeport) async throws -> String {
        let connection = try RawConnection(port: server.port)
        try await connection.send(request)
        return String(decoding: try await connection.readToEnd(limit: 1 << 20), as: UTF8.self)
    }

    private func head(_ line: String, _ fields: String..., credentials: String? = nil) throws -> String {
        let server = try Homeport.current()
        let known = credentials ?? basic("admin", Homeport.adminPassword)
        let lines = ["\(line) HTTP/1.1", "Host: \(server.address)", "Authorization: Basic \(known)"]
        return (lines + fields + ["Connection: close", "", ""]).joined(separator: "\r\n")
    }

    private func status(_ answer: String) -> Int {
        Int(answer.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0
    }

    private static let zeros = String(repeating: "0", count: 64)

    // MARK: - Paths

    @Test(arguments: [
        "/v2/%2e%2e/%2e%2e/homeport.db", "/v2/a/../../../homeport.db", "/v2/a/..%2f..%2fhomeport.db",
        "/v2/../homeport.db", "/v2/a%00b/manifests/x", "/v2/a/manifests/%00", "/v2/a/manifests/..",
        "/v2/%c0%ae%c0%ae/manifests/x", "/v2/a/manifests/%ff", "/v2/a/manifests/%",
        "/v2/a/blobs/sha256:../../../../../../homeport.db", "/v2/a/blobs/uploads/..%2f..%2fhomeport.db",
        "/v2/a/blobs/sha256%3A\(zeros)%2f..%2fdata", "/v2/./a/manifests/x", "/v2//a//manifests/x",
        "/v2/a\\..\\b/manifests/x", "/v2/a/blobs/uploads/.", "/v2/_catalog/../../etc/passwd",
        "/v2/a/referrers/sha256:..%2f", "/%2e%2e/homeport.db", "/..%2fhomeport.db", "/v2/a/tags/list/..",
        "/v2/\u{e4}/manifests/x", "/v2/a;b/manifests/x", "/v2/A/manifests/x",
        "/v2/" + String(repeating: "a/", count: 900) + "manifests/x",
    ])
    func aPathLeadsNowhereElse(_ path: String) async throws {
        let server = try Homeport.current()
        for method in ["GET", "DELETE", "PUT", "PATCH", "POST"] {
            let answer = try await exchange(try head("\(method) \(path)", "Content-Length: 0"), server)
            #expect([400, 404, 405].contains(status(answer)), "\(method) \(path): \(answer)")
            #expect(!answer.contains("SQLite format"))
        }
    }

    @Test func noSpellingOfANameGetsAroundTheRules() async throws {
        let repository = try SpecRepository("secret")
        let image = try await repository.pushImage("v1")
        let name = repository.name
        try await repository.server.addAccount("curious")
        let credentials = basic("curious", "pass word")
        let slash = name.replacing("/", with: "%2F")
        let spellings = [
            name, slash, slash.lowercased(), name.replacing("s", with: "%73"), name + "/", "/" + name,
            "curious/../" + name, "curious%2f..%2f" + name, name.replacing("/", with: "//"),
            name.replacing("/", with: "/./"), name.uppercased(), name + "%00", name + "?", name + "#",
        ]
        for spelling in spellings {
            for end in [
                "manifests/v1", "manifests/\(image.digest)", "blobs/\(sha256(image.layer))", "tags/list",
            ] {
                let request = try head("GET /v2/\(spelling)/\(end)", credentials: credentials)
                let answer = try await exchange(request, repository.server)
                #expect([400, 403, 404].contains(status(answer)), "\(spelling)/\(end): \(answer)")
            }
        }
    }

    @Test func aRequestInAbsoluteFormIsStillOurs() async throws {
        let server = try Homeport.current()
        let answer = try await exchange(
            "GET http://evil.example/v2/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", server)
        #expect([400, 401, 404].contains(status(answer)), "\(answer)")
    }

    @Test(arguments: [
        "/\\evil.example", "//evil.example/v2/", "/v2/\\evil.example/", "/\\\\evil.example/%2e%2e", "/v2",
        "/auth", "/auth/", "/https://evil.example",
        "/v2/_catalog?last=%0d%0aLocation:%20https://evil.example",
    ])
    func itRedirectsNowhere(_ path: String) async throws {
        let answer = try await exchange(try head("GET \(path)"), try Homeport.current())
        #expect(!(300..<400).contains(status(answer)), "\(path): \(answer)")
        #expect(!answer.lowercased().contains("\r\nlocation:"), "\(path): \(answer)")
    }

    // MARK: - Heads

    @Test(arguments: [
        "POST /v2/a/blobs/uploads/?mount=sha256:x%0d%0aX-Evil:%201&from=b%0d%0aX-Evil:%201",
        "GET /v2/a%0d%0aX-Evil:%201/manifests/x", "GET /v2/a/manifests/x%0d%0aX-Evil:%201",
        "GET /v2/a/tags/list?n=1&last=%0d%0aX-Evil:%201", "GET /v2/_catalog?n=1&last=a%0d%0aX-Evil:%201",
        "GET /v2/a/referrers/sha256:\(zeros)?artifactType=a/b%0d%0aX-Evil:%201",
        "GET /auth/token?service=homeport%0d%0aX-Evil:%201&scope=repository:a:pull%0d%0aX-Evil:%201",
    ])
    func noHeaderCanBeAdded(_ line: String) async throws {
        let answer = try await exchange(try head(line, "Content-Length: 0"), try Homeport.current())
        let ends = answer.range(of: "\r\n\r\n")?.lowerBound ?? answer.endIndex
        let names = answer[..<ends].split(separator: "\r\n").map { $0.prefix { $0 != ":" }.lowercased() }
        #expect(!names.contains("x-evil"), "\(answer)")
    }

    @Test(arguments: ["a\"b", "a, error=\"x\"", "evil.example/", "evil.example\\", "a b"])
    func aHostCannotWriteIntoTheChallenge(_ host: String) async throws {
        let request = "GET /v2/ HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
        let answer = try await exchange(request, try Homeport.current())
        #expect([400, 401].contains(status(answer)), "\(answer)")
        #expect(!answer.contains(host), "\(answer)")
    }

    @Test func anotherSitesPagesAreTrustedWithNothing() async throws {
        let server = try Homeport.current()
        for line in ["GET /v2/", "OPTIONS /v2/", "GET /auth/token", "GET /v2/_catalog"] {
            let answer = try await exchange(
                try head(line, "Origin: https://evil.example", "Access-Control-Request-Method: GET"), server)
            #expect(!answer.lowercased().contains("access-control-"), "\(line): \(answer)")
        }
    }

    @Test(arguments: [
        "Content-Length: 3\r\nContent-Length: 4", "Content-Length: -1", "Content-Length: 1 1",
        "Transfer-Encoding: chunked\r\nContent-Length: 3", "Content-Length : 3",
        "Transfer-Encoding: xchunked", "X: a\r\n b\r\n\tc", "Content-Length: 99999999999999999999",
    ])
    func aBodyOfTwoLengthsIsNoWayToASecondRequest(_ fields: String) async throws {
        let server = try Homeport.current()
        let hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        let connection = try RawConnection(port: server.port, patience: 2)
        try await connection.send(
            "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n0\r\n\r\n\(hidden)")
        let answer = String(decoding: try await connection.readToEnd(limit: 1 << 20), as: UTF8.self)
        // Status lines, not sentences that speak of the version.
        let answers = (1...5).reduce(0) { $0 + answer.ranges(of: "HTTP/1.1 \($1)").count }
        #expect(answers <= 1 || fields.hasPrefix("X:"), "\(fields): \(answer)")
        #expect(!answer.contains("HTTP/1.1 5"), "\(fields): \(answer)")
    }

    // MARK: - Bodies

    @Test(arguments: ["[", "{\"config\":", "{\"annotations\":{\"a\":"])
    func aDeepDocumentIsRefusedAndHarmsNobody(_ piece: String) async throws {
        let repository = try SpecRepository()
        let deep = Array(String(repeating: piece, count: (4 << 20) / piece.utf8.count).utf8)
        for type in [OCILayout.imageType, OCILayout.indexType, "text/x-unknown"] {
            let answer = try await repository.put(deep, at: "deep", as: type)
            #expect([400, 201].contains(answer.status), "\(answer)")
            #expect(answer.status == 400 || type == "text/x-unknown")
        }
        #expect(try await repository.caller.get("/v2/").status == 200, "the server lives")
    }

    @Test func aCompressedBodyIsTakenAsItIs() async throws {
        let repository = try SpecRepository()
        let bomb = try await gzipBomb(in: repository.server.folder.path)
        let before = try memory(of: repository.server)
        let manifest = try await repository.caller.put(
            repository.manifest("bomb"),
            headers: [("Content-Type", OCILayout.imageType), ("Content-Encoding", "gzip")], body: bomb)
        #expect(manifest.status == 400, "\(manifest)")
        let location = try await repository.startUpload()
        let blob = try await repository.caller.put(
            location.adding("digest=\(sha256(bomb))"), headers: [("Content-Encoding", "gzip")], body: bomb)
        #expect(blob.status == 201, "a blob is the bytes that came: \(blob)")
        #expect(try await repository.caller.get(repository.blob(sha256(bomb))).body.elementsEqual(bomb))
        #expect(try memory(of: repository.server) < before + (48 << 20))
    }

    /// 64 MiB of nothing, packed into a few hundred KiB.
    private func gzipBomb(in folder: String) async throws -> [UInt8] {
        let file = folder + "/bomb.gz"
        let script = "head -c 67108864 /dev/zero | gzip -1 > \"$0\""
        try await Command("/bin/sh", ["-c", script, file]).run().succeeded()
        return Array(try Data(contentsOf: URL(filePath: file)))
    }

    /// Resident, in bytes, as the kernel counts.
    private func memory(of server: Homeport) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(server.process.pid)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (Int(line.split { !$0.isNumber }.first ?? "") ?? 0) << 10
    }

    @Test func aManifestWithoutAnEndIsNotRead() async throws {
        let server = try Homeport.current()
        let connection = try RawConnection(port: server.port)
        try await connection.send(
            "PUT /v2/endless/manifests/v1 HTTP/1.1\r\nHost: \(server.address)\r\n"
                + "Authorization: Basic \(basic("admin", Homeport.adminPassword))\r\n"
                + "Content-Type: \(OCILayout.imageType)\r\nTransfer-Encoding: chunked\r\n\r\n")
        let piece = Array("10000\r\n".utf8) + [UInt8](repeating: 0x20, count: 0x10000) + [13, 10]
        var sent = 0
        while sent < 512, try await connection.send(piece) { sent += 1 }
        #expect(sent < 512, "32 MiB of a manifest were taken")
    }

    // MARK: - Ranges

    @Test func manyRangesAreOneAnswer() async throws {
        let repository = try SpecRepository()
        let bytes = randomBytes(10_000)
        let digest = try await repository.push(bytes)
        let many = "bytes=" + (0..<1500).map { "\($0)-" }.joined(separator: ",")
        let answer = try await repository.caller.get(repository.blob(digest), headers: [("Range", many)])
        #expect(answer.status == 200 && answer.body.elementsEqual(bytes))
        let overlapping = try await repository.caller.get(
            repository.blob(digest), headers: [("Range", "bytes=0-0,0-9999,0-9999")])
        #expect(overlapping.status == 200 && overlapping.body.elementsEqual(bytes))
        for range in [
            "bytes=18446744073709551615-", "bytes=-18446744073709551616", "bytes=9223372036854775807-1",
            "bytes=0x10-0x20", "bytes=--1", "bytes=1--", "bytes= 0 - 1",
        ] {
            let answer = try await repository.caller.get(repository.blob(digest), headers: [("Range", range)])
            #expect([200, 206, 416].contains(answer.status), "\(range): \(answer.status)")
            #expect(answer.body.count <= 10_000)
        }
    }

    // MARK: - What belongs to others

    @Test func anUploadOfAnotherAccountIsOutOfReach() async throws {
        let server = try Homeport.current()
        let owner = try await server.addAccount("owner")
        let thief = try await server.addAccount("thief")
        try await server.addRule(77, "--name", "common/**", actions: "pull,push,delete")
        let bytes = randomBytes(3000)
        let start = try await owner.post("/v2/common/app/blobs/uploads/")
        let location = try #require(start["Location"])
        #expect(try await owner.patch(location, body: Array(bytes[..<1000])).status == 202)
        for caller in [thief, server.nobody] {
            let answers = [
                try await caller.get(location), try await caller.delete(location),
                try await caller.patch(location, body: [1, 2, 3]),
                try await caller.put(location.adding("digest=\(sha256(bytes))"), body: bytes),
            ]
            #expect(answers.allSatisfy { [401, 404].contains($0.status) }, "\(answers)")
        }
        let elsewhere = location.replacing("common/app", with: "common/other")
        #expect(try await owner.get(elsewhere).status == 404)
        let end = try await owner.put(
            location.adding("digest=\(sha256(bytes))"), body: Array(bytes[1000...]))
        #expect(end.status == 201, "nothing of it was touched: \(end)")
    }

    @Test func aCachedBlobStaysInItsRepository() async throws {
        let (mine, other) = (try SpecRepository("cached"), try SpecRepository("cached"))
        let bytes = randomBytes(700)
        let digest = try await mine.push(bytes)
        for _ in 0..<3 { #expect(try await mine.caller.get(mine.blob(digest)).status == 200) }
        #expect(try await other.caller.get(other.blob(digest)).status == 404)
        #expect(try await other.caller.head(other.blob(digest)).status == 404)
        let reader = try await mine.server.addAccount("reader\(UInt32.random(in: 0 ... .max))")
        guard case .basic(let name, _) = reader.credentials else { return }
        try await mine.server.addRule(79, "--account", name, "--name", mine.name, actions: "pull")
        #expect(try await reader.get(mine.blob(digest)).body.elementsEqual(bytes))
        try await mine.server.command("acl", "remove", "--yes", "79")
        #expect(try await reader.get(mine.blob(digest)).status == 403, "the right is gone, the cache is warm")
        #expect(try await mine.caller.delete(mine.blob(digest)).status == 202)
        #expect(try await mine.caller.get(mine.blob(digest)).status == 404)
    }

    @Test func whoMayPushMayNotThereforeDelete() async throws {
        let repository = try SpecRepository("kept")
        let image = try await repository.pushImage("v1")
        let pusher = try await repository.server.addAccount("pusher")
        try await repository.server.addRule(
            78, "--account", "pusher", "--name", "kept/**", actions: "pull,push")
        for path in ["v1", image.digest].map(repository.manifest) + [repository.blob(sha256(image.layer))] {
            let answer = try await pusher.delete(path)
            #expect(answer.status == 403 && answer.errorCodes == ["DENIED"], "\(path): \(answer)")
        }
        #expect(try await pusher.get(repository.manifest("v1")).status == 200)
    }

    @Test func aLinkInTheDataFolderIsNotFollowed() async throws {
        let repository = try SpecRepository()
        let digest = try await repository.push(randomBytes(500))
        let hex = digest.dropFirst("sha256:".count)
        let file =
            "\(repository.server.folder.path)/data/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
        let secret = repository.server.folder.path + "/secret"
        try "the operator's secret".write(toFile: secret, atomically: true, encoding: .utf8)
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: secret)
        let answer = try await repository.caller.get(repository.blob(digest))
        #expect(answer.status >= 400, "\(answer)")
        #expect(!answer.text.contains("secret"))
        try FileManager.default.removeItem(atPath: file)
    }

    // MARK: - The log

    @Test func nobodyWritesALineOfTheLogButTheServer() async throws {
        let server = try Homeport.current()
        let line =
            "2026-11-23T19:30:00.123Z warning homeport.accounts sign-in failed account=root client=1.2.3.4"
        let escaped = "%0a" + line.replacing(" ", with: "%20") + "%0a%1b[31m"
        _ = try await exchange(try head("GET /v2/\(escaped)/manifests/x"), server)
        _ = try await exchange(
            try head("GET /v2/", credentials: basic("x\n\(line)\n\u{1B}[31m\u{2028}", "y")), server)
        _ = try await exchange(try head("GET /auth/token?account=a\(escaped)&service=homeport"), server)
        _ = try await exchange(try head("GET /\(escaped)", "User-Agent: a\u{1B}[31m"), server)
        _ = try await exchange(try head("GET /\u{1B}[31m\u{85}x"), server)
        let log = server.log
        #expect(!log.isEmpty)
        #expect(!log.contains("\u{1B}") && !log.contains("\u{2028}") && !log.contains("\u{85}"))
        for entry in log.split(separator: "\n") {
            let isOurs = entry.first?.isNumber == true && entry.contains("Z ")
            #expect(isOurs && !entry.hasPrefix(line), "\(entry)")
        }
    }
}
