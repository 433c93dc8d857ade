import Certificates
import Foundation
import Testing

@Suite struct RenewalPlanTests {
    private let begin = Date(timeIntervalSince1970: 1_800_000_000)
    private let day: TimeInterval = 86_400

    @Test func atTwoThirdsOfItsLife() {
        let time = RenewalPlan.time(begins: begin, ends: begin + 90 * day, window: nil, lot: 0.5)
        #expect(time == begin + 60 * day)
        // Certificates of six days are renewed after four.
        #expect(
            RenewalPlan.time(begins: begin, ends: begin + 6 * day, window: nil, lot: 0) == begin + 4 * day)
    }

    @Test func whereTheAuthorityHasATimeAtAMomentOfIt() {
        let window = begin + 10 * day...begin + 12 * day
        for (lot, days) in [(0.0, 10.0), (0.5, 11), (1, 12)] {
            let time = RenewalPlan.time(begins: begin, ends: begin + 90 * day, window: window, lot: lot)
            #expect(time == begin + days * day)
        }
        let late = RenewalPlan.time(
            begins: begin, ends: begin + day, window: begin + 5 * day...begin + 6 * day, lot: 1)
        #expect(late == begin + day, "never after its end")
    }

    @Test func waitsDoubleUpToSixHours() {
        let error = AuthorityError(.unavailable, "")
        let waits = (1...12).map { failures in
            RenewalPlan.next(failures: failures, error: error, now: begin, lot: 0).timeIntervalSince(begin)
        }
        #expect(waits == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600, 21600, 21600])
        let later = RenewalPlan.next(failures: 1, error: error, now: begin, lot: 1)
        #expect(later == begin + 75)
        let many = RenewalPlan.next(failures: .max, error: error, now: begin, lot: 0)
        #expect(many == begin + 21600)
    }

    @Test func theAuthoritysWordIsKept() {
        let until = begin + 3 * day
        let limited = AuthorityError(.tooMany(until: until), "")
        #expect(RenewalPlan.next(failures: 1, error: limited, now: begin, lot: 0) == until)
        let past = AuthorityError(.tooMany(until: begin - day), "")
        #expect(RenewalPlan.next(failures: 1, error: past, now: begin, lot: 0) == begin + 60)
        let vague = AuthorityError(.tooMany(until: nil), "")
        #expect(RenewalPlan.next(failures: 1, error: vague, now: begin, lot: 0) == begin + 3600)
        let person = AuthorityError(.account, "")
        #expect(RenewalPlan.next(failures: 1, error: person, now: begin, lot: 0) == begin + 21600)
    }
}
