import AsyncHTTPClient
package import Contracts
import Foundation
import NIOCore
import NIOHTTP1
package import Testing

/// A server that speaks S3, from PyPI (moto) behind a gate that verifies signatures, on a port of its own.
package struct S3Server: Sendable {
    package static let access = "AKIDOFTESTS"
    package static let secret = "secret+of/the=tests"

    /// The smallest part that it takes but for the last, in bytes: less than others, so that tests need not be large.
    package static let partMin = 40 << 10

    package let endpoint: String

    /// The server that was started for this test, by the trait `.s3Server` of a suite around it.
    @TaskLocal package static var current: S3Server?

    fileprivate init(port: String, isSecure: Bool) {
        self.endpoint = "\(isSecure ? "https" : "http")://127.0.0.1:\(port)"
    }

    /// The one of the suite.
    package static func shared() throws -> S3Server {
        guard let current else {
            throw CommandFailed(description: "the suite lacks the trait .s3Server")
        }
        return current
    }

    /// Makes a bucket that nobody else uses.
    package func newBucket() async throws -> String {
        let name = "test-\(UUID().uuidString.prefix(13).lowercased())"
        try await control(.POST, "bucket/\(name)")
        return name
    }

    /// Something that goes wrong with the next requests, see Tests/PeerScripts/s3_server.py.
    package struct Fault: Codable, Sendable {
        package var match: String
        package var times: Int
        package var `do`: String

        package init(_ match: String, times: Int = 1, do what: String) {
            self.match = match
            self.times = times
            self.do = what
        }
    }

    /// From now on these go wrong and no others.
    package func misbehave(_ faults: [Fault]) async throws {
        try await control(.POST, "faults", String(decoding: try JSONEncoder().encode(faults), as: UTF8.self))
    }

    /// What it was asked about a bucket, a line for each request.
    package func asked(_ bucket: String) async throws -> [String] {
        try await control(.GET, "log").split(separator: "\n").map(String.init).filter {
            $0.contains("/\(bucket)")
        }
    }

    @discardableResult
    private func control(_ method: HTTPMethod, _ path: String, _ body: String = "") async throws -> String {
        var request = HTTPClientRequest(url: "\(endpoint)/-/\(path)")
        request.method = method
        request.headers.add(name: "X-Secret", value: Self.secret)
        request.body = .bytes(ByteBuffer(string: body))
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
        let text = String(buffer: try await answer.body.collect(upTo: 16 << 20))
        guard answer.status == .ok else {
            throw CommandFailed(description: "the S3 of the tests answers \(answer.status.code): \(text)")
        }
        return text
    }

    /// Runs lines of Python on a bucket, as somebody with boto3 would, and returns what they print.
    package func edit(_ bucket: String, _ lines: String) async throws -> String {
        try await control(.POST, "run/\(bucket)", lines).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Runs an S3 while `body` runs.
///
/// - Parameter certificate: a certificate and its key, for TLS.
package func withS3Server<Value: Sendable>(
    certificate: [String] = [], in folder: TemporaryFolder,
    _ body: @Sendable @escaping (S3Server) async throws -> Value
) async throws -> Value {
    // Requests that hang on purpose would keep it.
    try await withScriptPeer(
        "s3_server.py", [S3Server.access, S3Server.secret] + certificate,
        environment: ["no_proxy": "127.0.0.1", "S3_UPLOAD_PART_MIN_SIZE": "\(S3Server.partMin)"],
        log: folder.path + "/s3_server.log", isKilled: true
    ) { port, _ in try await body(S3Server(port: port, isSecure: !certificate.isEmpty)) }
}

/// One S3 for all tests of a suite and those inside it; each test uses a bucket of its own.
package struct S3ServerTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withoutActuallyEscaping(function) { function in
            try await withS3Server(in: TemporaryFolder()) { server in
                try await S3Server.$current.withValue(server) { try await function() }
            }
        }
    }
}

extension Trait where Self == S3ServerTrait {
    package static var s3Server: Self { Self() }
}
