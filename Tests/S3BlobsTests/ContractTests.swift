import Contracts
import Foundation
import Harness
import NIOCore
import OCI
import Registry
import ServerKit
import TLSKit
import Testing

@testable import S3Blobs

@Suite(.s3Server, .timeLimit(.minutes(10))) struct ContractTests {
    @Test func aBucketKeepsTheContract() async throws {
        try await checkBlobStoreContract(Bucket().blobs(), isRemote: true)
    }

    @Test func aBucketKeepsTheContractWithoutAPrefix() async throws {
        try await checkBlobStoreContract(Bucket(prefix: "").blobs(), isRemote: true)
    }

    @Test func aBucketKeepsTheContractOfQuarantine() async throws {
        try await checkBlobQuarantineContract(Bucket().blobs())
    }

    @Test func blobsLieWhereDockersRegistryLaysThem() async throws {
        let bucket = try await Bucket(prefix: "")
        let blobs = try bucket.blobs()
        let digest = try await bucket.publish(Samples.bytes(1000), in: blobs)
        let key = "docker/registry/v2/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)/data"
        #expect(try await bucket.edit("print(keys(), len(read(keys()[0])))") == "['\(key)'] 1000")
    }

    @Test func whatOthersHavePutThereIsRead() async throws {
        let bucket = try await Bucket()
        let bytes = Array("from boto3".utf8)
        let digest = Samples.digest(of: bytes)
        _ = try await bucket.edit("put('\(bucket.places.blob(digest))', b'from boto3')")
        let blobs = try bucket.blobs()
        #expect(try await blobs.read(digest) == bytes)
        #expect(try await blobs.digests(after: nil, limit: 9) == [digest])
    }

    /// With pieces as they are outside of tests.
    @Test func aLargeBlobIsPutTogetherAndReadInPieces() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs(sizes: PieceSizes())
        let block = Samples.bytes(1 << 20)
        let upload = try await blobs.createUpload(Samples.uploadID(1), algorithm: .sha256)
        for number in 0..<21 {
            var piece = ByteBuffer(bytes: block)
            piece.writeInteger(number)
            try await upload.append(piece)
        }
        let digest = try await upload.digest()
        try await upload.publish(as: digest)
        try await blobs.discardUpload(Samples.uploadID(1))
        let key = bucket.places.blob(digest)
        let told = try await bucket.edit(
            "import hashlib; print(keys() == ['\(key)'], hashlib.sha256(read('\(key)')).hexdigest())")
        #expect(told == "True \(digest.hex)")

        let blob = try await blobs.open(digest)
        let step = Int64(block.count + 8)
        for number in 0..<21 {
            let tail = try await blob.read(at: Int64(number + 1) * step - 8, count: 8)
            #expect(tail == ByteBuffer(integer: number), "from anywhere")
        }
        for count in [256 << 10, 5 << 20] {
            var hash = ContentHash(.sha256)
            var offset: Int64 = 0
            while offset < blob.size {
                let piece = try await blob.read(at: offset, count: count)
                piece.withUnsafeReadableBytes { hash.update($0) }
                offset += Int64(piece.readableBytes)
            }
            #expect(hash.digest == digest, "one after the other")
        }
        let back = try await blob.read(at: 65_530, count: 12)
        #expect(back == ByteBuffer(bytes: block[65_530..<65_542]), "and back, over the end of its head")
        let end = try await blob.read(at: blob.size - 9, count: .max)
        #expect(end.readableBytes == 9)
    }

    @Test func anAddressIsGoodForTheBlobAlone() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let digest = try await bucket.publish(Array("by address".utf8), in: blobs)
        let other = try await bucket.publish(Array("another".utf8), in: blobs)
        let address = blobs.address(of: digest)
        let lines = """
            import urllib.request, urllib.error
            print(urllib.request.urlopen("\(address)").read().decode())
            for wrong in ["\(address.replacing(digest.hex, with: other.hex))", "\(address)0"]:
                try:
                    urllib.request.urlopen(wrong)
                except urllib.error.HTTPError as error:
                    print(error.code)
            try:
                urllib.request.urlopen(urllib.request.Request("\(address)", method="DELETE"))
            except urllib.error.HTTPError as error:
                print(error.code)
            """
        #expect(try await bucket.edit(lines) == "by address\n403\n403\n403")
    }

    @Test func aBucketOfTheOtherRegistryIsNotSwept() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let digest = try await bucket.publish([1, 2, 3], in: blobs)
        #expect(try await blobs.settled(before: .distantFuture, among: [digest]) == [digest: 3])
        let key = bucket.places.foreignMetadata + "app/_layers/sha256/x/link"
        _ = try await bucket.edit("put('\(key)', b'x')")
        #expect(try await blobs.settled(before: .distantFuture, among: [digest]) == [:])
    }

    @Test func aDamagedBlobOfTheSameSizeIsSetAside() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let digest = try await bucket.publish([1, 2, 3], in: blobs)
        _ = try await bucket.edit("put('\(bucket.places.blob(digest))', b'bad')")
        let damaged = try await blobs.open(digest)
        _ = try await bucket.edit("put('\(bucket.places.blob(digest))', bytes([1, 2, 3]))")
        #expect(try await blobs.setAside(digest, opened: damaged) == nil, "what was mended stays")
        _ = try await bucket.edit("put('\(bucket.places.blob(digest))', b'bad')")
        let again = try await blobs.open(digest)
        let place = try #require(try await blobs.setAside(digest, opened: again))
        #expect(place == "s3://\(bucket.name)/some/place/damaged/sha256-\(digest.hex)")
        #expect(
            try await bucket.edit("print(read('some/place/damaged/sha256-\(digest.hex)').decode())") == "bad")
        #expect(try await blobs.size(of: digest) == nil)
    }

    @Test func aReaderNeverGetsAMixture() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let bytes = Samples.bytes(1 << 20)
        let digest = try await bucket.publish(bytes, in: blobs)
        let blob = try await blobs.open(digest)
        #expect(try await blob.read(at: 0, count: 1000) == ByteBuffer(bytes: bytes[..<1000]))
        _ = try await bucket.edit("put('\(bucket.places.blob(digest))', bytes(\(1 << 20)))")
        await expect(.missing, "what has changed is not read on") {
            for offset in stride(from: Int64(1 << 18), to: 1 << 20, by: 1 << 18) {
                _ = try await blob.read(at: offset, count: 1 << 18)
            }
        }
    }

    @Test func tlsIsSpokenWithAnAuthorityOfOnesOwn() async throws {
        let folder = try TemporaryFolder()
        let (certificate, key) = ("\(folder.path)/cert.pem", "\(folder.path)/key.pem")
        let make = Command(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout",
                key, "-out", certificate, "-days", "2", "-subj", "/CN=s3", "-addext",
                "subjectAltName=IP:127.0.0.1",
            ])
        try await make.run().succeeded()
        try await withS3Server(certificate: [certificate, key], in: folder) { server in
            // The harness asks for nothing by TLS; the bucket is made by what is tested.
            let settings = S3Settings(
                endpoint: try #require(S3Endpoint(server.endpoint)), bucket: "secure",
                keys: .init(access: S3Server.access, secret: Secret(S3Server.secret)))
            var trusting = settings
            trusting.tls.authorityFile = certificate
            let blobs = try S3Blobs(
                trusting, owner: "", threads: BlockingThreads(count: 1, queueMax: 9), now: { Date() })
            _ = try await blobs.client.ask(S3Request(.put, nil))
            #expect(try await blobs.uploads() == [])
            let suspicious = try S3Blobs(
                settings, owner: "", threads: BlockingThreads(count: 1, queueMax: 9), now: { Date() })
            let trouble = try #require(await suspicious.trouble())
            #expect(trouble.contains("CERTIFICATE_VERIFY_FAILED"), "\(trouble)")
        }
    }
}
