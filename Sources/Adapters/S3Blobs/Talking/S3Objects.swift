import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import ServerKit
import XMLKit

/// What lies under a key, as far as it matters here.
struct S3Object: Sendable, Hashable {
    let key: String
    let size: Int64
    /// Without its quotation marks. Another one for other bytes.
    let tag: String
    /// When it came there; nil where nobody has said so.
    var since: Date?
}

/// One page of a list.
struct S3Page: Sendable {
    var objects: [S3Object] = []
    /// What the keys begin with that lie deeper.
    var folders: [String] = []
    /// Where the next page goes on; nil after the last.
    var next: String?
}

extension S3Client {
    private static let pageMax = 1000
    /// More pages than any list here can have.
    private static let pagesMax = 100_000

    /// What an object is; nil when it is not there. An answer to HEAD says no more than that something is not there:
    /// `confirms` asks what, so that a bucket that is gone is not taken for a blob that is.
    func look(_ key: String, confirms: Bool = true) async throws(S3Failure) -> S3Object? {
        do throws(S3Failure) {
            return try Self.object(key, try await ask(S3Request(.head, key)))
        } catch  where error.isMissing {
            if confirms { try await confirm(key) }
            return nil
        }
    }

    private func confirm(_ key: String) async throws(S3Failure) {
        do throws(S3Failure) {
            _ = try await ask(Self.sip(key))
        } catch  where error.isMissing {}
    }

    /// Like `look`, from a thread that may block.
    func lookNow(_ key: String) throws(S3Failure) -> S3Object? {
        do throws(S3Failure) {
            return try Self.object(key, try askNow(S3Request(.head, key)))
        } catch  where error.isMissing {
            do throws(S3Failure) {
                _ = try askNow(Self.sip(key))
            } catch  where error.isMissing {}
            return nil
        }
    }

    private static func sip(_ key: String) -> S3Request {
        var request = S3Request(.get, key)
        request.headers = [("range", "bytes=0-0")]
        return request
    }

    private static func object(_ key: String, _ answer: S3Answer) throws(S3Failure) -> S3Object {
        guard let size = answer.headers.first(name: "content-length").flatMap({ Int64($0) }), size >= 0,
            let tag = answer.headers.first(name: "etag")
        else { throw .senseless("it tells neither size nor tag of \(key)") }
        return S3Object(key: key, size: size, tag: unquoted(tag))
    }

    /// The first bytes of an object, and what it is. Throws where it is not there.
    func begin(_ key: String, count: Int) async throws(S3Failure) -> (S3Object, ByteBuffer) {
        var request = S3Request(.get, key)
        request.headers = [("range", "bytes=0-\(count - 1)")]
        // Where parts are not known, all of it comes; that is as good if it is small.
        request.answerMax = count
        do throws(S3Failure) {
            let answer = try await ask(request)
            guard let tag = answer.headers.first(name: "etag") else {
                throw S3Failure.senseless("it tells no tag")
            }
            let size = Self.total(answer) ?? Int64(answer.body.readableBytes)
            guard answer.status == 200 || answer.body.readableBytes == min(Int64(count), size) else {
                throw S3Failure.senseless("it sends another part of \(key) than it was asked for")
            }
            return (S3Object(key: key, size: size, tag: Self.unquoted(tag)), answer.body)
        } catch {
            // Nothing has no first bytes.
            guard case .refused(416, _, _) = error, let object = try await look(key), object.size == 0 else {
                throw error
            }
            return (object, ByteBuffer())
        }
    }

