package import ServerKit

/// Hashes passwords and checks them, in libcrypt, on threads of their own.
///
/// A check always costs one bcrypt of the configured cost, whoever is asked for: an account that does not
/// exist, that has no password, or that has a cheaper hash cannot be told from one with a wrong password by
/// the time it takes. (A hash that costs *more* than the configured cost can: so `cost` should be the highest
/// in use.)
package struct PasswordHasher: Sendable {
    /// libcrypt takes 511 bytes at most. A longer password matches nothing.
    package static let lengthMax = 511
    /// bcrypt looks at the first 72 bytes only.
    package static let bcryptLengthMax = 72
    /// 2^10 rounds: about 70 ms of a core, the least that is advised for bcrypt today.
    package static let defaultCost = 10
    package static let costs = 8...15
    /// How far the threads that hash are to stand back: whoever pulls never waits for somebody who logs in.
    package static let niceness = 10

    /// libcrypt, or something that counts its calls in a test.
    typealias CryptFunction = @Sendable (_ password: [UInt8], _ setting: String) -> String?

    private let cost: Int
    private let schemes: Set<PasswordScheme>
    private let threads: BlockingThreads
    private let crypt: CryptFunction
    /// What a check is done against when there is nothing to check against.
    private let decoy: String

    /// - Parameters:
    ///   - cost: the cost of new hashes, clamped to 8...15: each step doubles the time.
    ///   - schemes: those in which a stored hash is believed.
    ///   - threads: where hashing happens; their queue bounds how many sign-ins may wait.
    package init(
        cost: Int = Self.defaultCost, schemes: Set<PasswordScheme> = PasswordScheme.current,
        threads: BlockingThreads
    ) {
        self.init(cost: cost, schemes: schemes, threads: threads, crypt: Crypt.hash(_:setting:))
    }

    init(
        cost: Int, schemes: Set<PasswordScheme>, threads: BlockingThreads, crypt: @escaping CryptFunction
    ) {
        self.cost = min(max(cost, Self.costs.lowerBound), Self.costs.upperBound)
        self.schemes = schemes
        self.threads = threads
        self.crypt = crypt
        guard let decoy = Crypt.setting(prefix: "$2y$", cost: self.cost) else {
            preconditionFailure("libcrypt on this machine does not know bcrypt")
        }
        self.decoy = decoy
    }

    /// Whether `password` is the one `hash` was made from; never for a missing hash, but in the same time.
    ///
    /// Throws `.unavailable` when too many checks are waiting already.
    package func verify(_ password: Secret, against hash: PasswordHash?) async throws(StoreError) -> Bool {
        try await onThread("checking a password") { [self] in check(Array(password.revealed.utf8), hash) }
    }

    /// A hash of `password` in the current scheme and cost, with a fresh salt.
    package func hash(_ password: Secret) async throws(AccountError) -> PasswordHash {
        let bytes = Array(password.revealed.utf8)
        if let problem = Self.problem(with: bytes) { throw .password(problem) }
        do {
            return try await onThread("hashing a password") { [self] in
                guard
                    let setting = Crypt.setting(prefix: "$2y$", cost: cost), let text = crypt(bytes, setting)
                else { throw StoreError(.failed, "libcrypt cannot hash") }
                return PasswordHash(storedText: text)
            }
        } catch {
            throw .store(error)
        }
    }

    /// Checks a hash that was made elsewhere (`htpasswd -nB`) before it is stored.
    package func checkAccepted(_ hash: PasswordHash) throws(AccountError) {
        guard let scheme = PasswordScheme(of: hash) else {
            throw .password(
                "this is not a password hash in the notation of crypt(3), such as $2y$10$… (htpasswd -nB)")
        }
        guard schemes.contains(scheme) else {
            throw .password("password hashes of the kind \(scheme) are too weak to be accepted; use bcrypt")
        }
        if scheme == .bcrypt, let cost = Self.bcryptCost(of: hash), cost > Self.costs.upperBound {
            throw .password(
                "a bcrypt cost of \(cost) takes too long at each sign-in; use \(Self.costs.upperBound) at most"
            )
        }
    }

    private func check(_ password: [UInt8], _ hash: PasswordHash?) -> Bool {
        let isPossible = Self.isPossible(password)
        guard isPossible, let hash, let scheme = PasswordScheme(of: hash), schemes.contains(scheme) else {
            _ = crypt(isPossible ? password : [], decoy)
            return false
        }
        if let computed = crypt(password, hash.storedText),
            ConstantTime.areEqual(Array(computed.utf8), Array(hash.storedText.utf8))
        {
            return true
        }
        // A cheaper hash would tell that the account exists: the refusal takes the time of the configured
        // cost too.
        if (Self.bcryptCost(of: hash) ?? 0) < cost { _ = crypt(password, decoy) }
        return false
    }

    private func onThread<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await threads.run(body)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unavailable, doing, cause: error)
        }
    }

    private static func isPossible(_ password: [UInt8]) -> Bool {
        !password.isEmpty && password.count <= lengthMax && !password.contains(0)
    }

    /// What speaks against setting this password, as a sentence for the person who chose it.
    private static func problem(with password: [UInt8]) -> String? {
        if password.isEmpty { return "a password cannot be empty" }
        if password.contains(0) { return "a password cannot contain a NUL byte" }
        if password.count > bcryptLengthMax {
            return "a password has at most \(bcryptLengthMax) bytes: bcrypt ignores what comes after them"
        }
        if TokenText(String(decoding: password, as: UTF8.self)) != nil {
            return "a password cannot have the form of an access token"
        }
        return nil
    }

    private static func bcryptCost(of hash: PasswordHash) -> Int? {
        let parts = hash.storedText.split(separator: "$")
        guard parts.count == 3, parts[0].hasPrefix("2") else { return nil }
        return Int(parts[1])
    }
}
