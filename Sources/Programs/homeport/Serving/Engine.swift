internal import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Something that works beside answering for as long as a configuration wants it, and what it holds meanwhile.
final class Engine: Service {
    /// For the log.
    let name: String
    let services: [any Service]
    private let onClose: @Sendable () async throws -> Void

    /// - Parameter onClose: lets go of what it holds, once it does not run any more and nothing is answered with it.
    init(
        _ name: String, _ services: [any Service],
        onClose: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.name = name
        self.services = services
        self.onClose = onClose
    }

    /// Works until the task is cancelled, or the server stops.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for service in services { tasks.addTask { try await service.run() } }
            try await tasks.waitForAll()
        }
    }

    func close() async throws { try await onClose() }
}

/// Something that runs until it is cancelled, as a service that stops when the server does.
struct UntilStopped: Service {
    let work: @Sendable () async -> Void

    func run() async throws { await cancelWhenGracefulShutdown { await work() } }
}

/// Which engines run, and which of those that do not are still needed by an answer.
actor EngineRoom {
    private var running: [ObjectIdentifier: (engine: Engine, task: Task<Void, Never>)] = [:]
    /// What each shift that is not over needs.
    private var needs: [Int: [Engine]] = [:]
    private let onFailure: @Sendable (any Error) -> Void

    /// - Parameter onFailure: told when one ends by itself, with an error.
    init(onFailure: @escaping @Sendable (any Error) -> Void) { self.onFailure = onFailure }

    /// Notes what a shift needs, from before its first answer on.
    func note(_ engines: [Engine], for shift: Int) { needs[shift] = engines }

    /// Stops all but these, and returns when they have ended.
    func stop(allBut engines: [Engine]) async {
        let staying = Set(engines.map { ObjectIdentifier($0) })
        let leaving = running.filter { !staying.contains($0.key) }
        for (key, entry) in leaving {
            entry.task.cancel()
            running[key] = nil
        }
        for entry in leaving.values { await entry.task.value }
    }

    /// Starts those that do not run.
    func start(_ engines: [Engine]) {
        for engine in engines where running[ObjectIdentifier(engine)] == nil {
            let task = Task { [onFailure] in
                do {
                    try await engine.run()
                } catch is CancellationError {
                } catch {
                    onFailure(error)
                }
            }
            running[ObjectIdentifier(engine)] = (engine, task)
        }
    }

    /// Closes what only this shift needed, now that its last answer has gone.
    func end(of shift: Int) async {
        let engines = needs.removeValue(forKey: shift) ?? []
        let needed = Set(needs.values.joined().map { ObjectIdentifier($0) })
        for engine in engines where !needed.contains(ObjectIdentifier(engine)) { await close(engine) }
    }

    /// Returns when all have ended, because the server stops.
    func ended() async {
        for entry in running.values { await entry.task.value }
        running = [:]
    }

    /// Closes everything.
    func close() async {
        var seen: Set<ObjectIdentifier> = []
        for engine in needs.values.joined() where seen.insert(ObjectIdentifier(engine)).inserted {
            await close(engine)
        }
        needs = [:]
    }

    /// How many shifts are not over.
    var shiftCount: Int { needs.count }

    private func close(_ engine: Engine) async {
        do {
            try await engine.close()
        } catch {
            Logger(label: "homeport.reload").warning(
                "something that is not needed any more could not be closed",
                metadata: ["what": "\(engine.name)", "error": "\(error)"])
        }
    }
}
