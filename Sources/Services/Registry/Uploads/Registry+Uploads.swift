import Logging
package import NIOCore
package import OCI
import ServerKit

/// A request for an upload that stands elsewhere than the request thinks, or that another request is at work
/// on. The client asks for the status and goes on from there.
package struct UploadOffsetMismatch: Error, Hashable, Sendable {
    /// How many bytes the registry has.
    package let size: Int64
    package let detail: String
}

/// A blob that would be larger than the registry takes.
package struct BlobTooLarge: Error, Hashable, Sendable {
    /// In bytes.
    package let limit: Int64
}

/// Names an upload and whoever speaks of it: only the account that began it, in the repository it began in,
/// finds it.
package struct UploadTicket: Sendable, Hashable {
    package let id: UploadID
    package let repository: RepositoryName
    /// Empty for somebody anonymous.
    package let account: String

    package init(id: UploadID, repository: RepositoryName, account: String) {
        self.id = id
        self.repository = repository
        self.account = account
    }
}

/// What a request says about the bytes it brings, as far as it says anything.
package struct UploadChunk: Sendable, Hashable {
    /// Where in the blob the bytes belong (`Content-Range`).
    package var range: Range<Int64>?
    /// How many there are (`Content-Length`).
    package var length: Int64?

    package init(range: Range<Int64>? = nil, length: Int64? = nil) {
        self.range = range
        self.length = length
    }
}

/// How far an upload has come with one request.
package struct UploadProgress: Sendable, Hashable {
    /// All bytes of the upload so far.
    package let size: Int64
    /// Those that came with this request.
    package let received: Int64

    package init(size: Int64, received: Int64) {
        self.size = size
        self.received = received
    }
}

/// Pushing blobs (distribution-spec, "Pushing blobs"). An upload lives from `beginUpload` until it is
/// finished, cancelled or forgotten for want of progress; broken connections and restarts do not end it.
extension Registry {
    /// - Parameter size: how many bytes are to come, as far as that is known.
    /// - Throws: `PolicyRefusal` when they do not fit into the repository.
    package func beginUpload(
        in repository: RepositoryName, by account: String, algorithm: Digest.Algorithm = .sha256,
        size: Int64? = nil
    ) async throws -> UploadTicket {
        try await room(in: repository).require(size ?? 1)
        var generator = SystemRandomNumberGenerator()
        let date = now()
        let record = UploadRecord(
            id: UploadID(using: &generator), repository: repository, account: account, algorithm: algorithm,
            startedAt: date, movedAt: date)
        guard uploads.admit(record, perAccountMax: limits.uploadsPerAccount) else {
            throw OCIError(
                .tooManyRequests,
                "at most \(limits.uploadsPerAccount) uploads of one account may be under way at once")
        }
        do {
            try await blobs.requireRoom()
            // The row comes first: bytes without a row would be nobody's.
            try await ledger.begin(record)
            let upload = try await blobs.createUpload(record.id, algorithm: algorithm)
            uploads.release(OpenUpload(record: record, upload: upload), at: date)
        } catch {
            uploads.drop(record.id)
            throw error
        }
        return UploadTicket(id: record.id, repository: repository, account: account)
    }

    /// How many bytes of an upload the registry has.
    package func uploadSize(_ ticket: UploadTicket) async throws -> Int64 {
        do {
            return try await withUpload(ticket) { open in (open.upload.size, .stays) }
        } catch let busy as UploadOffsetMismatch {
            return busy.size
        }
    }

    /// Takes the next bytes of an upload.
    ///
    /// - Throws: `UploadOffsetMismatch` when the chunk does not begin where the upload ends; nothing of it
    /// was read then.
    package func append<Body: AsyncSequence>(_ body: Body, _ chunk: UploadChunk, to ticket: UploadTicket)
        async throws -> UploadProgress
    where Body.Element == ByteBuffer {
        try await withUpload(ticket) { open in
            (try await take(body, chunk, into: open), .stays)
        }
    }

    /// Takes the last bytes of an upload, if there are any, and makes the blob part of the repository.
    ///
    /// - Throws: `.digestInvalid` when the bytes have another digest; the upload is thrown away then.
    package func finishUpload<Body: AsyncSequence>(
        _ ticket: UploadTicket, as digest: Digest, _ body: Body, _ chunk: UploadChunk
    ) async throws -> UploadProgress where Body.Element == ByteBuffer {
        try await withUpload(ticket, hashedBy: digest.algorithm) { open in
            let progress = try await take(body, chunk, into: open)
            let actual = try await open.upload.digest()
            guard actual == digest else {
                await end(open)
                throw OCIError(.digestInvalid, "the uploaded bytes have the digest \(actual), not \(digest)")
            }
            do {
                try await unlessRefused { try await publish(open, as: digest) }
            } catch let refusal as PolicyRefusal {
                await end(open)
                throw refusal
            }
            await end(open)
            try await tryQuotas(open.record.repository)
            return (progress, .ended)
        }
    }

