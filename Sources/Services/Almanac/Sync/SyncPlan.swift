package import ICalendar

/// What has to be written so that a calendar holds exactly the events that are wanted, and nothing else of
/// ours.
package struct SyncPlan: Hashable, Sendable {
    package private(set) var additions: [WantedEvent] = []
    package private(set) var updates: [Update] = []
    package private(set) var removals: [ServerEvent] = []

    /// An event that is there and says something else.
    package struct Update: Hashable, Sendable {
        package let existing: ServerEvent
        package let wanted: WantedEvent
    }

    /// Compares by UID.
    ///
    /// The plan is the same for the same events in whatever order a server lists them, and it is empty once
    /// it has been carried out.
    ///
    /// - Parameters:
    ///   - wanted: with UIDs that differ; of two with the same the first counts.
    ///   - keepingBefore: events that were over by then stay although they are no longer wanted.
    package static func make(
        wanted: [WantedEvent], existing: [ServerEvent], keepingBefore moment: UTCSeconds? = nil
    ) -> SyncPlan {
        var plan = SyncPlan()
        var known: [String: [ServerEvent]] = [:]
        for event in existing.sorted(by: { $0.rank < $1.rank }) {
            if let uid = event.uid {
                known[uid, default: []].append(event)
            } else if !event.isDeleted {
                plan.removals.append(event)
            }
        }
        var seen: Set<String> = []
        for event in wanted where seen.insert(event.event.uid).inserted {
            guard let copies = known.removeValue(forKey: event.event.uid) else {
                plan.additions.append(event)
                continue
            }
            plan.settle(event, among: copies)
        }
        for copies in known.values {
            plan.removals += copies.filter { event in
                guard !event.isDeleted else { return false }
                guard let moment, let end = event.end else { return true }
                return end > moment
            }
        }
        plan.removals.sort { $0.address < $1.address }
        return plan
    }

    /// Of several copies the best one is kept; the others, left by a write that was told twice, go.
    private mutating func settle(_ wanted: WantedEvent, among copies: [ServerEvent]) {
        let kept = copies.first { !$0.isDeleted && $0.digest == wanted.digest } ?? copies[0]
        if kept.isDeleted || kept.digest != wanted.digest {
            updates.append(Update(existing: kept, wanted: wanted))
        }
        removals += copies.filter { $0 != kept && !$0.isDeleted }
    }

    package var isEmpty: Bool { additions.isEmpty && updates.isEmpty && removals.isEmpty }

    /// The writes: what is new or different first, so that a calendar is never emptier than it has to be.
    package var changes: [SyncChange] {
        additions.map(SyncChange.add) + updates.map { .update($0.existing, to: $0.wanted) }
            + removals.map(SyncChange.remove)
    }
}

extension SyncPlan: CustomStringConvertible {
    /// `+2 ~1 -0`: new, changed, removed.
    package var description: String { "+\(additions.count) ~\(updates.count) -\(removals.count)" }
}

extension ServerEvent {
    /// Living events before deleted ones, then by address.
    fileprivate var rank: (Int, String) { (isDeleted ? 1 : 0, address) }
}
