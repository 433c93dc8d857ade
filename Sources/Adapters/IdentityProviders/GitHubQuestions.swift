import Accounts
import FoundationEssentials
import NIOHTTP1
import ServerKit

/// What GitHub says of somebody, asked with their access token, as claims: `sub` (the number that stays when the
/// login changes), `login`, `organizations`, `teams`.
struct GitHubQuestions: Sendable {
    static let pageSize = 100
    static let pagesMax = 10

    let api: String
    let organization: String?
    let title: String
    let talk: ProviderTalk

    func claims(_ access: Secret) async throws(ProviderError) -> Claims {
        let user = try await get("/user", access, "its /user")
        guard user.status == 200, let said = user.claims, let id = said["id"]?.number, id > 0,
            let login = said.text("login")
        else { throw .unavailable("its /user answers \(user.status), and nobody that can be read") }
        var claims = Claims(["sub": .text(String(Int64(id))), "login": .text(login)])
        guard let organization else { return claims }
        let isMember = try await isMember(of: organization, access)
        claims.values["organizations"] = .list(isMember ? [.text(organization)] : [])
        if isMember { claims.values["teams"] = .list(try await teams(of: organization, access)) }
        return claims
    }

    private func isMember(of organization: String, _ access: Secret) async throws(ProviderError) -> Bool {
        let path = "/user/memberships/orgs/\(FormText.encode(organization))"
        let answer = try await get(path, access, "its question for memberships", mayRefuse: true)
        switch answer.status {
        case 200: return answer.claims?.text("state") == "active"
        case 403, 404: return false
        default: throw .unavailable("its question for memberships answers \(answer.status)")
        }
    }

    /// The slugs of the organization's teams that somebody is in, and of those above them.
    private func teams(of organization: String, _ access: Secret) async throws(ProviderError) -> [JSONValue] {
        var slugs: [String] = []
        for page in 1...Self.pagesMax {
            let answer = try await get(
                "/user/teams?per_page=\(Self.pageSize)&page=\(page)", access, "its question for teams")
            guard answer.status == 200,
                let teams = try? JSONDecoder().decode([JSONValue].self, from: Data(answer.bytes))
            else { throw .unavailable("its question for teams answers \(answer.status)") }
            for team in teams.compactMap(\.object) {
                let owner = team["organization"]?.object?["login"]?.text
                guard owner?.lowercased() == organization.lowercased() else { continue }
                slugs += [team["slug"]?.text, team["parent"]?.object?["slug"]?.text].compactMap(\.self)
            }
            if teams.count < Self.pageSize { break }
        }
        return Set(slugs).sorted().map(JSONValue.text)
    }

    private func get(
        _ path: String, _ access: Secret, _ label: String, mayRefuse: Bool = false
    ) async throws(ProviderError) -> ProviderTalk.Answer {
        let answer = try await talk.get(
            api + path,
            headers: [
                "Accept": "application/vnd.github+json", "Authorization": "Bearer \(access.revealed)",
                "X-GitHub-Api-Version": "2022-11-28",
            ], label: label)
        let isBusy =
            answer.headers.first(name: "X-RateLimit-Remaining") == "0"
            || answer.headers.contains(name: "Retry-After")
        switch answer.status {
        case 401: throw .needsBrowser("\(title) no longer takes the token that it has given.")
        case 429: throw .unavailable("\(label) has been asked too often")
        case 403 where isBusy: throw .unavailable("\(label) has been asked too often")
        case 403 where !mayRefuse:
            throw .needsBrowser("\(title) does not let your token be used (suspended, or not allowed there).")
        default: return answer
        }
    }
}