    /// Throws an upload away.
    package func cancelUpload(_ ticket: UploadTicket) async throws {
        try await withUpload(ticket) { open in
            try await blobs.discardUpload(open.record.id)
            try await ledger.end(open.record.id)
            return ((), .ended)
        }
    }

    private func take<Body: AsyncSequence>(_ body: Body, _ chunk: UploadChunk, into open: OpenUpload)
        async throws -> UploadProgress
    where Body.Element == ByteBuffer {
        let start = open.upload.size
        if let range = chunk.range {
            guard range.lowerBound == start else {
                throw UploadOffsetMismatch(
                    size: start, detail: "the next chunk begins at \(start), not at \(range.lowerBound)")
            }
            guard chunk.length.map({ $0 == Int64(range.count) }) ?? true else {
                throw OCIError(.sizeInvalid, "Content-Range and Content-Length do not agree")
            }
        }
        let expected = chunk.range.map { Int64($0.count) } ?? chunk.length
        let bounds = UploadBounds(
            blobSize: limits.blobSize, room: try await room(in: open.record.repository))
        // A client may announce any number: the sum must not overflow.
        let (sum, isTooMuch) = start.addingReportingOverflow(expected ?? 0)
        if let refusal = bounds.refusal(of: isTooMuch ? .max : sum) {
            await end(open)
            throw refusal
        }
        var pump = UploadPump(into: open.upload, sizeMax: bounds.sizeMax) { [uploads] size in
            uploads.note(size: size, of: open.record.id)
        }
        do {
            try await pump.run(body)
        } catch is BodyTooLong {
            await end(open)
            throw bounds.refusal(of: bounds.sizeMax + 1) ?? BlobTooLarge(limit: limits.blobSize)
        }
        let received = open.upload.size - start
        guard expected.map({ $0 == received }) ?? true else {
            throw OCIError(.sizeInvalid, "\(expected ?? 0) bytes were announced and \(received) came")
        }
        return UploadProgress(size: open.upload.size, received: received)
    }

    /// Puts the bytes into place, then makes the row point at them.
    private func publish(_ open: OpenUpload, as digest: Digest) async throws {
        let upload = open.upload
        var attemptsLeft = 3
        repeat {
            guard attemptsLeft > 0 else {
                throw StoreError(
                    .conflict,
                    "the bytes of \(digest) were removed again and again while they were put in place")
            }
            attemptsLeft -= 1
            try await upload.publish(as: digest)
        } while try await !link(open, as: digest)
        caches.blobs.remove(.init(repository: open.record.repository, item: digest))
        Logger.current.debug(
            "blob stored",
            metadata: [
                "repository": "\(open.record.repository)", "digest": "\(digest)", "size": "\(upload.size)",
                "account": "\(open.record.account)",
            ])
    }

    /// Makes the row; false when the bytes were gone again by then.
    private func link(_ open: OpenUpload, as digest: Digest) async throws -> Bool {
        let upload = open.upload
        let repository = open.record.repository
        let linked: Void? = try await unlessMissing {
            try await links.link(
                digest, size: upload.size, in: repository, under: policy.conditions(for: repository)
            ) {
                try upload.republish(as: digest)
            }
        }
        return linked != nil
    }

    /// Clears away an upload that is over. What goes wrong here is the sweep's to put right.
    func end(_ open: OpenUpload) async {
        do {
            try await blobs.discardUpload(open.record.id)
            try await ledger.end(open.record.id)
        } catch {
            Logger.current.warning(
                "an upload that is over could not be cleared away",
                metadata: ["upload": "\(open.record.id)", "error": "\(error)"])
        }
    }
}

/// How large an upload may become.
private struct UploadBounds {
    /// The largest blob, in bytes.
    let blobSize: Int64
    let room: Room

    var sizeMax: Int64 { min(blobSize, room.bytes) }

    /// Why an upload of this size is refused; nil when it is not.
    func refusal(of size: Int64) -> (any Error)? {
        size > blobSize ? BlobTooLarge(limit: blobSize) : room.tightest?.refusal(of: size)
    }
}
