import Logging
import ServerKit
import Synchronization

extension MongoStore {
    /// Keeps looking whether the database is there and what has changed in it, until the task is cancelled.
    ///
    /// While it is away, calls fail at once instead of after a time, and what is remembered stays: accounts
    /// that were read, and the rules. It is looked for twice a second.
    package func watch() async {
        state.withLock { $0.isWatched = true }
        defer { state.withLock { $0.isWatched = false } }
        let clock = ContinuousClock()
        var nextRefresh = clock.now + settings.cacheTime
        while !Task.isCancelled {
            let wasAway = isAway
            let isHere = await isAnswering()
            if isHere, wasAway || clock.now >= nextRefresh {
                await refresh()
                nextRefresh = clock.now + settings.cacheTime
            }
            let pause = isHere ? min(Self.pause, settings.cacheTime) : Self.pauseWhileAway
            guard (try? await clock.sleep(for: pause)) != nil else { return }
        }
    }

    /// Whether it was away when it was last looked for.
    var isAway: Bool { state.withLock(\.isAway) }

    private static let pause = Duration.seconds(1)
    private static let pauseWhileAway = Duration.milliseconds(400)

    /// Looks, and notes and tells when the answer is another than before.
    private func isAnswering() async -> Bool {
        do throws(StoreError) {
            try await look()
            if state.withLock({ $0.comesBack() }) { log.notice("MongoDB answers again") }
            MongoMetrics.isReachable(true)
            return true
        } catch {
            guard error.kind == .unavailable else { return true }
            if state.withLock({ $0.goesAway() }) {
                log.error(
                    "MongoDB is away; what is remembered stands, and nobody signs in until it is back",
                    metadata: ["error": "\(error)"])
            }
            MongoMetrics.isReachable(false)
            return false
        }
    }

    /// Asks the database for the number of changes, past the door that is shut while it is away.
    func look() async throws(StoreError) {
        let names = names
        let found = try await driver.call("looking for it") { client in
            try client.find(names.counters, ["_id": .string(Self.changesName)], limit: 1).first
        }
        let count = found?["value"]?.wholeNumber ?? 0
        state.withLock { state in
            if let before = state.changes, before != count { state.generation &+= 1 }
            state.changes = count
        }
    }

    /// Reads the rules anew, and has everybody forget what they remember of accounts and tokens.
    private func refresh() async {
        let before = generation
        guard settings.readsRules else { return state.withLock { $0.generation &+= 1 } }
        do throws(StoreError) {
            let rules = try await readRules()
            let isCurrent = generation == before
            state.withLock { $0.generation &+= 1 }
            // Of rules that were changed while they were read, nobody knows from when they are.
            if isCurrent { keep(rules, at: generation) }
        } catch {
            log.warning(
                "the rules could not be read; those from before stand", metadata: ["error": "\(error)"])
        }
    }
}

extension MongoStore.State {
    /// False when it was there before.
    fileprivate mutating func comesBack() -> Bool {
        defer { isAway = false }
        return isAway
    }

    /// False when it was away before.
    fileprivate mutating func goesAway() -> Bool {
        defer { isAway = true }
        return !isAway
    }
}
