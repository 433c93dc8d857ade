import Contracts
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@Suite struct UploadTests {
    private let bytes = Samples.bytes(1_000_000)

    @Test func aBlobArrivesInOnePieceOrInMany() async throws {
        let bench = try Bench()
        let digest = Samples.digest(of: bytes)
        for pieces in [[bytes], bytes.split(every: 1000), bytes.split(every: 300_000)] {
            let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
            let progress = try await bench.registry.finishUpload(
                ticket, as: digest, Body(pieces), UploadChunk())
            #expect(progress == UploadProgress(size: 1_000_000, received: 1_000_000))
            let blob = try await bench.registry.openBlob(digest, in: bench.name)
            #expect(try await blob.read(at: 0, count: 2_000_000) == ByteBuffer(bytes: bytes))
            try await bench.registry.remove(blob: digest, in: bench.name, by: "alice")
            try await bench.blobs.remove(digest)
        }
    }

    @Test func aBlobThatDoesNotMatchItsDigestIsRefusedAndForgotten() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        await expect(.digestInvalid) {
            _ = try await bench.registry.finishUpload(
                ticket, as: Samples.digest(1), Body([bytes]), UploadChunk())
        }
        await expect(.blobUploadUnknown) { _ = try await bench.registry.uploadSize(ticket) }
        #expect(try await bench.blobs.uploads().isEmpty)
    }

    @Test func chunksGoOnlyWhereTheUploadEnds() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        let first = UploadChunk(range: 0..<10, length: 10)
        #expect(try await bench.registry.append(Body([Array(bytes[..<10])]), first, to: ticket).size == 10)
        for wrong in [first, UploadChunk(range: 20..<30), UploadChunk(range: 9..<19)] {
            await #expect(throws: UploadOffsetMismatch.self) {
                _ = try await bench.registry.append(Body([[1]]), wrong, to: ticket)
            }
        }
        #expect(try await bench.registry.uploadSize(ticket) == 10, "a refused chunk leaves nothing behind")
        let last = UploadChunk(range: 10..<20, length: 10)
        let digest = Samples.digest(of: Array(bytes[..<20]))
        #expect(
            try await bench.registry.finishUpload(ticket, as: digest, Body([Array(bytes[10..<20])]), last)
                == UploadProgress(size: 20, received: 10))
    }

    @Test func anyNumberMayBeAnnounced() async throws {
        let bench = try Bench()
        for chunk in [UploadChunk(length: .max), UploadChunk(range: 1..<Int64.max)] {
            let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
            _ = try await bench.registry.append(Body([[1]]), UploadChunk(), to: ticket)
            await #expect(throws: BlobTooLarge.self) {
                _ = try await bench.registry.append(Body([[2]]), chunk, to: ticket)
            }
        }
    }

    @Test func lessOrMoreThanAnnouncedIsRefused() async throws {
        let bench = try Bench()
        for chunk in [
            UploadChunk(range: 0..<10), UploadChunk(length: 10), UploadChunk(range: 0..<2, length: 3),
        ] {
            let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
            await expect(.sizeInvalid) {
                _ = try await bench.registry.append(Body([[1, 2, 3]]), chunk, to: ticket)
            }
        }
    }

    @Test func aBrokenConnectionLosesNothingThatArrived() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        let pieces = Array(bytes[..<700_001]).split(every: 100_000)
        await #expect(throws: BodyInterrupted.self) {
            _ = try await bench.registry.append(
                Body(pieces, breaksOff: true), UploadChunk(length: 1_000_000), to: ticket)
        }
        #expect(try await bench.registry.uploadSize(ticket) == 700_001)
        _ = try await bench.registry.finishUpload(
            ticket, as: Samples.digest(of: bytes), Body([Array(bytes[700_001...])]), UploadChunk())
    }

    @Test func aRestartLosesNothingThatArrived() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        _ = try await bench.registry.append(Body([Array(bytes[..<500])]), UploadChunk(), to: ticket)
        let next = bench.restarted()
        #expect(try await next.uploadSize(ticket) == 500)
        let digest = Samples.digest(of: bytes)
        _ = try await next.finishUpload(ticket, as: digest, Body([Array(bytes[500...])]), UploadChunk())
        #expect(try await next.blobSize(digest, in: bench.name) == 1_000_000)
    }

    @Test func onlyWhoBeganAnUploadFindsIt() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        let other = try RepositoryName("other")
        for wrong in [
            UploadTicket(id: ticket.id, repository: bench.name, account: "mallory"),
            UploadTicket(id: ticket.id, repository: bench.name, account: ""),
            UploadTicket(id: ticket.id, repository: other, account: "alice"),
            UploadTicket(id: Samples.uploadID(7), repository: bench.name, account: "alice"),
        ] {
            for registry in [bench.registry, bench.restarted()] {
                await expect(.blobUploadUnknown) { _ = try await registry.uploadSize(wrong) }
                await expect(.blobUploadUnknown) { try await registry.cancelUpload(wrong) }
                await expect(.blobUploadUnknown) {
                    _ = try await registry.append(Body([[1]]), UploadChunk(), to: wrong)
                }
            }
        }
        #expect(try await bench.registry.uploadSize(ticket) == 0)
    }

    @Test func anUploadHasOneWriterAtATime() async throws {
        let bench = try Bench(limits: RegistryLimits(uploadPatience: .zero))
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        let (stream, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        let (begun, began) = AsyncStream.makeStream(of: Void.self)
        async let first = bench.registry.append(
            stream.map {
                began.yield(); return $0
            }, UploadChunk(), to: ticket)
        source.yield(ByteBuffer(bytes: [1, 2, 3]))
        for await _ in begun { break }
        await #expect(throws: UploadOffsetMismatch.self) {
            _ = try await bench.registry.append(Body([[9]]), UploadChunk(), to: ticket)
        }
        await #expect(throws: UploadOffsetMismatch.self) { try await bench.registry.cancelUpload(ticket) }
        source.finish()
        #expect(try await first.size == 3)
        #expect(try await bench.registry.uploadSize(ticket) == 3)
    }

    @Test func aRequestWaitsForTheOneBeforeIt() async throws {
        let bench = try Bench(limits: RegistryLimits(uploadPatience: .seconds(60)))
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        let (stream, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        let (begun, began) = AsyncStream.makeStream(of: Void.self)
        async let first = bench.registry.append(
            stream.map {
                began.yield(); return $0
            }, UploadChunk(), to: ticket)
        source.yield(ByteBuffer(bytes: [1, 2, 3]))
        for await _ in begun { break }
        async let status = bench.registry.uploadSize(ticket)
        async let second = bench.registry.append(Body([[4]]), UploadChunk(range: 3..<4), to: ticket)
        source.finish()
        #expect(try await first.size == 3)
        #expect(try await [3, 4].contains(status))
        #expect(try await second.size == 4)
    }

    @Test func aDigestOfAnotherAlgorithmThanAnnouncedIsComputedAnew() async throws {
        let bench = try Bench()
        let digest = Samples.digest(of: bytes, .sha512)
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        _ = try await bench.registry.append(Body([Array(bytes[..<9])]), UploadChunk(), to: ticket)
        _ = try await bench.registry.finishUpload(
            ticket, as: digest, Body([Array(bytes[9...])]), UploadChunk())
        #expect(try await bench.registry.blobSize(digest, in: bench.name) == 1_000_000)
    }

    @Test func anAccountHasOnlySoManyUploadsAtOnce() async throws {
        let bench = try Bench(limits: RegistryLimits(uploadsPerAccount: 2))
        let first = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        _ = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        await expect(.tooManyRequests) {
            _ = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        }
        _ = try await bench.registry.beginUpload(in: bench.name, by: "bob")
        try await bench.registry.cancelUpload(first)
        _ = try await bench.registry.beginUpload(in: bench.name, by: "alice")
    }

    @Test func aBlobHasASizeLimit() async throws {
        let bench = try Bench(limits: RegistryLimits(blobSize: 999))
        for chunk in [UploadChunk(length: 1000), UploadChunk()] {
            let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
            await #expect(throws: BlobTooLarge.self) {
                _ = try await bench.registry.append(Body([Array(bytes[..<1000])]), chunk, to: ticket)
            }
        }
    }

    @Test func aFullDiskLosesNothingAndTheUploadGoesOn() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        _ = try await bench.registry.append(Body([Array(bytes[..<500])]), UploadChunk(), to: ticket)
        bench.blobs.fail(with: StoreError(.full, "no room"))
        await expect(.full, "a full disk is said to be full") {
            _ = try await bench.registry.append(Body([Array(bytes[500...])]), UploadChunk(), to: ticket)
        }
        bench.blobs.fail(with: nil)
        #expect(try await bench.registry.uploadSize(ticket) == 500)
        let digest = Samples.digest(of: bytes)
        _ = try await bench.registry.finishUpload(
            ticket, as: digest, Body([Array(bytes[500...])]), UploadChunk())
    }
}

