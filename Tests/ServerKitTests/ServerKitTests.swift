import CoreMetrics
import Foundation
import Logging
import ServerKit
import Testing

@Suite struct LineLogTests {
    /// What the logger writes, read back from a file.
    private func written(_ format: LineLog.Format, _ body: (Logger) -> Void) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: path))
        body(
            Logger(label: "test") {
                LineLog(label: $0, level: .info, format: format, descriptor: file.fileDescriptor)
            })
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func aLineHasTimeLevelLabelMessageAndSortedFields() throws {
        let line = try written(.text) { $0.info("request", metadata: ["b": "2", "a": "one two"]) }
        #expect(
            line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info test request a="one two" b=2\n/)
                != nil)
    }

    @Test func noNameCanForgeALineOrAField() throws {
        let hostile = "bob\n2026 warning test sign-in failed client=1.2.3.4 \" x=\"\u{2028}"
        let line = try written(.text) { $0.warning("sign-in failed", metadata: ["account": "\(hostile)"]) }
        #expect(line.filter { $0 == "\n" }.count == 1)
        #expect(
            line.contains(#"account="bob\n2026 warning test sign-in failed client=1.2.3.4 \" x=\"\u2028""#))
    }

    @Test func jsonLinesAreJSON() throws {
        let line = try written(.json) { $0.info("say \"hi\"", metadata: ["path": "/a\tb\u{1}"]) }
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(object?["message"] == "say \"hi\"")
        #expect(object?["path"] == "/a\tb\u{1}")
    }

    @Test func whatIsBelowTheLevelIsNotWritten() throws {
        #expect(try written(.text) { $0.debug("quiet") } == "")
    }
}

@Suite struct SecretTests {
    @Test func aSecretNeverPrintsItself() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect("\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2") == false)
        #expect(secret.revealed == "hunter2")
    }
}

@Suite(.timeLimit(.minutes(1))) struct BlockingThreadsTests {
    @Test func oneCallTooManyIsRefusedAtOnce() async throws {
        let threads = BlockingThreads(count: 2, queueMax: 2)
        let gate = DispatchSemaphore(value: 0)
        let (starts, start) = AsyncStream.makeStream(of: Void.self)
        async let first: Void = threads.run {
            start.yield(); gate.wait()
        }
        async let second: Void = threads.run {
            start.yield(); gate.wait()
        }
        for await _ in starts.prefix(2) {}
        await #expect(throws: StoreError.self) { try await threads.run {} }
        gate.signal()
        gate.signal()
        _ = try await (first, second)
        try await threads.run {}
    }
}

@Suite struct PrometheusMetricsTests {
    @Test func whatIsMeasuredIsWrittenAsPrometheusReadsIt() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "pulls_total", dimensions: [("code", "2xx")]).increment(by: 3)
        metrics.makeCounter(label: "pulls_total", dimensions: [("code", "a\"b\\c\n")]).increment(by: 1)
        metrics.makeCounter(label: "pulls_total", dimensions: [("code", "2xx")]).increment(by: 2)
        metrics.makeMeter(label: "open.connections", dimensions: []).set(7.0)
        let timer = metrics.makeTimer(label: "duration_seconds", dimensions: [])
        timer.recordNanoseconds(400_000)
        timer.recordNanoseconds(2_000_000_000)

        let lines = metrics.text().split(separator: "\n").map(String.init)
        #expect(lines.contains("# TYPE pulls_total counter"))
        #expect(lines.contains(#"pulls_total{code="2xx"} 5"#))
        #expect(lines.contains(#"pulls_total{code="a\"b\\c\n"} 1"#))
        #expect(lines.contains("open_connections 7.0"))
        #expect(lines.contains(#"duration_seconds_bucket{le="0.0001"} 0"#))
        #expect(lines.contains(#"duration_seconds_bucket{le="0.0005"} 1"#))
        #expect(lines.contains(#"duration_seconds_bucket{le="+Inf"} 2"#))
        #expect(lines.contains("duration_seconds_sum 2.0004"))
        #expect(lines.contains("duration_seconds_count 2"))
        #expect(lines.filter { $0.hasPrefix("# TYPE") }.count == 3)
    }
}