    /// Part of an object that is still what it was.
    func get(_ object: S3Object, _ range: Range<Int64>) async throws(S3Failure) -> ByteBuffer {
        guard !range.isEmpty else { return ByteBuffer() }
        var request = S3Request(.get, object.key)
        request.headers = [
            ("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"), ("if-match", "\"\(object.tag)\""),
        ]
        request.answerMax = range.count
        let answer = try await ask(request)
        let tag = answer.headers.first(name: "etag").map(Self.unquoted)
        guard tag == nil || tag == object.tag else { throw .refused(status: 412, code: "", message: "") }
        let isWhole = answer.status == 200 && range.count == object.size
        guard answer.body.readableBytes == range.count,
            isWhole || Self.range(answer) == range
        else { throw .senseless("it sends another part of \(object.key) than it was asked for") }
        return answer.body
    }

    /// Puts an object there.
    ///
    /// - Parameter isNew: whether one that is there stays, and this fails. Not all servers know that.
    func put(_ key: String, _ body: ByteBuffer, payload: String? = nil, isNew: Bool = false)
        async throws(S3Failure) -> S3Object
    {
        var request = S3Request(.put, key)
        request.body = body
        request.payload = payload
        if isNew { request.headers = [("if-none-match", "*")] }
        return try Self.stored(key, body, try await ask(request))
    }

    private static func stored(_ key: String, _ body: ByteBuffer, _ answer: S3Answer) throws(S3Failure)
        -> S3Object
    {
        guard let tag = answer.headers.first(name: "etag") else {
            throw .senseless("it tells no tag of \(key)")
        }
        return S3Object(key: key, size: Int64(body.readableBytes), tag: unquoted(tag))
    }

    /// Copies an object, if it is still what it was, and says the copy's tag.
    func copy(_ source: S3Object, to key: String) async throws(S3Failure) -> String {
        var request = S3Request(.put, key)
        request.headers = copyHeaders(source)
        request.weight = Int(clamping: source.size)
        return try Self.tag(try await ask(request))
    }

    /// What says which object is copied, and that it has to be the one that is known; any without a tag.
    func copyHeaders(_ source: S3Object) -> [(String, String)] {
        let name = "/\(settings.bucket)/\(source.key)"
        let from = [("x-amz-copy-source", URLText.encode(name, keepingSlashes: true))]
        return source.tag.isEmpty ? from : from + [("x-amz-copy-source-if-match", "\"\(source.tag)\"")]
    }

    /// Removes an object, if it is still what it was; none is as good. Not all servers know the condition.
    func delete(_ key: String, ifTag tag: String? = nil) async throws(S3Failure) {
        do throws(S3Failure) {
            _ = try await ask(Self.deletion(key, tag))
        } catch  where error.isMissing {
        } catch  where tag != nil && error.isUnknownCondition {
            try await delete(key)
        }
    }

    func deleteNow(_ key: String) throws(S3Failure) {
        do throws(S3Failure) {
            _ = try askNow(Self.deletion(key, nil))
        } catch  where error.isMissing {}
    }

    private static func deletion(_ key: String, _ tag: String?) -> S3Request {
        var request = S3Request(.delete, key)
        if let tag { request.headers = [("if-match", "\"\(tag)\"")] }
        return request
    }

    // MARK: Lists

    /// One page of the keys that begin so, in their order.
    ///
    /// - Parameters:
    ///   - last: the key after which it begins.
    ///   - token: where the page before said that it goes on.
    ///   - byFolder: whether what lies deeper is told by folder alone.
    func list(
        _ prefix: String, after last: String? = nil, token: String? = nil, byFolder: Bool = false,
        limit: Int = pageMax
    ) async throws(S3Failure) -> S3Page {
        var request = S3Request(.get, nil)
        request.query = [("list-type", "2"), ("prefix", prefix), ("max-keys", "\(min(limit, Self.pageMax))")]
        if let last { request.query.append(("start-after", last)) }
        if let token { request.query.append(("continuation-token", token)) }
        if byFolder { request.query.append(("delimiter", "/")) }
        let root = try Self.document(try await ask(request), "ListBucketResult")
        var page = S3Page()
        for entry in root.children("Contents") {
            guard let object = Self.listed(entry), object.key.hasPrefix(prefix) else { continue }
            page.objects.append(object)
        }
        page.folders = root.children("CommonPrefixes").compactMap { $0.text("Prefix") }
            .filter { $0.hasPrefix(prefix) }
        if root.text("IsTruncated") == "true" {
            guard let next = root.text("NextContinuationToken"), !next.isEmpty else {
                throw .senseless("a list goes on and it does not tell where")
            }
            page.next = next
        }
        return page
    }