@Suite struct UploadSweepTests {
    @Test func anIdleUploadIsClosedAndGoesOn() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        _ = try await bench.registry.append(Body([[1, 2]]), UploadChunk(), to: ticket)
        bench.clock.advance(3600)
        #expect(try await bench.registry.sweepUploads() == UploadSweep())
        #expect(try await bench.registry.uploadSize(ticket) == 2)
    }

    @Test func anAbandonedUploadIsThrownAway() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        bench.clock.advance(25 * 3600)
        let sweep = try await bench.registry.sweepUploads()
        #expect(sweep.expired == 1)
        #expect(try await bench.blobs.uploads().isEmpty)
        await expect(.blobUploadUnknown) { _ = try await bench.registry.uploadSize(ticket) }
    }

    @Test func progressKeepsAnUploadAlive() async throws {
        let bench = try Bench()
        let ticket = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        for size in Int64(1)...3 {
            bench.clock.advance(20 * 3600)
            #expect(try await bench.registry.append(Body([[7]]), UploadChunk(), to: ticket).size == size)
            #expect(try await bench.registry.sweepUploads() == UploadSweep())
        }
    }

    @Test func bytesWithoutARowAreThrownAway() async throws {
        let bench = try Bench()
        _ = try await bench.blobs.createUpload(Samples.uploadID(1), algorithm: .sha256)
        let kept = try await bench.registry.beginUpload(in: bench.name, by: "alice")
        #expect(try await bench.registry.sweepUploads().orphaned == 1)
        #expect(try await bench.blobs.uploads() == [kept.id])
    }
}

extension [UInt8] {
    fileprivate func split(every size: Int) -> [[UInt8]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
