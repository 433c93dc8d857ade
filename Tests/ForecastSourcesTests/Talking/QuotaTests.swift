import Almanac
import Foundation
import RecordedWeather
import ServerKit
import Testing
import Weather

@testable import ForecastSources

@Suite(.timeLimit(.minutes(1))) struct QuotaTests {
    private func moment(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_774_700_000 + seconds) }

    @Test func inNoMinuteIsAskedMoreThanAMinuteAllows() {
        let quota = Quota([Quota.Rule(count: 3, seconds: 60)])
        #expect([0, 10, 20].map { quota.take(at: moment($0)) } == [nil, nil, nil])
        #expect(quota.take(at: moment(30)) == 30)
        #expect(quota.take(at: moment(59.5)) == 1)
        #expect(quota.take(at: moment(60)) == nil, "the first is a minute ago")
        #expect(quota.take(at: moment(60)) == 10)
    }

    @Test func theStrictestOfSeveralRulesCounts() {
        let quota = Quota([Quota.Rule(count: 2, seconds: 1), Quota.Rule(count: 3, seconds: 1000)])
        #expect([0, 0, 1].map { quota.take(at: moment($0)) } == [nil, nil, nil])
        #expect(quota.take(at: moment(2)) == 998)
    }

    @Test func withoutARuleThereIsNoEnd() {
        let quota = Quota([])
        #expect((0..<1000).allSatisfy { _ in quota.take(at: moment(0)) == nil })
    }

    /// Any stretch as long as a rule holds at most as many questions as it allows.
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func noStretchOfTimeHasMore(_ seed: UInt64) {
        let quota = Quota([Quota.Rule(count: 7, seconds: 50), Quota.Rule(count: 20, seconds: 400)])
        var state = seed
        var now = 0.0
        var asked: [Double] = []
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            now += Double(state >> 60)
            if quota.take(at: moment(now)) == nil { asked.append(now) }
        }
        #expect(asked.count > 300)
        for (count, seconds) in [(7, 50.0), (20, 400.0)] {
            for index in count..<asked.count { #expect(asked[index] - asked[index - count] >= seconds) }
        }
    }

    @Test func theFreeServicesAreNotAskedMoreThanTheyGive() throws {
        let rules = { (name: SourceName, settings: SourceSettings) in name.quota(settings) }
        let day = { (rules: [Quota.Rule]) in rules.first { $0.seconds == 86_400 }?.count }
        #expect(day(rules(.openMeteo, SourceSettings())) == 6600)
        #expect(
            rules(.openMeteo, SourceSettings(key: Secret("k"))).isEmpty, "customers have a host of their own")
        #expect(rules(.metNorway, SourceSettings()) == [Quota.Rule(count: 20, seconds: 1)])
        #expect(day(rules(.openWeatherMap, SourceSettings())) == 1000)
        #expect(day(rules(.openWeatherMap, SourceSettings(perDay: 50_000))) == 50_000)
        for name in SourceName.allCases {
            #expect(
                rules(name, SourceSettings(baseURL: "http://weather.lan")).isEmpty, "a server of one's own")
            #expect(day(rules(name, SourceSettings(baseURL: "http://weather.lan", perDay: 9))) == 9)
        }
    }

    @Test func whatIsUsedUpIsNotAskedFor() async throws {
        let double = ServiceDouble { _ in .answer(200, InventedWeather.spring.answers(of: .openMeteo)[0]) }
        let error = try await double.serve { root -> SourceError? in
            let services = ForecastServices(client: .weather, version: "1", now: { moment(0) })
            let source = try services.source(.openMeteo, SourceSettings(baseURL: root, perDay: 2))
            do {
                for _ in 0..<3 { _ = try await source.forecast(for: PolitenessTests.place(), since: nil) }
                return nil
            } catch {
                return error as? SourceError
            }
        }
        #expect(double.questions.count == 2)
        #expect(error?.kind == .unavailable)
        #expect(error?.retryAfter == 86_400)
        #expect(error?.description.contains("as often as it allows") == true)
    }
}
