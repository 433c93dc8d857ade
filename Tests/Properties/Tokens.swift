import Access
import Accounts
import Contracts
import Foundation
import ServerKit

extension Property {
    /// Nothing that differs from a token of this server lets anybody in. The input is a header's text, and
    /// also a recipe for changing a token that is right: a place, what to do there, and with what.
    static let tokens = Property("tokens") { input in
        let house = try await TokenHouse.shared.value
        let text = input.text
        let stranger = await house.caller("Bearer \(text)")
        try require(
            stranger == nil || text.contains(house.token), "\(text) is taken for \(stranger ?? "")")
        let changed = Self.change(house.token, by: input)
        let caller = await house.caller("Bearer \(changed)")
        if caller != nil {
            // The signature of an elliptic curve has a twin that is as good; what it signs is the same.
            try requireEqual(
                house.signedPart(changed), house.signedPart(house.token), "what a believed token says")
        }
        if changed == house.token { try requireEqual(caller, "alice", "who holds the token") }
    }

    /// Changes a text by triples of bytes: where, how, what.
    private static func change(_ text: String, by recipe: [UInt8]) -> String {
        var bytes = Array(text.utf8)
        var steps = recipe.prefix(30)[...]
        while steps.count >= 4, !bytes.isEmpty {
            let step = Array(steps.prefix(4))
            steps = steps.dropFirst(4)
            let place = (Int(step[0]) << 8 | Int(step[1])) % bytes.count
            // What stays ASCII stays a header.
            let byte = step[3] & 0x7F
            switch step[2] % 5 {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes += bytes[place...].prefix(Int(byte))
            }
        }
        return bytes.text
    }
}

/// One account with one right token.
private struct TokenHouse: Sendable {
    let services: AccountServices
    let token: String

    static let shared = Task { try await TokenHouse() }

    init() async throws {
        var settings = AccountServices.Settings(
            issuer: TokenIssuer.Settings(issuer: "homeport"), services: ["homeport"])
        settings.hashCost = 4
        services = AccountServices(
            AccountStores(InMemoryAccounts()), settings: settings,
            threads: BlockingThreads(count: 1, queueMax: 8), now: { Samples.date })
        try await services.keys.prepare()
        let password = Secret("secret")
        _ = try await services.accounts.add(try AccountName("alice"), password: .plain(password))
        guard let audience = services.tokenService.audience(named: "homeport") else {
            throw Counterexample(description: "the service is not known")
        }
        let answer = try await services.tokenService.answer(
            .init(
                proof: .credentials(BasicCredentials(name: "alice", password: password)),
                audience: audience, scopes: [try Scope("repository:alice/app:pull")],
                wantsRefreshToken: false, clientID: "tests", address: nil))
        token = answer.token.text.revealed
    }

    /// Whom a header lets in; nil for nobody.
    func caller(_ header: String) async -> String? {
        let caller = try? await services.authorizer.caller(authorization: header, from: nil)
        return caller?.account.text
    }

    /// Blanks around a token are the header's.
    func signedPart(_ token: String) -> String {
        let text = token.split(separator: " ").joined(separator: " ")
        return text.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
    }
}
