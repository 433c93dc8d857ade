package import Almanac
package import ICalendar
import Synchronization

/// A calendar in memory that can be told to fail.
package final class InMemoryCalendarServer: CalendarServer {
    /// What the calendar holds, and what has been asked of it.
    package struct State: Sendable {
        /// Nil while there is no calendar.
        package var events: [String: Kept]?
        /// How often the events have been listed.
        package var listings = 0
        /// How many writes have been carried out.
        package var writes = 0
        /// What the next calls fail with, one each; nil for a call that succeeds.
        package var listFailures: [CalendarServerError?] = []
        package var writeFailures: [CalendarServerError?] = []
        /// After so many more writes everything stops answering, as when the program is killed.
        package var writesLeft = Int.max
        var versions = 0
    }

    package struct Kept: Sendable, Hashable {
        package var event: ICalendar.Event
        package var digest: String
        package var version: Int
        package var isDeleted = false
    }

    package let label = "memory"
    package let changesMax: Int
    private let guarded: Mutex<State>

    package init(changesMax: Int = 50, hasCalendar: Bool = false) {
        self.changesMax = changesMax
        self.guarded = Mutex(State(events: hasCalendar ? [:] : nil))
    }

    package func withState<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        guarded.withLock { body(&$0) }
    }

    /// The events as somebody who opens the calendar sees them.
    package var visible: [ICalendar.Event] {
        guarded.withLock { state in
            (state.events ?? [:]).values.filter { !$0.isDeleted }.map(\.event).sorted { $0.uid < $1.uid }
        }
    }

    package func ownEvents() async throws(CalendarServerError) -> [ServerEvent]? {
        let answer: Result<[ServerEvent]?, CalendarServerError> = guarded.withLock { state in
            state.listings += 1
            if !state.listFailures.isEmpty, let failure = state.listFailures.removeFirst() {
                return .failure(failure)
            }
            return .success(
                state.events?.map { address, kept in
                    ServerEvent(
                        address: address, uid: kept.event.uid, digest: kept.digest,
                        entityTag: "\(kept.version)", end: kept.event.span.earliestEnd,
                        isDeleted: kept.isDeleted)
                })
        }
        return try answer.get()
    }

    package func makeCalendar() async throws(CalendarServerError) {
        guarded.withLock { if $0.events == nil { $0.events = [:] } }
    }

    package func apply(_ changes: [SyncChange]) async throws(CalendarServerError) -> [SyncOutcome] {
        precondition(changes.count <= changesMax)
        let answer: Result<[SyncOutcome], CalendarServerError> = guarded.withLock { state in
            var outcomes: [SyncOutcome] = []
            for change in changes {
                guard state.writesLeft > 0 else {
                    return .failure(CalendarServerError(.misunderstood, "the connection was cut"))
                }
                outcomes.append(state.apply(change))
            }
            return .success(outcomes)
        }
        return try answer.get()
    }
}

extension InMemoryCalendarServer.State {
    mutating func apply(_ change: SyncChange) -> SyncOutcome {
        if !writeFailures.isEmpty, let failure = writeFailures.removeFirst() { return .failed(failure) }
        guard events != nil else { return .failed(CalendarServerError(.conflict, "there is no calendar")) }
        versions += 1
        switch change {
        case .add(let wanted):
            // The address follows from the UID, so that an addition told twice is one event.
            put(wanted, at: "/\(wanted.event.uid)")
        case .update(let existing, let wanted):
            guard events?[existing.address].map({ "\($0.version)" }) == existing.entityTag else {
                return .failed(CalendarServerError(.conflict, "it has changed meanwhile"))
            }
            put(wanted, at: existing.address)
        case .remove(let existing):
            events?[existing.address]?.isDeleted = true
            events?[existing.address]?.version = versions
        }
        writes += 1
        writesLeft -= 1
        return .done
    }

    private mutating func put(_ wanted: WantedEvent, at address: String) {
        events?[address] = .init(event: wanted.event, digest: wanted.digest, version: versions)
    }
}