    /// All that `list` has, page by page.
    func listAll(_ prefix: String, byFolder: Bool = false) async throws(S3Failure) -> S3Page {
        var whole = try await list(prefix, byFolder: byFolder)
        var pages = 1
        var last: String?
        while let token = whole.next {
            guard pages < Self.pagesMax, token != last else { throw .senseless("a list does not end") }
            pages += 1
            last = token
            let page = try await list(prefix, token: token, byFolder: byFolder)
            whole.objects += page.objects
            whole.folders += page.folders
            whole.next = page.next
        }
        return whole
    }

    private static func listed(_ entry: XMLElement) -> S3Object? {
        guard let key = entry.text("Key"), let size = entry.text("Size").flatMap({ Int64($0) }), size >= 0,
            let tag = entry.text("ETag")
        else { return nil }
        return S3Object(
            key: key, size: size, tag: unquoted(tag), since: entry.text("LastModified").flatMap(moment))
    }

    // MARK: Reading answers

    /// The document of an answer. One that began well may turn out to be an error all the same.
    static func document(_ answer: S3Answer, _ name: String) throws(S3Failure) -> XMLElement {
        let root: XMLElement
        do throws(XMLProblem) {
            root = try XMLReader.root(of: Array(answer.body.readableBytesView))
        } catch {
            throw .senseless("its answer cannot be read: \(error.description)")
        }
        if root.name.local == "Error" { throw S3Failure(status: 500, body: answer.body) }
        guard root.name.local == name else {
            throw .senseless("it answers with \(root.name.local.prefix(40)) instead of \(name)")
        }
        return root
    }

    /// The tag in the answer to a copy, whatever the document is called.
    static func tag(_ answer: S3Answer) throws(S3Failure) -> String {
        let root: XMLElement
        do throws(XMLProblem) {
            root = try XMLReader.root(of: Array(answer.body.readableBytesView))
        } catch {
            throw .senseless("its answer cannot be read: \(error.description)")
        }
        if root.name.local == "Error" { throw S3Failure(status: 500, body: answer.body) }
        guard let tag = root.text("ETag"), !tag.isEmpty else { throw .senseless("it tells no tag of a copy") }
        return unquoted(tag)
    }

    static func unquoted(_ tag: String) -> String {
        tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
            ? String(tag.dropFirst().dropLast()) : tag
    }

    /// The size of the whole that an answer has part of.
    private static func total(_ answer: S3Answer) -> Int64? {
        answer.headers.first(name: "content-range")?.split(separator: "/").last.flatMap { Int64($0) }
    }

    /// Which part an answer says to have.
    private static func range(_ answer: S3Answer) -> Range<Int64>? {
        guard let text = answer.headers.first(name: "content-range"), text.hasPrefix("bytes ") else {
            return nil
        }
        let ends = text.dropFirst(6).prefix { $0 != "/" }.split(separator: "-").compactMap { Int64($0) }
        guard ends.count == 2, ends[0] >= 0, ends[0] <= ends[1], ends[1] < .max else { return nil }
        return ends[0]..<ends[1] + 1
    }

    /// `2026-11-26T19:21:34.000Z`, to the second.
    static func moment(_ text: String) -> Date? {
        let numbers = text.prefix(19).split { "-T:".contains($0) }.compactMap { Int32($0) }
        guard numbers.count == 6, text.hasSuffix("Z"), (1970...9999).contains(numbers[0]) else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return Date(timeIntervalSince1970: TimeInterval(timegm(&parts)))
    }
}
