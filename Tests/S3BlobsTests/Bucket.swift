import Contracts
import Foundation
import Harness
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import S3Blobs

/// A bucket that no other test uses.
struct Bucket {
    let server: S3Server
    let name: String
    let prefix: String

    init(_ server: S3Server? = nil, prefix: String = "some/place") async throws {
        self.server = try server ?? S3Server.shared()
        self.name = try await self.server.newBucket()
        self.prefix = prefix
    }

    /// A thousandth of what is usual.
    static let small = PieceSizes(
        partMin: Int64(S3Server.partMin), first: 64 << 10, later: 256 << 10, firstCount: 1000)

    var places: Places { Places(prefix: prefix) }

    func settings(_ change: (inout S3Settings) -> Void = { _ in }) throws -> S3Settings {
        var settings = S3Settings(
            endpoint: try #require(S3Endpoint(server.endpoint)), bucket: name,
            keys: .init(access: S3Server.access, secret: Secret(S3Server.secret)))
        settings.prefix = prefix
        change(&settings)
        return settings
    }

    /// The bucket as one process has it open.
    func blobs(
        budget: Int = 192 << 20, sizes: PieceSizes = Self.small,
        _ change: (inout S3Settings) -> Void = { _ in },
        owner: String = "", orphanAge: TimeInterval = 3600,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws -> S3Blobs {
        try S3Blobs(
            settings(change), owner: owner, threads: BlockingThreads(count: 2, queueMax: 1000), sizes: sizes,
            budget: Budget(max: budget), orphanAge: orphanAge, now: now)
    }

    func edit(_ lines: String) async throws -> String { try await server.edit(name, lines) }

    @discardableResult
    func publish(_ bytes: [UInt8], in blobs: S3Blobs, id: UInt64 = 1) async throws -> Digest {
        let upload = try await blobs.createUpload(Samples.uploadID(id), algorithm: .sha256)
        for start in stride(from: 0, to: bytes.count, by: 30_000) {
            try await upload.append(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + 30_000)]))
        }
        let digest = try await upload.digest()
        try await upload.publish(as: digest)
        try await blobs.discardUpload(Samples.uploadID(id))
        return digest
    }
}

extension S3Blobs {
    /// All of a blob, in the steps in which it is sent.
    func read(_ digest: Digest, by step: Int = 256 << 10) async throws -> [UInt8] {
        let blob = try await open(digest)
        var bytes: [UInt8] = []
        while bytes.count < blob.size {
            bytes += Array(buffer: try await blob.read(at: Int64(bytes.count), count: step))
        }
        return bytes
    }
}
