package import FoundationEssentials
import Synchronization

/// Slows the guessing of passwords, without letting a stranger lock an owner out.
///
/// Failures count three times: for the account from this address, for the address whatever the account, and
/// for the account wherever from. After a few free ones each makes the next attempt wait twice as long. The
/// waits for an account from everywhere stay short, and an address from which the account has signed in
/// before is spared the waits that others caused: only its own failures with this account count against it.
///
/// An attempt counts as failed from its beginning, so that a thousand at once are not a thousand free
/// guesses.
package final class GuessingBrake: Sendable {
    /// Failures that cost nothing, and the longest wait.
    package struct Limit: Sendable {
        package let free: Int
        package let waitMax: TimeInterval

        package init(free: Int, waitMax: TimeInterval) {
            self.free = free
            self.waitMax = waitMax
        }

        /// 1, 2, 4, … seconds from the first failure that is not free.
        func wait(after failures: Int) -> TimeInterval {
            guard failures >= free else { return 0 }
            return min(waitMax, TimeInterval(UInt64(1) << UInt64(min(failures - free, 40))))
        }
    }

    package struct Settings: Sendable {
        /// One account from one address.
        package var pair = Limit(free: 5, waitMax: 900)
        /// One address, an IPv6 network of 64 bits counting as one.
        package var address = Limit(free: 30, waitMax: 900)
        /// One account from everywhere: softer, because its owner may be among those who wait.
        package var account = Limit(free: 60, waitMax: 15)
        /// For how many seconds after the last wait failures are remembered.
        package var memory: TimeInterval = 3600
        /// For how many seconds an address from which an account signed in counts as its own.
        package var familiarity: TimeInterval = 30 * 86_400
        /// Entries in each table.
        package var countMax = 20_000

        package init() {}
    }

    fileprivate struct Pair: Hashable, Sendable {
        let account: String
        let network: String
    }

    private struct State {
        var pairs: BrakeTable<Pair>
        var networks: BrakeTable<String>
        var accounts: BrakeTable<String>
        var familiar: [Pair: Date] = [:]
    }

    /// An attempt that was let through.
    struct Attempt: Sendable {
        fileprivate let pair: Pair
        fileprivate let isFamiliar: Bool
        fileprivate let isGuess: Bool
    }

    private let settings: Settings
    private let state: Mutex<State>

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
        let (memory, count) = (settings.memory, settings.countMax)
        self.state = Mutex(
            State(
                pairs: BrakeTable(settings.pair, memory: memory, countMax: count),
                networks: BrakeTable(settings.address, memory: memory, countMax: count),
                accounts: BrakeTable(settings.account, memory: memory, countMax: count)))
    }

    /// Whole seconds this account must wait at this address, nil when it may try now.
    func wait(account: String, address: String?, at moment: Date) -> Int? {
        let pair = Pair(account: account, network: ClientNetwork.key(for: address))
        return state.withLock { Self.wait(&$0, pair, at: moment) }
    }

    /// Lets an attempt through and counts it as failed until `succeeded` or `withdrawn`.
    ///
    /// - Parameter isGuess: false for a token, which nobody can guess: such failures count for the address
    /// only, so that a forgotten robot does not lock out its owner.
    func begin(account: String, address: String?, isGuess: Bool = true, at moment: Date) -> Attempt {
        let pair = Pair(account: account, network: ClientNetwork.key(for: address))
        return state.withLock { state in
            let isFamiliar = state.familiar[pair].map { $0 > moment } ?? false
            if isGuess { state.pairs.addFailure(pair, at: moment) }
            if !isFamiliar {
                state.networks.addFailure(pair.network, at: moment)
                if isGuess { state.accounts.addFailure(pair.account, at: moment) }
            }
            return Attempt(pair: pair, isFamiliar: isFamiliar, isGuess: isGuess)
        }
    }

    /// The attempt was right: what this account did wrong from here is forgotten, and the address is
    /// familiar.
    func succeeded(_ attempt: Attempt, at moment: Date) {
        state.withLock { state in
            takeBack(attempt, &state)
            guard attempt.isGuess else { return }
            state.pairs.forget(attempt.pair)
            if state.familiar.count >= settings.countMax {
                state.familiar = state.familiar.filter { $0.value > moment }
                if state.familiar.count >= settings.countMax { state.familiar.removeAll() }
            }
            state.familiar[attempt.pair] = moment.addingTimeInterval(settings.familiarity)
        }
    }

    /// The attempt could not be decided.
    func withdrawn(_ attempt: Attempt) {
        state.withLock { takeBack(attempt, &$0) }
    }

    private func takeBack(_ attempt: Attempt, _ state: inout State) {
        if attempt.isGuess { state.pairs.takeBack(attempt.pair) }
        guard !attempt.isFamiliar else { return }
        state.networks.takeBack(attempt.pair.network)
        if attempt.isGuess { state.accounts.takeBack(attempt.pair.account) }
    }

    private static func wait(_ state: inout State, _ pair: Pair, at moment: Date) -> Int? {
        var wait = state.pairs.wait(for: pair, at: moment)
        if state.familiar[pair].map({ $0 <= moment }) ?? true {
            wait = max(wait, state.networks.wait(for: pair.network, at: moment))
            wait = max(wait, state.accounts.wait(for: pair.account, at: moment))
        }
        return wait > 0 ? Int(wait.rounded(.up)) : nil
    }
}
