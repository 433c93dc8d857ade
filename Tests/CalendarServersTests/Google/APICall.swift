import Foundation

/// One call of Google's API, alone or out of a batch.
struct APICall {
    let method: String
    /// Below `/calendar/v3/`, percent signs resolved.
    let parts: [String]
    let query: [String: String]
    let ifMatch: String?
    let body: [UInt8]
    var contentID = ""

    init(method: String, path: String, query: [String: String], ifMatch: String?, body: [UInt8]) {
        self.method = method
        self.parts = path.split(separator: "/").dropFirst(2).map { $0.removingPercentEncoding ?? String($0) }
        self.query = query
        self.ifMatch = ifMatch
        self.body = body
    }

    /// Reads a part of a batch.
    init?(part: String) {
        let text = part.replacingOccurrences(of: "\r\n", with: "\n").drop { $0 == "\n" }
        let sections = String(text).components(separatedBy: "\n\n")
        guard sections.count >= 2 else { return nil }
        let outer = Self.headers(sections[0].components(separatedBy: "\n"))
        let inner = sections[1].components(separatedBy: "\n")
        let request = inner[0].split(separator: " ")
        guard request.count == 3 else { return nil }
        let url = request[1].split(separator: "?", maxSplits: 1)
        var query: [String: String] = [:]
        for pair in url.count > 1 ? url[1].split(separator: "&") : [] {
            let halves = pair.split(separator: "=", maxSplits: 1).map { $0.removingPercentEncoding ?? "" }
            query[halves[0]] = halves.count > 1 ? halves[1] : ""
        }
        let body = sections.dropFirst(2).joined(separator: "\n\n").trimmingCharacters(in: .newlines)
        self.init(
            method: String(request[0]), path: String(url[0]), query: query,
            ifMatch: Self.headers(inner)["if-match"], body: Array(body.utf8))
        self.contentID = (outer["content-id"] ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "<>"))
    }

    private static func headers(_ lines: [String]) -> [String: String] {
        var headers: [String: String] = [:]
        for line in lines {
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2 {
                headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces)
            }
        }
        return headers
    }

    /// `PUT events`, for scripts of failures and for counting.
    var name: String { "\(method) \(parts.count > 2 ? parts[2] : parts.last ?? "")" }
}
