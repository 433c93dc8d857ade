import Almanac
import Contracts
import ICalendar
import Testing

@Suite struct SyncPlanTests {
    private func existing(
        _ event: WantedEvent, at address: String? = nil, isDeleted: Bool = false, end: Int? = nil
    ) -> ServerEvent {
        ServerEvent(
            address: address ?? event.event.uid, uid: event.event.uid, digest: event.digest, entityTag: "1",
            end: end.map(UTCSeconds.init), isDeleted: isDeleted)
    }

    @Test func whatIsThereAlreadyNeedsNoWrite() {
        let events = (0..<5).map { sampleEvent("e\($0)", summary: "Event \($0)") }
        let plan = SyncPlan.make(wanted: events, existing: events.reversed().map { existing($0) })
        #expect(plan.isEmpty)
        #expect("\(plan)" == "+0 ~0 -0")
    }

    @Test func onlyWhatDiffersIsWritten() {
        let (same, old, changed, gone, new) = (
            sampleEvent("same", summary: "s"), sampleEvent("u", summary: "old"),
            sampleEvent("u", summary: "new"),
            sampleEvent("gone", summary: "g"), sampleEvent("new", summary: "n")
        )
        let plan = SyncPlan.make(
            wanted: [same, changed, new], existing: [existing(gone), existing(old), existing(same)])
        #expect(plan.additions == [new])
        #expect(plan.updates.map(\.existing) == [existing(old)] && plan.updates.map(\.wanted) == [changed])
        #expect(plan.removals == [existing(gone)])
        #expect("\(plan)" == "+1 ~1 -1")
        #expect(plan.changes.count == 3)
    }

    @Test func theTimeOfTheLastChangeIsNoChange() {
        var later = sampleEvent("e", summary: "x").event
        later.changed = UTCSeconds(1_775_000_000)
        later.sequence = 9
        #expect(WantedEvent(later).digest == sampleEvent("e", summary: "x").digest)
        later.summary = "y"
        #expect(WantedEvent(later).digest != sampleEvent("e", summary: "x").digest)
    }

    @Test func aDeletedEventIsBroughtBackAndADeletedOneNobodyWantsStaysDeleted() {
        let (back, gone) = (sampleEvent("back", summary: "b"), sampleEvent("gone", summary: "g"))
        let plan = SyncPlan.make(
            wanted: [back], existing: [existing(back, isDeleted: true), existing(gone, isDeleted: true)])
        #expect("\(plan)" == "+0 ~1 -0")
    }

    @Test func ofTwoCopiesOneStays() {
        let event = sampleEvent("e", summary: "x")
        let old = sampleEvent("e", summary: "old")
        let plan = SyncPlan.make(
            wanted: [event], existing: [existing(old, at: "/a"), existing(event, at: "/b")])
        #expect(plan.updates.isEmpty && plan.additions.isEmpty)
        #expect(plan.removals.map(\.address) == ["/a"])
    }

    @Test func aCopyWithoutItsUIDIsRemoved() {
        let lost = ServerEvent(address: "/lost", uid: nil, digest: nil, entityTag: nil)
        #expect(SyncPlan.make(wanted: [], existing: [lost]).removals == [lost])
    }

    @Test func whatIsOverMayStay() {
        let (past, coming) = (sampleEvent("past", summary: "p"), sampleEvent("coming", summary: "c"))
        let plan = SyncPlan.make(
            wanted: [], existing: [existing(past, end: 1000), existing(coming, end: 1001)],
            keepingBefore: UTCSeconds(1000))
        #expect(plan.removals.map(\.uid) == ["coming"])
    }

    @Test func twoWantedEventsOfOneUIDAreOne() {
        let events = [sampleEvent("e", summary: "first"), sampleEvent("e", summary: "second")]
        #expect(SyncPlan.make(wanted: events, existing: []).additions == [events[0]])
    }
}
