import Contracts
import Foundation
import Harness
import Testing

/// The numbers of a running server, and the page that says what they mean.
@Suite(.timeLimit(.minutes(5))) struct MetricsTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func numbers(_ server: Homeport) async throws -> String {
        let answer = try await server.nobody.get("/metrics")
        #expect(answer.status == 200, "\(answer)")
        return answer.text
    }

    /// The value of one series; nil when it is not there.
    private func value(of series: String, in text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
            .flatMap { Double($0.dropFirst(series.count + 1)) }
    }

    @Test func everyNumberIsOnThePageAndNoOther() async throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/operate.md"), encoding: .utf8)
        let documented = page.matches(of: /(?m)^\| `([a-z_]+)` \| (counter|gauge|histogram)\*? \|/).map {
            "\($0.1) \($0.2)"
        }
        #expect(Set(documented).count == documented.count, "a metric stands twice")
        let named = try Self.namesInTheSource()
        let written = Set(documented.map { String($0.prefix { $0 != " " }) })
        #expect(named.subtracting(written).sorted() == [], "these are not in docs/operate.md")
        #expect(written.subtracting(named).sorted() == [], "these do not exist")
        try await withHomeport { server in
            let shown = try await numbers(server).matches(of: /(?m)^# TYPE (\S+ \S+)$/).map { String($0.1) }
            #expect(shown.count > 30, "a new server shows what it counts")
            #expect(
                Set(shown).subtracting(documented).sorted() == [], "these are of another kind on the page")
        }
    }

    /// What the program's source calls its numbers.
    private static func namesInTheSource() throws -> Set<String> {
        let files = FileManager.default.enumerator(
            at: root.appending(path: "Sources"), includingPropertiesForKeys: nil)
        var names: Set<String> = []
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            // Collections of a MongoDB have such names, too; those are settings.
            for line in text.split(separator: "\n") where !line.contains("package var ") {
                for match in line.matches(of: /"((?:homeport|process)_[a-z_]+)"/) {
                    names.insert(String(match.1))
                }
            }
        }
        return names
    }

    @Test func theyFollowWhatHappens() async throws {
        try await withHomeport { server in
            let blob = randomBytes(5000)
            let digest = sha256(blob)
            let pushed = try await server.admin.post(
                "/v2/app/blobs/uploads/?digest=\(digest)", body: blob)
            #expect(pushed.status == 201)
            #expect(try await server.admin.post("/v2/app/blobs/uploads/").status == 202)
            #expect(try await server.caller("admin", "wrong").get("/v2/").status == 401)
            let text = try await numbers(server)
            #expect(value(of: "homeport_stored_blobs", in: text) == 1)
            #expect(value(of: "homeport_stored_bytes", in: text) == 5000)
            #expect(value(of: "homeport_repositories", in: text) == 1)
            #expect(value(of: "homeport_uploads_in_progress", in: text) == 1)
            #expect(value(of: #"homeport_sign_ins_total{outcome="failed"}"#, in: text) == 1)
            #expect(value(of: #"homeport_registry_uploads_total{event="finished"}"#, in: text) == 1)
            #expect(value(of: "homeport_disk_free_bytes", in: text) ?? 0 > 0)
            #expect(value(of: "process_resident_memory_bytes", in: text) ?? 0 > 1_000_000)
            #expect(value(of: "homeport_database_transactions_total", in: text) ?? 0 > 3)
            let upload = #"homeport_registry_request_duration_seconds_count{route="upload"}"#
            #expect(value(of: upload, in: text) == 2)
        }
    }

    @Test func tooLittleRoomOnTheDiskIsNotReady() async throws {
        try await withHomeport(settings: "limits: {disk_free_min: 1000000TiB}\n") { server in
            let answer = try await server.nobody.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.text.hasPrefix("disk: "), "\(answer)")
            #expect(answer.text.contains("less than limits.disk_free_min"), "\(answer)")
            #expect(try await server.nobody.get("/healthz").status == 200)
        }
        try await withHomeport(settings: "limits: {disk_free_min: 0B}\n") { server in
            let answer = try await server.nobody.get("/readyz")
            #expect(answer.text == "ready\n")
        }
    }

    @Test func linesBelowARequestHaveItsIdentifier() async throws {
        try await withHomeport { server in
            let blob = randomBytes(10)
            _ = try await server.admin.post("/v2/app/blobs/uploads/?digest=\(sha256(blob))", body: blob)
            let gone = try await server.admin.delete("/v2/app/blobs/\(sha256(blob))")
            let id = try #require(gone["X-Request-Id"])
            func line(_ words: String) -> Substring? {
                server.log.split(separator: "\n").first { $0.contains(words) && $0.contains(" id=\(id)") }
            }
            while line("homeport.access request") == nil { await Task.yield() }
            #expect(line("homeport.request blob removed") != nil, "\(server.log)")
        }
    }
}
