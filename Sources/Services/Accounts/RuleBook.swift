package import Access
package import FoundationEssentials
package import Logging
import ServerKit
import Synchronization

/// The access rules: changed here, and compiled once for all who ask.
package final class RuleBook: Sendable {
    private let stores: AccountStores
    let style: PolicyStyle
    private let logger: Logger
    private let now: WallClock
    private let compiled = GenerationCache<Int, Policy>(countMax: 1)
    private let lastGood = Mutex<Policy?>(nil)

    package init(
        _ stores: AccountStores, style: PolicyStyle = .homeport,
        logger: Logger = Logger(label: SignInLog.label), now: @escaping WallClock
    ) {
        self.stores = stores
        self.logger = logger
        self.style = style
        self.now = now
    }

    /// All rules, in order of `seq`.
    package func rules() async throws(AccountError) -> [Rule] {
        do {
            return try await stores.rules.rules()
        } catch {
            throw .store(error)
        }
    }

    /// Adds a rule that can be compiled and whose place is free.
    package func add(_ rule: Rule) async throws(AccountError) {
        do {
            _ = try Policy(rules: [rule], style: style)
        } catch {
            throw .invalid(error.description)
        }
        do {
            try await stores.rules.add(rule)
        } catch  where error.kind == .conflict {
            throw .ruleTaken(rule.seq)
        } catch {
            throw .store(error)
        }
    }

    /// Gives a rule another place in the order.
    package func move(_ seq: Int, to target: Int) async throws(AccountError) {
        do {
            try await stores.rules.move(seq, to: target)
        } catch {
            switch error.kind {
            case .missing: throw .unknownRule(seq)
            case .conflict: throw .ruleTaken(target)
            default: throw .store(error)
            }
        }
    }

    package func remove(_ seq: Int) async throws(AccountError) {
        do {
            if try await stores.rules.remove(seq) { return }
        } catch {
            throw .store(error)
        }
        throw .unknownRule(seq)
    }

    /// How the rules as they are now would answer, and why.
    ///
    /// - Parameter moment: the time to decide at; nil for now.
    package func explain(_ request: AccessRequest, at moment: Date? = nil) async throws(AccountError)
        -> Explanation
    {
        let policy: Policy
        do {
            policy = try Policy(rules: try await rules(), style: style)
        } catch let error as AccessError {
            throw .invalid(error.description)
        } catch let error as AccountError {
            throw error
        } catch {
            throw .invalid("\(error)")
        }
        var request = request
        request.actions = RepositoryActions.expand(request.actions, of: request.type)
        return policy.explain(request, at: moment ?? now())
    }

    /// The rules, compiled. While they cannot be compiled those from before stand, and without any nothing is
    /// decided.
    func policy() async throws(StoreError) -> Policy {
        let generation = stores.signal.generation
        if let known = compiled.value(for: 0, at: generation) { return known }
        let rules = try await stores.rules.rules()
        let policy: Policy
        do throws(AccessError) {
            policy = try Policy(rules: rules, style: style)
            lastGood.withLock { $0 = policy }
        } catch {
            logger.error("the rules cannot be used", metadata: ["error": "\(error)"])
            guard let before = lastGood.withLock({ $0 }) else {
                throw StoreError(.damaged, "compiling the rules", cause: error)
            }
            policy = before
        }
        compiled.remember(policy, for: 0, at: generation)
        return policy
    }
}
