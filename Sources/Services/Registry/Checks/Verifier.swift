import FoundationEssentials
import NIOCore
import OCI
import ServerKit

import protocol Crypto.HashFunction
import struct Crypto.SHA256
import struct Crypto.SHA512

/// Checks that everything is as its row says: every blob has its bytes, every digest is that of the bytes,
/// every manifest has what it refers to.
///
/// It works beside a registry in use. How far it has come is kept, so that one that was stopped, in whatever
/// way, is gone on with.
package struct Verifier: Sendable {
    private let blobs: any BlobStore
    private let links: any BlobLinks
    private let manifests: any ManifestStore
    private let checks: any CheckLedger
    private let control: DamageControl
    /// The name under which the progress is kept.
    private let name: String

    private static let pageSize = 100
    private static let pieceSize = 1 << 20
    /// After so long what was done is written down.
    private static let saveInterval = Duration.seconds(2)

    package init(
        blobs: any BlobStore, links: any BlobLinks, manifests: any ManifestStore, checks: any CheckLedger,
        control: DamageControl, name: String
    ) {
        self.blobs = blobs
        self.links = links
        self.manifests = manifests
        self.checks = checks
        self.control = control
        self.name = name
    }

    /// The check that was begun last, finished or not.
    package func last() async throws -> CheckProgress? { try await checks.progress(of: name) }

    /// Checks everything, going on with an unfinished check unless a new one is asked for.
    ///
    /// - Parameters:
    ///   - bytesPerSecond: how fast blobs are read; nil for as fast as can be.
    ///   - onProgress: told after each piece.
    package func run(
        anew: Bool = false, bytesPerSecond: Int? = nil,
        onProgress: @Sendable @escaping (CheckProgress) -> Void = { _ in }
    ) async throws -> CheckProgress {
        let last = anew ? nil : try await last().flatMap { $0.isFinished ? nil : $0 }
        var pass = Pass(
            progress: last ?? CheckProgress(startedAt: control.now()),
            pace: Pace(bytesPerSecond: bytesPerSecond),
            onProgress: onProgress)
        try await save(&pass)
        while !pass.progress.isFinished {
            switch pass.progress.phase {
            case .blobs: try await checkBlobs(&pass)
            case .files: try await checkFiles(&pass)
            case .manifests: try await checkManifests(&pass)
            case .done: break
            }
            if pass.savedAt.duration(to: .now) >= Self.saveInterval { try await save(&pass) }
        }
        pass.progress.finishedAt = control.now()
        try await save(&pass)
        return pass.progress
    }

    private struct Pass {
        var progress: CheckProgress
        var pace: Pace
        let onProgress: @Sendable (CheckProgress) -> Void
        var savedAt = ContinuousClock.now
    }

    private func save(_ pass: inout Pass) async throws {
        try await checks.save(pass.progress, of: name)
        pass.savedAt = .now
        pass.onProgress(pass.progress)
    }
}

// MARK: - Blobs

extension Verifier {
    private func checkBlobs(_ pass: inout Pass) async throws {
        let last = pass.progress.cursor.isEmpty ? nil : try Digest(pass.progress.cursor)
        let page = try await checks.blobRecords(after: last, limit: Self.pageSize)
        guard !page.isEmpty else { return pass.progress.begin(.files) }
        for record in page {
            let isWhole = try await check(record, &pass)
            if isWhole {
                let wasDamaged = try await control.ledger.forget(.blob(record.digest))
                if wasDamaged { pass.progress.mended += 1 }
            } else {
                pass.progress.damagedBlobs += 1
            }
            pass.progress.blobs += 1
            pass.progress.cursor = "\(record.digest)"
            pass.onProgress(pass.progress)
            if pass.savedAt.duration(to: .now) >= Self.saveInterval { try await save(&pass) }
        }
    }

    /// Whether a blob is what its row says. One that is not has been set aside, unless somebody has mended or
    /// removed it meanwhile, which counts as whole.
    private func check(_ record: BlobRecord, _ pass: inout Pass) async throws -> Bool {
        let digest = record.digest
        let blob: (any StoredBlob)?
        do {
            blob = try await unlessMissing { try await blobs.open(digest) }
        } catch let error as StoreError where error.kind == .damaged {
            return try await !control.seize(
                digest, opened: nil, .unreadable, "it cannot be read: \(error)")
        }
        guard let blob else {
            return try await !control.seize(digest, opened: nil, .missing, "its file is not there")
        }
        guard blob.size == record.size else {
            return try await !control.seize(
                digest, opened: blob, .size, "its file has \(blob.size) bytes instead of \(record.size)")
        }
        do {
            let actual = try await hash(blob, by: digest.algorithm, &pass)
            if actual == digest { return true }
            return try await !control.seize(
                digest, opened: blob, .digest, "its bytes have the digest \(actual)")
        } catch let error as StoreError where error.kind == .damaged {
            return try await !control.seize(
                digest, opened: blob, .unreadable, "it cannot be read: \(error)")
        }
    }

