package import Access
package import Logging
import Metrics
package import ServerKit
import Synchronization

/// A source with its time limited and its calls bounded and counted; it remembers how it is.
package final class WatchedSource: SignInSource {
    package struct Limits: Sendable {
        /// How long an answer is waited for.
        package var time = Duration.seconds(10)
        /// How many may be asked at once; whoever comes then is told that it cannot be asked.
        package var calls = 64
        /// Whether the next one is asked when this one cannot be. That lets in whoever is known further down under a
        /// name of this one.
        package var goesOn = false

        package init() {}
    }

    private struct State {
        var running = 0
        var trouble: String?
        /// What the source has said of itself last, and until when it is not asked again.
        var own: String?
        var ownEnds: ContinuousClock.Instant?
    }

    /// For how long what a source says of itself is passed on: anybody may ask for it as often as they like.
    private static let troubleTime = Duration.seconds(1)

    package let name: String
    private let source: any SignInSource
    private let limits: Limits
    private let state = Mutex(State())
    private let metrics: SourceMetrics
    private let log: Logger

    package init(
        _ name: String, _ source: any SignInSource, limits: Limits,
        log: Logger = Logger(label: "homeport.sources")
    ) {
        self.name = name
        self.source = source
        self.limits = limits
        self.log = log
        metrics = SourceMetrics(name)
    }

    package var generation: UInt64 { source.generation }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        guard !account.isAnonymous else { return .notMine }
        // Directories take a name without a password for nobody, and say yes.
        guard !password.revealed.isEmpty else { return .wrongPassword }
        let isAdmitted = state.withLock { state in
            guard state.running < limits.calls else { return false }
            state.running += 1
            return true
        }
        let start = ContinuousClock.now
        var answer = SourceAnswer.cannotAsk("\(limits.calls) are asking it already")
        if isAdmitted {
            answer = await limited { [self] in
                let answer = await source.answer(account, password: password, from: address)
                state.withLock { $0.running -= 1 }
                return answer
            }
        }
        metrics.count(answer, after: start.duration(to: .now))
        return note(answer)
    }

    /// What the source itself says; of one that says nothing, what the last question has shown.
    package func trouble() async -> String? {
        let isKnown = state.withLock { state in state.ownEnds.map { $0 > .now } ?? false }
        if !isKnown {
            state.withLock { $0.ownEnds = .now + limits.time }
            let found = await limited { [source] in
                await source.trouble().map { .cannotAsk($0) } ?? .notMine
            }
            state.withLock { state in
                if case .cannotAsk(let reason) = found { state.own = reason } else { state.own = nil }
                state.ownEnds = .now + Self.troubleTime
            }
        }
        return state.withLock { $0.own ?? $0.trouble }
    }

    private func note(_ answer: SourceAnswer) -> SourceAnswer {
        guard case .cannotAsk(let reason) = answer else {
            state.withLock { $0.trouble = nil }
            return answer
        }
        let isNew = state.withLock { state in
            defer { state.trouble = reason }
            return state.trouble != reason
        }
        if isNew {
            log.warning("a source cannot be asked", metadata: ["source": "\(name)", "reason": "\(reason)"])
        }
        return limits.goesOn ? .notMine : answer
    }

    /// What `body` says, or that it takes too long.
    private func limited(_ body: @Sendable @escaping () async -> SourceAnswer) async -> SourceAnswer {
        await Impatience.value(
            within: limits.time, or: .cannotAsk("it has not answered within \(limits.time)"), body)
    }
}

private struct SourceMetrics: Sendable {
    private let answers: [String: Counter]
    private let time: Timer

    init(_ source: String) {
        answers = Dictionary(
            uniqueKeysWithValues: ["signed_in", "wrong_password", "not_mine", "cannot_ask"].map { answer in
                let dimensions = [("source", source), ("answer", answer)]
                return (
                    answer, Counter(label: "homeport_sign_in_source_answers_total", dimensions: dimensions)
                )
            })
        time = Timer(label: "homeport_sign_in_source_duration_seconds", dimensions: [("source", source)])
    }

    func count(_ answer: SourceAnswer, after duration: Duration) {
        let kind =
            switch answer {
            case .signedIn: "signed_in"
            case .wrongPassword: "wrong_password"
            case .notMine: "not_mine"
            case .cannotAsk: "cannot_ask"
            }
        answers[kind]?.increment()
        time.record(duration: duration)
    }
}
