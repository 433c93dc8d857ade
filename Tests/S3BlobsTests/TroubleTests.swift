import Contracts
import Foundation
import Harness
import NIOCore
import NIOHTTP1
import OCI
import Registry
import ServerKit
import Testing

@testable import S3Blobs

/// What goes wrong between us and the bucket.
@Suite(.s3Server, .serialized, .timeLimit(.minutes(10))) struct TroubleTests {
    private static let bytes = Samples.bytes(17 << 13)

    @Test func whatPassesIsAskedAgain() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        try await bucket.server.misbehave([
            .init("PUT uploads-in-progress", do: "503 SlowDown"), .init("PUT 00001", do: "cut"),
            .init("PUT 00000", do: "after"), .init("POST uploads=", do: "500 InternalError"),
            .init("PUT partNumber=2", do: "cut"), .init("POST uploadId", do: "after"),
        ])
        let digest = try await bucket.publish(Self.bytes, in: blobs)
        try await bucket.server.misbehave([
            .init("GET sha256", times: 2, do: "503 SlowDown"), .init("HEAD sha256", do: "cut"),
        ])
        #expect(try await blobs.size(of: digest) == Int64(Self.bytes.count))
        #expect(try await blobs.read(digest).elementsEqual(Self.bytes))
    }

    @Test func whatDoesNotPassIsSaid() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let answers: [(fault: String, kind: StoreError.Kind, words: String)] = [
            ("403 RequestTimeTooSkewed", .unavailable, "set the clock"),
            ("403 AccessDenied", .unavailable, "needs to list the bucket"),
            ("404 NoSuchBucket", .unavailable, "make the bucket"),
            ("507 QuotaExceeded", .full, "QuotaExceeded"), ("301 PermanentRedirect", .failed, "s3.region"),
            ("418 Teapot", .failed, "it answers 418, Teapot"),
        ]
        for answer in answers {
            try await bucket.server.misbehave([.init("ANY .", times: 99, do: answer.fault)])
            do {
                _ = try await blobs.size(of: Samples.digest(1))
                Issue.record("\(answer.fault) was taken for an answer")
            } catch {
                #expect(error.kind == answer.kind, "\(error)")
                // A refusal of HEAD has no words.
            }
            do {
                _ = try await blobs.uploads()
                Issue.record("\(answer.fault) was taken for an answer")
            } catch {
                #expect(error.kind == answer.kind, "\(error)")
                #expect("\(error)".contains(answer.words) && "\(error)".contains(bucket.name), "\(error)")
                #expect(!"\(error)".contains(S3Server.secret))
            }
        }
        try await bucket.server.misbehave([])
    }

    @Test func aBucketThatIsGoneIsNoMissingBlob() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs { $0.bucket = "not-there" }
        await expect(.unavailable, "no bucket") { _ = try await blobs.size(of: Samples.digest(1)) }
        await expect(.unavailable, "no bucket") { _ = try await blobs.open(Samples.digest(1)) }
        await expect(.unavailable, "no bucket") {
            _ = try blobs.isInPlace(Samples.digest(1), size: nil)
        }
        let trouble = try #require(await blobs.trouble())
        #expect(trouble.contains("make the bucket"), "\(trouble)")
    }

    @Test func wrongKeysAreSaidToBeWrong() async throws {
        let bucket = try await Bucket()
        let other = try bucket.blobs { $0.keys.secret = Secret("wrong") }
        let trouble = try #require(await other.trouble())
        #expect(
            trouble.contains("SignatureDoesNotMatch") && trouble.contains("s3.secret_key_file"), "\(trouble)")
        let unknown = try bucket.blobs { $0.keys.access = "NOBODY" }
        #expect(try #require(await unknown.trouble()).contains("s3.access_key_file"))
        let late = try bucket.blobs(now: { Date(timeIntervalSinceNow: 3600) })
        #expect(try #require(await late.trouble()).contains("set the clock"))
    }

    /// Conditions on writing and removing are young; servers that do not know them say so.
    @Test func aServerThatKnowsFewConditionsWillDo() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        try await bucket.server.misbehave([.init("PUT begun", do: "501 NotImplemented")])
        let digest = try await bucket.publish([1, 2, 3], in: blobs)
        try await bucket.server.misbehave([.init("PUT begun", times: 2, do: "501 NotImplemented")])
        await expect(.failed, "but not one that knows nothing at all") {
            _ = try await blobs.createUpload(Samples.uploadID(9), algorithm: .sha256)
        }
        try await bucket.server.misbehave([.init("DELETE blobs", do: "501 NotImplemented")])
        #expect(try await blobs.setAside(digest, opened: nil) != nil)
        #expect(try await blobs.size(of: digest) == nil)
        try await bucket.server.misbehave([])
    }

    @Test func aServerThatHangsIsNotWaitedForLong() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs { $0.time = .milliseconds(300) }
        try await bucket.server.misbehave([.init("ANY .", times: 99, do: "hang")])
        let start = ContinuousClock.now
        await expect(.unavailable, "it hangs") { _ = try await blobs.uploads() }
        await expect(.unavailable, "it hangs") { _ = try blobs.isInPlace(Samples.digest(1), size: nil) }
        let begin = ContinuousClock.now
        await expect(.unavailable, "and was found away") { _ = try blobs.takeAway(Samples.digest(1)) }
        #expect(begin.duration(to: .now) < .milliseconds(200), "so nobody is made to wait")
        #expect(start.duration(to: .now) < .seconds(20))
        try await bucket.server.misbehave([])
        _ = try await blobs.uploads()
        #expect(try !blobs.isInPlace(Samples.digest(1), size: nil), "until it is back")
    }

    @Test func aServerThatIsNotThereIsSaidToBeAway() async throws {
        let settings = S3Settings(
            endpoint: try #require(S3Endpoint("http://127.0.0.1:1")), bucket: "abc",
            keys: .init(access: "A", secret: Secret("S")))
        let blobs = try S3Blobs(
            settings, owner: "", threads: BlockingThreads(count: 1, queueMax: 9), now: { Date() })
        let trouble = try #require(await blobs.trouble())
        #expect(trouble.contains("it cannot be reached"), "\(trouble)")
    }

    @Test(arguments: [
        "say <ListBucketResult><Contents>", "say nothing", "say <Other/>", "endless", "short",
        "say <!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult><Prefix>&b;</Prefix></ListBucketResult>",
        "say <ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "say <Error><Code>InternalError</Code></Error>",
    ])
    func whatMakesNoSenseIsNoAnswer(_ fault: String) async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs { $0.time = .seconds(5) }
        try await bucket.server.misbehave([.init("GET .", times: 9, do: fault)])
        await expect(.unavailable, "a list that makes no sense") { _ = try await blobs.uploads() }
        if !fault.hasPrefix("say") {
            await expect(.unavailable, "a blob that makes no sense") {
                _ = try await blobs.open(Samples.digest(1))
            }
        }
        try await bucket.server.misbehave([])
    }

    @Test func aListThatNeverEndsIsLeft() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let page =
            "<ListBucketResult><IsTruncated>true</IsTruncated>"
            + "<NextContinuationToken>again</NextContinuationToken></ListBucketResult>"
        try await bucket.server.misbehave([.init("GET .", times: 1_000_000, do: "say \(page)")])
        await expect(.unavailable, "a list that leads back to itself") { _ = try await blobs.uploads() }
        try await bucket.server.misbehave([])
    }

    @Test func anotherPartThanWasAskedForIsNotTaken() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let digest = try await bucket.publish(Samples.bytes(1000), in: blobs)
        let blob = try await blobs.client.look(bucket.places.blob(digest))
        let object = try #require(blob)
        try await bucket.server.misbehave([.init("GET .", do: "say " + String(repeating: "x", count: 10))])
        await #expect(throws: S3Failure.self) { try await blobs.client.get(object, 0..<10) }
        try await bucket.server.misbehave([.init("GET .", do: "say x")])
        await #expect(throws: S3Failure.self) { try await blobs.client.get(object, 0..<10) }
        try await bucket.server.misbehave([])
        #expect(try await blobs.client.get(object, 0..<10).readableBytes == 10)
    }

    @Test func anErrorInAnAnswerThatBeganWellIsAnError() async throws {
        let body = ByteBuffer(string: "<Error><Code>SlowDown</Code><Message>later</Message></Error>")
        let answer = S3Answer(status: 200, headers: [:], body: body)
        #expect(throws: S3Failure.self) { try S3Client.document(answer, "CopyObjectResult") }
        do {
            _ = try S3Client.tag(answer)
            Issue.record("an error was taken for a tag")
        } catch {
            #expect(error.isPassing && error.kind == .unavailable)
        }
    }
}
