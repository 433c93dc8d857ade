import Access
import Accounts
import HTTPKit
import HTTPTypes
import Hummingbird
import OCI
import Registry

/// `/v2/_catalog`: the repositories, as Docker's registry lists them.
extension RegistryAPI {
    /// Lists what the caller may pull, and nothing else: neither a name nor a page's length tells of more.
    ///
    /// A token cannot name beforehand what is found here, so the rules alone say what is visible.
    func listRepositories(_ request: Request, _ context: HomeportContext) async throws -> Response {
        let caller = try await gate.caller(request, context)
        if !caller.hasCredentials {
            let granted = try await gate.authorizer.granted(
                ["*"], type: "registry", name: "catalog", tag: .unknown, to: caller)
            guard granted == ["*"] else {
                let scope = Scope(type: "registry", name: "catalog", actions: ["*"])
                throw gate.challenge(request, context, scopes: [scope], problem: nil)
            }
        }
        let query = Query(request.uri.query)
        let paging = try Paging(query, max: limits.page)
        let last = try query["last"].map { try RepositoryName($0) }
        let account = caller.inLists
        let page = try await registry.repositories(after: last, limit: paging.limit) { name in
            try await gate.mayDo(.pull(name), .unknown, account)
        }

        var headers: HTTPFields = [.contentType: "application/json"]
        if page.hasMore, let end = page.items.last {
            headers[.link] = paging.link("/v2/_catalog", last: end.text)
        }
        return Response(
            status: .ok, headers: headers,
            body: .list("{\"repositories\":[", page.items.map(\.text), "]}\n"))
    }
}
