import FoundationEssentials
import NIOCore
import NIOHTTP1
import ServerKit
import XMLKit

/// Objects that are put together from parts.
extension S3Client {
    /// How many parts are under way at once.
    private static let partsAtOnce = 8

    /// One part of an object in the making.
    enum Part: Sendable {
        /// Another object, or as much of it as the range says, if it is still what it was.
        case copy(S3Object, Range<Int64>?)
        /// Bytes at hand.
        case bytes(ByteBuffer)

        var size: Int64 {
            switch self {
            case .copy(let object, let range): range.map { Int64($0.count) } ?? object.size
            case .bytes(let bytes): Int64(bytes.readableBytes)
            }
        }
    }

    /// Puts an object together and returns it. What it is made of may go then.
    func assemble(_ key: String, from parts: [Part]) async throws(S3Failure) -> S3Object {
        let upload = try await beginParts(key)
        do throws(S3Failure) {
            let tags = try await parallel(parts, atOnce: Self.partsAtOnce) {
                (part, index) throws(S3Failure) in
                try await self.add(part, number: index + 1, to: upload, key)
            }
            let tag = try await endParts(key, upload, tags, size: parts.reduce(0) { $0 + $1.size })
            return S3Object(key: key, size: parts.reduce(0) { $0 + $1.size }, tag: tag)
        } catch {
            // Should this fail, the sweep does it.
            try? await abort(key, upload)
            throw error
        }
    }

    private func beginParts(_ key: String) async throws(S3Failure) -> String {
        var request = S3Request(.post, key)
        request.query = [("uploads", "")]
        let root = try Self.document(try await ask(request), "InitiateMultipartUploadResult")
        guard let id = root.text("UploadId"), !id.isEmpty else { throw .senseless("it names no upload") }
        return id
    }

    private func add(_ part: Part, number: Int, to upload: String, _ key: String) async throws(S3Failure)
        -> String
    {
        var request = S3Request(.put, key)
        request.query = [("partNumber", "\(number)"), ("uploadId", upload)]
        request.weight = Int(clamping: part.size)
        switch part {
        case .bytes(let bytes):
            request.body = bytes
            guard let tag = try await ask(request).headers.first(name: "etag") else {
                throw .senseless("it tells no tag of a part")
            }
            return Self.unquoted(tag)
        case .copy(let object, let range):
            request.headers = copyHeaders(object)
            if let range {
                let text = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
                request.headers.append(("x-amz-copy-source-range", text))
            }
            return try Self.tag(try await ask(request))
        }
    }

    private func endParts(_ key: String, _ upload: String, _ tags: [String], size: Int64)
        async throws(S3Failure) -> String
    {
        let list = tags.enumerated().map { index, tag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>&quot;\(xmlEscaped(tag))&quot;</ETag></Part>"
        }
        var request = S3Request(.post, key)
        request.query = [("uploadId", upload)]
        request.headers = [("content-type", "application/xml")]
        request.body = ByteBuffer(
            string: "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + list.joined() + "</CompleteMultipartUpload>")
        request.weight = Int(clamping: size)
        do throws(S3Failure) {
            let root = try Self.document(try await ask(request), "CompleteMultipartUploadResult")
            if let tag = root.text("ETag"), !tag.isEmpty { return Self.unquoted(tag) }
        } catch  where error.isGone {
            // It was asked twice, and the first answer was lost.
        }
        guard let made = try await look(key), made.size == size else {
            throw .senseless("an object was put together and is not there")
        }
        return made.tag
    }

    private func abort(_ key: String, _ upload: String) async throws(S3Failure) {
        var request = S3Request(.delete, key)
        request.query = [("uploadId", upload)]
        do throws(S3Failure) {
            _ = try await ask(request)
        } catch  where error.isMissing {}
    }

    /// Gives up what others have begun to put together before a moment and never ended.
    func abortParts(_ prefix: String, before moment: Date) async throws(S3Failure) -> Int {
        var request = S3Request(.get, nil)
        request.query = [("uploads", ""), ("prefix", prefix), ("max-uploads", "1000")]
        let root = try Self.document(try await ask(request), "ListMultipartUploadsResult")
        var count = 0
        for entry in root.children("Upload") {
            guard let key = entry.text("Key"), key.hasPrefix(prefix), let upload = entry.text("UploadId"),
                let since = entry.text("Initiated").flatMap(Self.moment), since < moment
            else { continue }
            try await abort(key, upload)
            count += 1
        }
        return count
    }
}

/// Runs `body` for each element, so many at once, and returns what it returned in the order of the elements.
func parallel<Element: Sendable, Value: Sendable, Failure: Error>(
    _ elements: [Element], atOnce: Int,
    _ body: @escaping @Sendable (Element, Int) async throws(Failure) -> Value
) async throws(Failure) -> [Value] {
    let results = await withTaskGroup(of: (Int, Result<Value, Failure>).self) { group in
        var results: [Int: Result<Value, Failure>] = [:]
        var next = 0
        func start() {
            guard next < elements.count else { return }
            let (element, index) = (elements[next], next)
            next += 1
            group.addTask {
                do throws(Failure) {
                    return (index, .success(try await body(element, index)))
                } catch {
                    return (index, .failure(error))
                }
            }
        }
        for _ in 0..<atOnce { start() }
        while let (index, result) = await group.next() {
            results[index] = result
            if case .failure = result { next = elements.count } else { start() }
        }
        return results
    }
    var values: [Value] = []
    for index in elements.indices {
        guard let result = results[index] else { continue }
        if case .failure(let error) = result { throw error }
    }
    for index in elements.indices {
        if case .success(let value)? = results[index] { values.append(value) }
    }
    return values
}
