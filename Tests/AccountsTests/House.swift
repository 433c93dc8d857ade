import Access
import Contracts
import FoundationEssentials
import InMemoryLogging
import Logging
import ServerKit
import Synchronization
import Testing

@testable import Accounts

/// The whole service over a store in memory, with a clock and a log of its own and with hashing counted.
final class House: Sendable {
    static let issuer = "homeport"
    static let service = "registry.example"

    let store = InMemoryAccounts()
    let clock = TestClock()
    let hashing = CountedCrypt()
    let log = InMemoryLogHandler()
    let services: AccountServices
    private let threads = BlockingThreads(count: 2, queueMax: 64)

    init(_ change: (inout AccountServices.Settings) -> Void = { _ in }) {
        var settings = AccountServices.Settings(
            issuer: .init(issuer: Self.issuer), services: [Self.service, "other.example"])
        settings.hashCost = 8
        change(&settings)
        let hasher = PasswordHasher(
            cost: settings.hashCost, schemes: settings.passwordSchemes, threads: threads,
            crypt: hashing.crypt)
        let log = log
        services = AccountServices(
            AccountStores(store), settings: settings, threads: threads, hasher: hasher,
            logger: Logger(label: "homeport.accounts") { _ in log }, now: clock.now)
    }

    /// The same services with other settings, beside those from before.
    func successors(_ change: (inout AccountServices.Settings) -> Void = { _ in }) -> AccountServices {
        var settings = AccountServices.Settings(
            issuer: .init(issuer: Self.issuer), services: [Self.service, "other.example"])
        settings.hashCost = 8
        change(&settings)
        return AccountServices(
            AccountStores(store), settings: settings, threads: threads, succeeding: services, now: clock.now)
    }

    /// Adds an account that may do everything with its own repositories, `NAME/…`.
    @discardableResult
    func add(_ name: String, _ password: String? = "open sesame") async throws -> AccountName {
        let name = try AccountName(name)
        _ = try await services.accounts.add(name, password: password.map { .plain(Secret($0)) } ?? .none)
        return name
    }

    func rule(_ seq: Int, account: String? = nil, name: String? = nil, _ actions: [String]) async throws {
        try await services.rules.add(
            Rule(seq: seq, match: .init(account: account, name: name), actions: actions))
    }

    func signIn(
        _ name: String, _ password: String, from address: String? = "192.0.2.7"
    ) async throws(SignInError) -> SignedIn {
        try await services.signIn.signIn(
            BasicCredentials(name: name, password: Secret(password)), from: address)
    }

    /// What a sign-in is refused with; nil when it is not.
    func refusal(
        of name: String, _ password: String, from address: String? = "192.0.2.7"
    ) async -> SignInError? {
        do throws(SignInError) {
            _ = try await signIn(name, password, from: address)
            return nil
        } catch {
            return error
        }
    }

    /// A bearer token's text, by password.
    func token(
        _ name: String, _ password: String = "open sesame", scopes: [String] = [],
        service: String = House.service
    ) async throws -> String {
        let answer = try await answer(
            .credentials(.init(name: name, password: Secret(password))), scopes, service)
        return answer.token.text.revealed
    }

    func answer(
        _ proof: TokenService.Proof, _ scopes: [String] = [], _ service: String = House.service,
        offline: Bool = false
    ) async throws -> TokenService.Answer {
        try await services.tokenService.answer(
            .init(
                proof: proof, audience: try #require(services.tokenService.audience(named: service)),
                scopes: try scopes.map { try Scope($0) }, wantsRefreshToken: offline, clientID: "tests",
                address: "192.0.2.7"))
    }

    /// What a request with this token is granted of `actions` on a repository.
    func granted(_ token: String, _ actions: [String], on name: String) async throws -> [String] {
        let caller = try await services.authorizer.caller(authorization: "Bearer \(token)", from: "192.0.2.7")
        return try await services.authorizer.granted(
            actions, type: "repository", name: name, tag: .unknown, to: caller)
    }

    /// What a bearer token is refused with; nil when it is not.
    func refusal(ofBearer token: String) async -> SignInError? {
        do throws(SignInError) {
            _ = try await services.authorizer.caller(authorization: "Bearer \(token)", from: nil)
            return nil
        } catch {
            return error
        }
    }

    /// The lines about failed sign-ins.
    var failures: [Logger.Metadata] {
        log.entries.filter { $0.message == "sign-in failed" && $0.level == .warning }.map(\.metadata)
    }
}

/// A clock that moves when it is told to.
final class TestClock: Sendable {
    private let moment = Mutex(Date(timeIntervalSince1970: 1_800_000_000))

    var now: WallClock { { self.moment.withLock { $0 } } }

    func advance(_ seconds: TimeInterval) { moment.withLock { $0 += seconds } }
}

/// libcrypt, with a list of the settings it was called with: the work that was done.
final class CountedCrypt: Sendable {
    private let calls = Mutex<[String]>([])

    var crypt: PasswordHasher.CryptFunction {
        { password, setting in
            self.calls.withLock { $0.append(setting) }
            return Crypt.hash(password, setting: setting)
        }
    }

    /// The scheme and cost of each call since the last time this was asked, `$2y$08$`.
    func taken() -> [String] {
        calls.withLock { calls in
            defer { calls = [] }
            return calls.map { String($0.prefix(7)) }
        }
    }
}
