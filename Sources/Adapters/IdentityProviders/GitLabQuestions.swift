import Accounts
import NIOHTTP1
import ServerKit

/// What GitLab says of somebody to whoever may ask for no more (`read_user`), as claims: `sub` (the number that stays
/// when the name changes) and `username`.
struct GitLabQuestions: Sendable {
    let api: String
    let title: String
    let talk: ProviderTalk

    func claims(_ access: Secret) async throws(ProviderError) -> Claims {
        let answer = try await talk.get(
            api + "/user", headers: ["Authorization": "Bearer \(access.revealed)"], label: "its /user")
        switch answer.status {
        case 200: break
        case 401: throw .needsBrowser("\(title) no longer takes the token that it has given.")
        case 403:
            throw .needsBrowser("\(title) does not let your token be used (blocked, or not allowed there).")
        default: throw .unavailable("its /user answers \(answer.status)")
        }
        guard let said = answer.claims, let id = said["id"]?.number, id > 0, id < 1e15,
            let name = said.text("username")
        else { throw .unavailable("its /user answers 200, and nobody that can be read") }
        if let state = said.text("state"), state != "active" {
            throw .needsBrowser("\(title) has your account stopped.")
        }
        return Claims(["sub": .text(String(Int64(id))), "username": .text(name)])
    }
}