    private func hash(_ blob: any StoredBlob, by algorithm: Digest.Algorithm, _ pass: inout Pass)
        async throws -> Digest
    {
        switch algorithm {
        case .sha256: Digest(.sha256, bytes: Array(try await feed(SHA256(), blob, &pass).finalize()))
        case .sha512: Digest(.sha512, bytes: Array(try await feed(SHA512(), blob, &pass).finalize()))
        }
    }

    private func feed<Hash: HashFunction>(_ hash: Hash, _ blob: any StoredBlob, _ pass: inout Pass)
        async throws -> Hash
    {
        var hash = hash
        var offset: Int64 = 0
        while offset < blob.size {
            let piece = try await blob.read(at: offset, count: Self.pieceSize)
            guard piece.readableBytes > 0 else { throw StoreError(.damaged, "the file ended early") }
            piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            offset += Int64(piece.readableBytes)
            pass.progress.bytes += Int64(piece.readableBytes)
            pass.onProgress(pass.progress)
            try await pass.pace.spend(piece.readableBytes)
        }
        return hash
    }
}

// MARK: - Files and manifests

extension Verifier {
    /// Counts files that no row knows of: they take room, and the collector removes them.
    private func checkFiles(_ pass: inout Pass) async throws {
        let last = pass.progress.cursor.isEmpty ? nil : try Digest(pass.progress.cursor)
        let page = try await blobs.digests(after: last, limit: Self.pageSize)
        guard let end = page.last else { return pass.progress.begin(.manifests) }
        for digest in try await checks.unrecorded(page) {
            guard let size = try await blobs.size(of: digest) else { continue }
            pass.progress.strays += 1
            pass.progress.strayBytes += size
            if pass.progress.strayNames.count < CheckProgress.strayNamesMax {
                pass.progress.strayNames.append("\(digest)")
            }
        }
        pass.progress.cursor = "\(end)"
    }

    private func checkManifests(_ pass: inout Pass) async throws {
        let last = Int64(pass.progress.cursor) ?? 0
        let page = try await checks.manifestRecords(after: last, limit: Self.pageSize)
        guard !page.isEmpty else { return pass.progress.begin(.done) }
        for record in page {
            try await check(record, &pass)
            pass.progress.manifests += 1
            pass.progress.cursor = "\(record.position)"
        }
        try Task.checkCancellation()
        pass.onProgress(pass.progress)
    }

    private func check(_ record: ManifestRecord, _ pass: inout Pass) async throws {
        let (stored, repository) = (record.manifest, record.repository)
        let actual = stored.actualDigest
        guard actual == stored.digest else {
            if try await control.note(stored, in: repository, actual: actual) {
                pass.progress.damagedManifests += 1
            }
            return
        }
        if try await control.ledger.forget(.manifest(stored.digest, repository)) { pass.progress.mended += 1 }
        let missing = try await missing(from: stored, in: repository)
        guard !missing.isEmpty else { return }
        pass.progress.incompleteCount += 1
        guard pass.progress.incomplete.count < CheckProgress.incompleteMax else { return }
        pass.progress.incomplete.append(
            IncompleteManifest(
                repository: repository.text, digest: "\(stored.digest)",
                missing: missing.prefix(5).map(\.description)))
    }

    /// What a manifest cannot do without and its repository does not hold; not what is damaged, which is
    /// reported for itself.
    private func missing(from stored: StoredManifest, in repository: RepositoryName) async throws -> [Digest]
    {
        guard let manifest = try? Manifest(stored.bytes, contentType: stored.mediaType) else { return [] }
        var missing: [Digest] = []
        for digest in try await links.missing(manifest.requiredBlobs, in: repository)
        where try await !control.ledger.isDamaged(.blob(digest)) {
            missing.append(digest)
        }
        for digest in manifest.requiredManifests
        where try await manifests.manifest(digest, in: repository) == nil {
            missing.append(digest)
        }
        return missing
    }
}
