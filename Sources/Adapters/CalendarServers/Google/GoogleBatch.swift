import Almanac
import NIOHTTP1

/// Several calls in one request (Calendar API, "Sending batch requests"): `multipart/mixed`, each part a
/// call.
struct GoogleBatch {
    /// Stands at the beginning of no line of a part: heads are ours, and each body is one line of JSON.
    private static let boundary = "homeport-part"

    let body: [UInt8]
    let count: Int

    var contentType: String { "multipart/mixed; boundary=\(Self.boundary)" }

    init(calls: [GoogleTalk.Call], pathPrefix: String) {
        var body: [UInt8] = []
        for (index, call) in calls.enumerated() {
            var head =
                "--\(Self.boundary)\r\nContent-Type: application/http\r\nContent-ID: <call-\(index)>\r\n\r\n"
            head +=
                "\(call.method.rawValue) \(pathPrefix)\(call.path) HTTP/1.1\r\nAccept: application/json\r\n"
            if let ifMatch = call.ifMatch { head += "If-Match: \(ifMatch)\r\n" }
            if let json = call.body {
                head += "Content-Type: application/json; charset=utf-8\r\nContent-Length: \(json.count)\r\n"
            }
            body += Array("\(head)\r\n".utf8) + (call.body ?? []) + Array("\r\n".utf8)
        }
        self.body = body + Array("--\(Self.boundary)--\r\n".utf8)
        self.count = calls.count
    }

    /// The answers in the order of the calls, wherever in the answer they stand. A call without an answer
    /// counts as not carried out.
    func answers(
        in bytes: [UInt8], contentType: String, retryAfter: Int?
    ) throws(CalendarServerError) -> [GoogleTalk.Answer] {
        guard let boundary = Self.boundary(in: contentType) else {
            throw CalendarServerError(.misunderstood, "google's batch answer is not in parts")
        }
        var answers: [GoogleTalk.Answer?] = Array(repeating: nil, count: count)
        for part in Self.parts(bytes, boundary: boundary) {
            guard
                let (outer, message) = Self.splitHead(part),
                let id = Self.header("content-id", in: outer), let index = Self.number(id), index < count,
                let (inner, json) = Self.splitHead(message), let status = Self.status(inner)
            else { continue }
            let wait = Self.header("retry-after", in: inner).flatMap { Int($0) } ?? retryAfter
            answers[index] = GoogleTalk.Answer(status: status, body: Array(json), retryAfter: wait)
        }
        return answers.map { $0 ?? GoogleTalk.Answer(status: 503, body: [], retryAfter: retryAfter) }
    }

    /// `multipart/mixed; boundary="batch_x"`.
    private static func boundary(in contentType: String) -> String? {
        for part in contentType.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
            guard pair.count == 2, pair[0].lowercased() == "boundary" else { continue }
            let value =
                pair[1].hasPrefix("\"") && pair[1].count > 1
                ? String(pair[1].dropFirst().dropLast()) : pair[1]
            return value.isEmpty ? nil : value
        }
        return nil
    }

    /// What stands between lines that begin with the boundary.
    private static func parts(_ bytes: [UInt8], boundary: String) -> [ArraySlice<UInt8>] {
        let mark = Array("--\(boundary)".utf8)
        var parts: [ArraySlice<UInt8>] = []
        var start: Int?
        var line = 0
        while line < bytes.count {
            let end = bytes[line...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            if bytes[line..<end].starts(with: mark) {
                if let start { parts.append(bytes[start..<line]) }
                start = end
            }
            line = end
        }
        return parts
    }

    /// The lines until the first empty one, and what follows.
    private static func splitHead(_ part: ArraySlice<UInt8>) -> (head: [String], rest: ArraySlice<UInt8>)? {
        var head: [String] = []
        var line = part.startIndex
        while line < part.endIndex {
            guard let end = part[line...].firstIndex(of: 0x0A) else { return nil }
            let text = String(decoding: part[line..<end], as: UTF8.self).trimmed
            line = end + 1
            if text.isEmpty {
                if head.isEmpty { continue }
                return (head, part[line...])
            }
            head.append(text)
        }
        return head.isEmpty ? nil : (head, part[part.endIndex...])
    }

    private static func header(_ name: String, in lines: [String]) -> String? {
        for line in lines {
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2, pair[0].lowercased() == name { return String(pair[1]).trimmed }
        }
        return nil
    }

    /// The number at the end of `<response-call-7>`.
    private static func number(_ id: String) -> Int? {
        Int(id.split(separator: "-").last?.filter { $0.isASCII && $0.isNumber } ?? "")
    }

    /// The number of `HTTP/1.1 200 OK`.
    private static func status(_ lines: [String]) -> Int? {
        guard let words = lines.first?.split(separator: " "), words.count > 1, words[0].hasPrefix("HTTP/")
        else {
            return nil
        }
        return Int(words[1])
    }
}
