import FoundationEssentials
import OCI
import ServerKit

extension Registry {
    /// What becomes of an upload when a request has done with it.
    enum UploadFate {
        case stays, ended
    }

    /// Runs `work` with an upload that no other request is at work on.
    ///
    /// A client's mistake or a broken connection leaves the upload open. One that meets a full disk is thrown
    /// away: its bytes are among those that fill it. After any other error its file is opened anew by the
    /// next request, so that what was counted and hashed is what was written.
    ///
    /// - Parameter algorithm: the one to hash by, when the upload began with another.
    func withUpload<Value>(
        _ ticket: UploadTicket, hashedBy algorithm: Digest.Algorithm? = nil,
        _ work: (OpenUpload) async throws -> (Value, UploadFate)
    ) async throws -> Value {
        let open = try await claim(ticket, hashedBy: algorithm)
        do {
            let (value, fate) = try await work(open)
            if fate == .stays { try await open.upload.settle() }
            await giveBack(open, fate)
            return value
        } catch let error as OCIError {
            if error.code == .digestInvalid { await giveBack(open, .ended) } else { await settle(open) }
            throw error
        } catch let error as UploadOffsetMismatch {
            await settle(open)
            throw error
        } catch let interruption as BodyInterrupted {
            await settle(open)
            throw interruption
        } catch let error as StoreError where error.kind == .full {
            await end(open)
            uploads.drop(ticket.id)
            throw error
        } catch {
            uploads.drop(ticket.id)
            throw error
        }
    }

    private func claim(_ ticket: UploadTicket, hashedBy algorithm: Digest.Algorithm?) async throws
        -> OpenUpload
    {
        var claim = uploads.claim(ticket.id, at: now())
        if case .busy(let record?, _) = claim, ticket.fits(record) {
            await uploads.waitForRelease(
                of: ticket.id, patience: limits.uploadPatience, patienceMax: limits.uploadPatienceMax)
            claim = uploads.claim(ticket.id, at: now())
        }
        switch claim {
        case .busy(let record, let size):
            guard let record, ticket.fits(record) else { throw ticket.unknown }
            throw UploadOffsetMismatch(size: size, detail: "another request is at work on this upload")
        case .taken(let open):
            guard ticket.fits(open.record) else {
                uploads.release(open, at: now())
                throw ticket.unknown
            }
            return try await refresh(open, ticket, hashedBy: algorithm)
        case .notOpen:
            return try await orDrop(ticket.id) { try await reopen(ticket, hashedBy: algorithm) }
        }
    }

    /// Opens an upload anew that another process has gone on with since this one had it.
    private func refresh(_ open: OpenUpload, _ ticket: UploadTicket, hashedBy algorithm: Digest.Algorithm?)
        async throws -> OpenUpload
    {
        try await orDrop(ticket.id) {
            guard try await open.upload.isCurrent() else {
                return try await reopen(ticket, hashedBy: algorithm ?? open.record.algorithm)
            }
            return try await rehash(open, by: algorithm)
        }
    }

    private func orDrop<Value>(_ id: UploadID, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            uploads.drop(id)
            throw error
        }
    }

    /// Opens an upload that this process does not have open.
    private func reopen(_ ticket: UploadTicket, hashedBy algorithm: Digest.Algorithm?) async throws
        -> OpenUpload
    {
        guard var record = try await ledger.upload(ticket.id), ticket.fits(record) else {
            throw ticket.unknown
        }
        if let algorithm { record.algorithm = algorithm }
        let (id, algorithm) = (record.id, record.algorithm)
        let upload = try await unlessMissing { try await blobs.resumeUpload(id, algorithm: algorithm) }
        guard let upload else {
            // The process ended between the row and the file, or between the file's end and the row's.
            try await ledger.end(id)
            throw ticket.unknown
        }
        return OpenUpload(record: record, upload: upload)
    }

    /// Takes the upload up again with another algorithm. Clients that announce none and then finish with a
    /// sha512 digest make this necessary.
    private func rehash(_ open: OpenUpload, by algorithm: Digest.Algorithm?) async throws -> OpenUpload {
        guard let algorithm, algorithm != open.record.algorithm else { return open }
        var record = open.record
        record.algorithm = algorithm
        let upload = try await blobs.resumeUpload(record.id, algorithm: algorithm)
        return OpenUpload(record: record, upload: upload)
    }

    /// Gives an upload back after a request that went wrong. One that cannot be settled is opened anew by the next.
    private func settle(_ open: OpenUpload) async {
        do {
            try await open.upload.settle()
            await giveBack(open, .stays)
        } catch {
            uploads.drop(open.record.id)
        }
    }

    private func giveBack(_ open: OpenUpload, _ fate: UploadFate) async {
        guard fate == .stays else { return uploads.drop(open.record.id) }
        var open = open
        let date = now()
        if date.timeIntervalSince(open.record.movedAt) >= min(limits.uploadIdleTime, limits.uploadLifetime)
            / 2
        {
            open.record.movedAt = date
            // Should this fail, the upload is at worst forgotten sooner than it need be.
            try? await ledger.touch(open.record.id, at: date)
        }
        uploads.release(open, at: date)
    }
}

extension UploadTicket {
    fileprivate func fits(_ record: UploadRecord) -> Bool {
        record.repository == repository && record.account == account
    }

    fileprivate var unknown: OCIError {
        OCIError(
            .blobUploadUnknown,
            "there is no such upload of this account in \(repository): begin another with POST")
    }
}
