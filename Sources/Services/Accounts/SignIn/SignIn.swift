package import Access
package import FoundationEssentials
import Logging
import ServerKit
import Synchronization

/// Somebody whose credentials were right a moment ago.
package struct SignedIn: Sendable {
    package let account: Account
    package let credential: Credential
    /// What an access token may be used for at most; empty for no bound.
    package let bounds: [Scope]
    /// When the credential itself ends, if it does.
    package let credentialExpires: Date?

    init(account: Account, credential: Credential, bounds: [Scope] = [], credentialExpires: Date? = nil) {
        self.account = account
        self.credential = credential
        self.bounds = bounds
        self.credentialExpires = credentialExpires
    }
}

/// Finds out who somebody is from a name and a password, which may be an access token.
///
/// A wrong password, an unknown name, a disabled, an expired and a passwordless account are one and the same
/// to the client: in words, in time and in how they are braked.
package final class SignIn: Sendable {
    package struct Settings: Sendable {
        /// For how many seconds a verified password is believed without computing its hash again; 0 turns
        /// that off.
        package var verifiedLifetime: Int = 60
        package var brake = GuessingBrake.Settings()
        /// Whether accounts without a password sign in with any. Not here, but where another program has it so.
        package var opensWithoutPassword = false
        /// Whether what a source has found right is believed as long as a verified password.
        package var remembersSources = false
        /// How long a refusal takes at least where there are sources: none of them takes as long as another.
        package var refusalTime = Duration.zero
        /// Lets time pass.
        package var pause: @Sendable (Duration) async -> Void = { time in
            try? await ContinuousClock().sleep(for: time)
        }

        package init() {}
    }

    /// One check of a password that others with the very same credentials wait for.
    private struct Flight: Hashable {
        let mark: VerifiedCredentials.Mark
        let network: String
    }

    let standing: Standing
    private let hasher: PasswordHasher
    private let accessTokens: AccessTokens
    private let brake: GuessingBrake
    private let opensWithoutPassword: Bool
    private let guests: Guests
    let vouchers: Vouchers
    private let remembersSources: Bool
    private let refusalTime: Duration
    private let pause: @Sendable (Duration) async -> Void
    private let verified: VerifiedCredentials
    private let log: SignInLog
    private let now: WallClock
    private let flights = Mutex<[Flight: Task<Result<Bool, StoreError>, Never>]>([:])
    private let sourceFlights = Mutex<[Flight: Task<SourceOutcome, Never>]>([:])

    /// - Parameter predecessor: whose brakes go on, and what it remembers if as long.
    init(
        standing: Standing, hasher: PasswordHasher, accessTokens: AccessTokens, settings: Settings,
        guests: Guests, vouchers: Vouchers, log: SignInLog, succeeding predecessor: SignIn? = nil,
        now: @escaping WallClock
    ) {
        self.standing = standing
        self.hasher = hasher
        self.accessTokens = accessTokens
        // Whoever guesses has not begun anew because the operator has changed something.
        self.brake = predecessor?.brake ?? GuessingBrake(settings.brake)
        self.opensWithoutPassword = settings.opensWithoutPassword
        self.guests = guests
        self.vouchers = vouchers
        self.remembersSources = settings.remembersSources
        self.refusalTime = settings.refusalTime
        self.pause = settings.pause
        let lifetime = TimeInterval(settings.verifiedLifetime)
        self.verified =
            (predecessor?.verified).flatMap { $0.lifetime == lifetime ? $0 : nil }
            ?? VerifiedCredentials(lifetime: lifetime)
        self.log = log
        self.now = now
    }

    /// Signs somebody in.
    ///
    /// - Parameters:
    ///   - vouched: what somebody who is believed says of the caller.
    ///   - address: the client's address, for the brakes and the log.
    package func signIn(
        _ credentials: BasicCredentials, vouched: Vouched? = nil, from address: String?
    ) async throws(SignInError) -> SignedIn {
        if let named = try await vouchers.signIn(vouched, as: credentials) {
            log.succeeded(named)
            return named
        }
        if let wait = brake.wait(account: credentials.name, address: address, at: now()) {
            log.heldBack(account: credentials.name, address: address)
            throw .tooManyAttempts(retryAfter: wait)
        }
        guard !standing.isAway else { throw .unavailable }
        let start = ContinuousClock.now
        let signedIn: SignedIn?
        do throws(StoreError) {
            if let token = TokenText(credentials.password.revealed) {
                signedIn = try await byToken(token, named: credentials.name, from: address)
            } else {
                signedIn = try await byPassword(credentials, from: address)
            }
        } catch {
            log.cannotAsk(error)
            throw .unavailable
        }
        guard let signedIn else {
            log.failed(account: credentials.name, address: address)
            if !guests.sources.isEmpty {
                // Who knows the name, and how fast they are, is not to be seen.
                let left = refusalTime - start.duration(to: .now)
                if left > .zero { await pause(left) }
            }
            throw .wrongCredentials
        }
        log.succeeded(signedIn)
        return signedIn
    }

    private func byToken(
        _ token: TokenText, named name: String, from address: String?
    ) async throws(StoreError) -> SignedIn? {
        // Nobody guesses 160 bits: failures count for the address alone.
        let attempt = brake.begin(account: name, address: address, isGuess: false, at: now())
        do throws(StoreError) {
            guard let found = try await accessTokens.find(token, kind: .access),
                found.account.name.text == name
            else {
                return nil
            }
            brake.withdrawn(attempt)
            return SignedIn(
                account: found.account,
                credential: found.isPersons ? .personToken(token.id) : .accessToken(token.id),
                bounds: found.bounds,
                credentialExpires: found.expires)
        } catch {
            brake.withdrawn(attempt)
            throw error
        }
    }

    private func byPassword(
        _ credentials: BasicCredentials, from address: String?
    ) async throws(StoreError) -> SignedIn? {
        let generation = standing.generation &+ guests.generation
        let name = try? AccountName(credentials.name)
        var record: Standing.Record?
        if let name { record = try await standing.record(of: name) }
        let mark = verified.mark(
            account: credentials.name, password: credentials.password.revealed,
            hash: record?.account.passwordHash)
        let isKnown = verified.contains(mark, generation: generation, at: now())
        if record == nil, !guests.sources.isEmpty, let name {
            if isKnown, let guest = guests.record(of: name, at: now()) {
                return SignedIn(account: guest.account, credential: .source)
            }
            switch await askSources(name, credentials, from: address) {
            case .known(let account):
                if remembersSources { verified.remember(mark, generation: generation, at: now()) }
                return SignedIn(account: account, credential: .source)
            case .wrongPassword: return nil
            case .failed(let error): throw error
            case .unknown: break
            }
        } else if record != nil, isKnown {
            return signedIn(record)
        }
        let isRight = try await check(credentials, against: record, from: address, mark: mark)
        guard isRight, let signedIn = signedIn(record) else { return nil }
        verified.remember(mark, generation: generation, at: now())
        return signedIn
    }

    private func signedIn(_ record: Standing.Record?) -> SignedIn? {
        guard let record, record.isStanding(at: now()) else { return nil }
        return SignedIn(account: record.account, credential: .password(mark: record.passwordMark))
    }

    /// What the sources say together.
    private enum SourceOutcome: Sendable {
        case known(Account)
        case wrongPassword
        case unknown
        case failed(StoreError)
    }

    /// Asks the sources, once for all who come with the same credentials from the same place at the same time.
    private func askSources(
        _ name: AccountName, _ credentials: BasicCredentials, from address: String?
    ) async -> SourceOutcome {
        let mark = verified.mark(account: name.text, password: credentials.password.revealed, hash: nil)
        let flight = Flight(mark: mark, network: ClientNetwork.key(for: address))
        let task = sourceFlights.withLock { flights in
            if let running = flights[flight] { return running }
            let attempt = brake.begin(account: credentials.name, address: address, at: now())
            let task = Task { [self] in
                let outcome = await asked(name, credentials, from: address)
                switch outcome {
                case .known: brake.succeeded(attempt, at: now())
                case .wrongPassword: break
                // What comes after it counts the attempt itself.
                case .unknown, .failed: brake.withdrawn(attempt)
                }
                sourceFlights.withLock { $0[flight] = nil }
                return outcome
            }
            flights[flight] = task
            return task
        }
        return await task.value
    }

    private func asked(
        _ name: AccountName, _ credentials: BasicCredentials, from address: String?
    ) async -> SourceOutcome {
        for source in guests.sources {
            switch await source.answer(name, password: credentials.password, from: address) {
            case .signedIn(let labels):
                let account = Account(name: name, passwordHash: nil, labels: labels, createdAt: now())
                guests.remember(account, at: now())
                return .known(account)
            case .wrongPassword: return .wrongPassword
            case .notMine: continue
            case .cannotAsk(let reason):
                return .failed(StoreError(.unavailable, "\(source.name): \(reason)"))
            }
        }
        return .unknown
    }

    /// Computes the hash, once for all who come with the same credentials from the same place at the same
    /// time: forty layers pushed at once are one sign-in, not forty.
    private func check(
        _ credentials: BasicCredentials, against record: Standing.Record?, from address: String?,
        mark: VerifiedCredentials.Mark
    ) async throws(StoreError) -> Bool {
        let flight = Flight(mark: mark, network: ClientNetwork.key(for: address))
        let task = flights.withLock { flights in
            if let running = flights[flight] { return running }
            let attempt = brake.begin(account: credentials.name, address: address, at: now())
            let task = Task { [self] in
                let result = await verify(credentials.password, against: record)
                switch result {
                case .success(true): brake.succeeded(attempt, at: now())
                case .success(false): break
                case .failure: brake.withdrawn(attempt)
                }
                self.flights.withLock { $0[flight] = nil }
                return result
            }
            flights[flight] = task
            return task
        }
        return try await task.value.get()
    }

    private func verify(
        _ password: Secret, against record: Standing.Record?
    ) async -> Result<Bool, StoreError> {
        if opensWithoutPassword, let record, record.account.passwordHash == nil,
            !record.account.name.isAnonymous
        {
            return .success(record.isStanding(at: now()))
        }
        do throws(StoreError) {
            // The hash is computed for an account that may not sign in too: it must take the same time.
            let isRight = try await hasher.verify(password, against: record?.account.passwordHash)
            return .success(isRight && record?.isStanding(at: now()) == true)
        } catch {
            return .failure(error)
        }
    }
}
