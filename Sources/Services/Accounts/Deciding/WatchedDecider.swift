package import Access
import FoundationEssentials
package import Logging
import Metrics
package import ServerKit
import Synchronization

/// Somebody who decides, with their time limited and their calls bounded and counted; what they have said is
/// believed for a short while, because a push asks the same for each of its layers.
package final class WatchedDecider: AccessDecider {
    package struct Limits: Sendable {
        /// How long an answer is waited for.
        package var time = Duration.seconds(10)
        /// How many questions may be asked at once; what comes then cannot be asked.
        package var calls = 64
        /// For how long an answer is believed.
        package var memory = Duration.seconds(10)
        /// Whether the next one is asked when this one cannot be.
        package var goesOn = false

        package init() {}
    }

    private enum Answer: Sendable, Hashable {
        case granted([String])
        case noOpinion
        case cannotAsk(String)
    }

    private struct State {
        var running = 0
        var trouble: String?
        /// What it has said of itself last, and until when it is not asked again.
        var own: String?
        var ownEnds: ContinuousClock.Instant?
        var known: [AccessRequest: (answer: Answer, end: ContinuousClock.Instant)] = [:]
    }

    private static let knownMax = 10_000
    /// For how long what it says of itself is passed on: anybody may ask for it as often as they like.
    private static let troubleTime = Duration.seconds(1)

    package let name: String
    private let decider: any AccessDecider
    private let limits: Limits
    private let state = Mutex(State())
    private let metrics: DeciderMetrics
    private let log: Logger

    package init(
        _ name: String, _ decider: any AccessDecider, limits: Limits,
        log: Logger = Logger(label: "homeport.authorizers")
    ) {
        self.name = name
        self.decider = decider
        self.limits = limits
        self.log = log
        metrics = DeciderMetrics(name)
    }

    package func granted(_ request: AccessRequest) async throws(StoreError) -> [String]? {
        // Which tag is meant is nothing that is asked about.
        var request = request
        request.tag = .unknown
        var answer = known(request)
        if answer == nil { answer = note(await ask(request), about: request) }
        switch answer {
        case .granted(let actions)?: return actions
        case .noOpinion?, nil: return nil
        case .cannotAsk(let reason)?:
            guard !limits.goesOn else { return nil }
            throw StoreError(.unavailable, "the authorizer \(name): \(reason)")
        }
    }

    /// What it says of itself; of one that says nothing, what the last question has shown.
    package func trouble() async -> String? {
        let isKnown = state.withLock { state in state.ownEnds.map { $0 > .now } ?? false }
        if !isKnown {
            state.withLock { $0.ownEnds = .now + limits.time }
            let late = "it has not answered within \(limits.time)"
            let found = await Impatience.value(within: limits.time, or: late) { [decider] in
                await decider.trouble()
            }
            state.withLock { state in
                state.own = found
                state.ownEnds = .now + Self.troubleTime
            }
        }
        return state.withLock { $0.own ?? $0.trouble }
    }

    private func ask(_ request: AccessRequest) async -> Answer {
        let isAdmitted = state.withLock { state in
            guard state.running < limits.calls else { return false }
            state.running += 1
            return true
        }
        guard isAdmitted else { return .cannotAsk("\(limits.calls) are asking it already") }
        let start = ContinuousClock.now
        let late = Answer.cannotAsk("it has not answered within \(limits.time)")
        let answer = await Impatience.value(within: limits.time, or: late) { [self] in
            defer { state.withLock { $0.running -= 1 } }
            do throws(StoreError) {
                guard let actions = try await decider.granted(request) else { return .noOpinion }
                // Nobody is granted what they have not asked for.
                return .granted(request.actions.filter(actions.contains))
            } catch {
                return .cannotAsk(error.description)
            }
        }
        metrics.note(start.duration(to: .now))
        return answer
    }

    private func known(_ request: AccessRequest) -> Answer? {
        state.withLock { state in
            guard let known = state.known[request], known.end > .now else { return nil }
            return known.answer
        }
    }

    private func note(_ answer: Answer, about request: AccessRequest) -> Answer {
        switch answer {
        case .granted(let actions): metrics.count(actions.isEmpty ? .refused : .granted)
        case .noOpinion: metrics.count(.noOpinion)
        case .cannotAsk: metrics.count(.cannotAsk)
        }
        guard case .cannotAsk(let reason) = answer else {
            remember(answer, about: request)
            return answer
        }
        let isNew = state.withLock { state in
            defer { state.trouble = reason }
            return state.trouble != reason
        }
        if isNew {
            log.warning(
                "an authorizer cannot be asked", metadata: ["authorizer": "\(name)", "reason": "\(reason)"])
        }
        return answer
    }

    private func remember(_ answer: Answer, about request: AccessRequest) {
        state.withLock { state in
            state.trouble = nil
            guard limits.memory > .zero else { return }
            if state.known.count >= Self.knownMax {
                let now = ContinuousClock.now
                state.known = state.known.filter { $0.value.end > now }
                if state.known.count >= Self.knownMax { state.known.removeAll(keepingCapacity: true) }
            }
            state.known[request] = (answer, .now + limits.memory)
        }
    }
}

/// Several who decide: the first with an opinion has the last word.
package struct DeciderChain: AccessDecider {
    private let deciders: [any AccessDecider]

    /// Nil for nobody.
    package init?(_ deciders: [any AccessDecider]) {
        guard !deciders.isEmpty else { return nil }
        self.deciders = deciders
    }

    package func granted(_ request: AccessRequest) async throws(StoreError) -> [String]? {
        for decider in deciders {
            if let granted = try await decider.granted(request) { return granted }
        }
        return nil
    }
}

private struct DeciderMetrics: Sendable {
    enum Kind: String, CaseIterable {
        case granted, refused
        case noOpinion = "no_opinion"
        case cannotAsk = "cannot_ask"
    }

    private let answers: [Kind: Counter]
    private let time: Timer

    init(_ authorizer: String) {
        answers = Dictionary(
            uniqueKeysWithValues: Kind.allCases.map { kind in
                let dimensions = [("authorizer", authorizer), ("answer", kind.rawValue)]
                return (kind, Counter(label: "homeport_authorizer_answers_total", dimensions: dimensions))
            })
        time = Timer(
            label: "homeport_authorizer_duration_seconds", dimensions: [("authorizer", authorizer)])
    }

    func count(_ kind: Kind) { answers[kind]?.increment() }

    func note(_ duration: Duration) { time.record(duration: duration) }
}
