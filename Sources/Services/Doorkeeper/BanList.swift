package import FoundationEssentials
import Logging
package import ServerKit
import Synchronization

/// The bans in force, and how addresses come upon the list: by failed sign-ins, or by an operator.
///
/// Who is banned is answered from memory, and without waiting. What the server bans by itself counts at once and
/// is written down by `settle`; what others write down counts after `refresh`, which asks the store only when
/// something has changed.
package final class BanList: Sendable {
    package struct Settings: Sendable {
        /// How many failed sign-ins from one address lead to a ban; nil for never.
        package var failures: Int?
        /// In how many seconds.
        package var window: TimeInterval
        /// How many seconds a first ban lasts. Each that follows lasts twice as long.
        package var time: TimeInterval
        package var timeMax: TimeInterval
        /// Who is never banned: this machine, proxies, the operator's own network.
        package var allowed: [AddressRange]
        /// How many addresses are watched at the same time.
        package var watchedMax = 20_000
        /// How many bans there are at most before the server makes no more of them.
        package var bansMax = 50_000

        package init(
            failures: Int? = 100, window: TimeInterval = 600, time: TimeInterval = 3600,
            timeMax: TimeInterval = 7 * 86_400, allowed: [AddressRange] = []
        ) {
            self.failures = failures
            self.window = window
            self.time = time
            self.timeMax = timeMax
            self.allowed = allowed
        }
    }

    private struct Watched {
        var failures: Int
        let since: Date
    }

    private struct State {
        /// What is known is what the store had then.
        var generation: UInt64?
        /// The store was asked then, with success or not.
        var asked: UInt64?
        var bans = AddressMap<Ban>()
        /// Made here, and not written down yet.
        var pending: [AddressRange: Ban] = [:]
        var watched: [AddressRange: Watched] = [:]
    }

    private let store: (any BanStore)?
    private let currentSettings: Mutex<Settings>
    private let now: @Sendable () -> Date
    private let onBan: @Sendable (Ban) -> Void
    private let log = Logger(label: "homeport.bans")
    private let state = Mutex(State())

    /// - Parameters:
    ///   - store: where bans are kept; nil for memory alone, where they end with the process.
    ///   - onBan: told of each ban that the server makes; it must not wait.
    package init(
        _ store: (any BanStore)?, settings: Settings = Settings(), now: @escaping @Sendable () -> Date,
        onBan: @escaping @Sendable (Ban) -> Void = { _ in }
    ) {
        self.store = store
        self.currentSettings = Mutex(settings)
        self.now = now
        self.onBan = onBan
    }

    /// Counts from now on; bans that were made before stay as they are.
    package func use(_ settings: Settings) { currentSettings.withLock { $0 = settings } }

    private var settings: Settings { currentSettings.withLock { $0 } }

    /// The ban that holds for an address, as far as is known here.
    package func ban(of address: PlainAddress) -> Ban? {
        let found = state.withLock { state in
            state.bans.isEmpty ? [] : state.bans.values(for: address)
        }
        guard !found.isEmpty, !isAllowed(address) else { return nil }
        let moment = now()
        return found.filter { $0.holds(at: moment) }.max {
            $0.until ?? .distantFuture < $1.until ?? .distantFuture
        }
    }

    package func isAllowed(_ address: PlainAddress) -> Bool {
        settings.allowed.contains { $0.contains(address) }
    }

    /// Counts a failed sign-in, or one that was not even looked at. One too many is a ban.
    package func noteFailure(from text: String?) {
        guard let limit = settings.failures, let text, let address = PlainAddress(text), !isAllowed(address)
        else { return }
        let moment = now()
        let range = AddressRange.client(address)
        let ban = state.withLock { state -> Ban? in
            if state.watched[range] == nil { makeRoom(&state, at: moment) }
            var watched = state.watched[range] ?? Watched(failures: 0, since: moment)
            if moment.timeIntervalSince(watched.since) > settings.window {
                watched = Watched(failures: 0, since: moment)
            }
            watched.failures += 1
            state.watched[range] = watched.failures < limit ? watched : nil
            guard watched.failures >= limit, state.bans[range]?.holds(at: moment) != true,
                state.bans.count < settings.bansMax || state.bans[range] != nil
            else { return nil }
            let ban = next(range, after: state.bans[range], failures: watched.failures, at: moment)
            state.bans[range] = ban
            if store != nil { state.pending[range] = ban }
            return ban
        }
        guard let ban else { return }
        log.warning(
            "address banned",
            metadata: [
                "address": "\(ban.range)", "reason": "\(ban.reason)",
                "seconds": "\(Int(ban.until?.timeIntervalSince(moment) ?? 0))",
            ])
        onBan(ban)
    }

    /// Brings what is known here up to what is stored, if that has changed. A store that cannot be read is asked
    /// again by `settle`.
    package func refresh() async {
        guard let store else { return }
        let generation = store.banGeneration
        let isNew = state.withLock { state in
            defer { state.asked = generation }
            return state.asked != generation
        }
        if isNew { await read(store, generation) }
    }

    private func read(_ store: any BanStore, _ generation: UInt64) async {
        do throws(StoreError) {
            let bans = try await store.bans()
            state.withLock { state in
                state.bans = AddressMap(bans.map { ($0.range, $0) })
                for (range, ban) in state.pending { state.bans[range] = ban }
                state.generation = generation
            }
        } catch {
            log.error("bans cannot be read; those known are kept", metadata: ["error": "\(error)"])
        }
    }

    /// Writes down what was banned here, and reads what could not be read.
    package func settle() async {
        guard let store else { return }
        let pending = state.withLock { Array($0.pending.values) }
        do throws(StoreError) {
            if !pending.isEmpty {
                try await store.save(pending)
                state.withLock { state in
                    for ban in pending where state.pending[ban.range] == ban {
                        state.pending[ban.range] = nil
                    }
                }
            }
        } catch {
            log.error("bans cannot be written down; it is tried again", metadata: ["error": "\(error)"])
        }
        let generation = store.banGeneration
        if state.withLock({ $0.generation != generation }) { await read(store, generation) }
    }

    /// Forgets bans that are so long over that the next is a first one again.
    package func sweep() async throws(StoreError) {
        let moment = now().addingTimeInterval(-settings.timeMax)
        if let store { return try await store.forgetBans(endedBefore: moment) }
        state.withLock { $0.bans.remove(where: { ban in ban.until.map { $0 < moment } ?? false }) }
    }

    /// How many bans hold.
    package var count: Int {
        let moment = now()
        return state.withLock { $0.bans.count(where: { $0.holds(at: moment) }) }
    }

    private func next(_ range: AddressRange, after last: Ban?, failures: Int, at moment: Date) -> Ban {
        let count = (last?.isAutomatic == true ? last?.count ?? 0 : 0) + 1
        let time = min(settings.timeMax, settings.time * Double(UInt64(1) << UInt64(min(count - 1, 40))))
        return Ban(
            range: range, since: moment, until: moment.addingTimeInterval(time),
            reason: "\(failures) failed sign-ins", isAutomatic: true, count: count)
    }

    /// Drops what is no longer watched; if that is not enough, an eighth of the table: those with the fewest
    /// failures.
    private func makeRoom(_ state: inout State, at moment: Date) {
        guard state.watched.count >= settings.watchedMax else { return }
        state.watched = state.watched.filter {
            moment.timeIntervalSince($0.value.since) <= settings.window
        }
        guard state.watched.count >= settings.watchedMax else { return }
        let weakest = state.watched.sorted { $0.value.failures < $1.value.failures }
        for (range, _) in weakest.prefix(max(1, settings.watchedMax / 8)) { state.watched[range] = nil }
    }
}
