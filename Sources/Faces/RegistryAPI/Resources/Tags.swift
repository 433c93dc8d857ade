import Access
import Accounts
import HTTPKit
import HTTPTypes
import Hummingbird
import NIOCore
import OCI
import Registry

/// `/v2/<name>/tags/list` (end-8).
extension RegistryAPI {
    func listTags(_ repository: RepositoryName, _ request: Request, _ context: HomeportContext) async throws
        -> Response
    {
        let wish = Wish.pull(repository)
        let caller = try await gate.caller(request, context, wishing: wish)
        try await gate.require(wish, tags: [.unknown], of: caller, request, context)
        let query = Query(request.uri.query)
        let paging = try Paging(query, max: limits.page)
        let last = try query["last"].map { try Tag($0) }
        let page = try await registry.tags(in: repository, after: last, limit: paging.limit)

        var headers: HTTPFields = [.contentType: "application/json"]
        if page.hasMore, let end = page.items.last {
            headers[.link] = paging.link("/v2/\(repository)/tags/list", last: end.text)
        }
        return Response(
            status: .ok, headers: headers,
            body: .list("{\"name\":\"\(repository)\",\"tags\":[", page.items.map(\.text), "]}\n"))
    }
}

extension ResponseBody {
    /// A JSON list of names, none of which can hold a character that JSON would escape.
    static func list(_ start: String, _ names: [String], _ end: String) -> ResponseBody {
        var body = ByteBuffer()
        body.reserveCapacity(names.reduce(start.utf8.count + end.utf8.count) { $0 + $1.utf8.count + 3 })
        body.writeString(start)
        for (index, name) in names.enumerated() {
            body.writeString(index == 0 ? "\"" : ",\"")
            body.writeString(name)
            body.writeInteger(UInt8(ascii: "\""))
        }
        body.writeString(end)
        return ResponseBody(byteBuffer: body)
    }
}
