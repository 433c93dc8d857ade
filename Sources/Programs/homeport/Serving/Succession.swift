internal import Certificates
internal import Edge
internal import FoundationEssentials
internal import Logging
internal import ServerKit
internal import ServiceLifecycle
internal import Synchronization
internal import UnixSignals

/// Has one shift take the place of another when SIGHUP says so, without anybody noticing who is being served, and what
/// works beside answering run as the shift wants it.
struct Succession: Service {
    let desk: EdgeDesk
    let door: SecureDoor
    let places: [Listener.Place]
    let source: ConfigurationSource
    let current: CurrentShift
    let manager: ServiceManager?
    let surroundings: Surroundings
    private let threads = BlockingThreads(count: 1, queueMax: 4)
    private let log = Logger(label: "homeport.reload")
    private let events: AsyncStream<Event>
    private let happens: AsyncStream<Event>.Continuation
    private let room: EngineRoom

    fileprivate enum Event: Sendable {
        case signal
        /// The last answer of this shift has gone.
        case over(Int)
        case failure(any Error)
        case stop
    }

    /// - Parameter configuration: how the door opens, by the first shift.
    init(
        _ first: CurrentShift, door: SecureDoor, places: [Listener.Place], source: ConfigurationSource,
        manager: ServiceManager?, surroundings: Surroundings
    ) {
        let (events, happens) = AsyncStream.makeStream(of: Event.self)
        self.current = first
        self.door = door
        self.places = places
        self.source = source
        self.manager = manager
        self.surroundings = surroundings
        self.events = events
        self.happens = happens
        room = EngineRoom { happens.yield(.failure($0)) }
        let shift = first.shift
        let (configuration, faces) = shift.edge(places)
        desk = EdgeDesk(configuration, faces: faces, tenure: Self.tenure(of: shift, happens))
    }

    private static func tenure(of shift: Shift, _ happens: AsyncStream<Event>.Continuation) -> Tenure {
        Tenure { [number = shift.number] in happens.yield(.over(number)) }
    }

    /// Hears SIGHUP from now on, which would end the process otherwise.
    func listen() async -> UnixSignalsSequence { await UnixSignalsSequence(trapping: .sighup) }

    func run() async throws {
        await room.note(current.shift.engines, for: current.shift.number)
        await room.start(current.shift.engines)
        do {
            try await withGracefulShutdownHandler {
                try await work()
            } onGracefulShutdown: {
                happens.yield(.stop)
            }
        } catch {
            await room.stop(allBut: [])
            throw error
        }
        await withTaskCancellationHandler {
            await room.ended()
        } onCancel: {
            // They are tasks of their own, which nobody else tells.
            Task { [room] in await room.stop(allBut: []) }
        }
    }

    /// Lets go of everything; to be called when nobody is answered any more.
    func close() async { await room.close() }

    /// To be called once, beside `run`.
    func hear(_ signals: UnixSignalsSequence) async {
        for await _ in signals { happens.yield(.signal) }
    }

    private func work() async throws {
        for await event in events {
            switch event {
            case .signal: await reload()
            case .over(let number):
                await room.end(of: number)
                ReloadMetrics.inUse(await room.shiftCount)
            case .failure(let error): throw error
            case .stop: return
            }
        }
    }

    private func reload() async {
        manager?.tell(.reloading)
        defer { manager?.tell(.ready) }
        // Files of others, whatever the configuration says.
        await door.keeper.lookAtAll()
        var note = ReloadNote(folder: current.shift.stores.folder)
        do {
            note.waiting = try await take()
            ReloadMetrics.taken(at: surroundings.now())
        } catch {
            note.problems = Self.problems(of: error)
            for problem in note.problems {
                log.error(
                    "the configuration cannot be taken; the one from before stays",
                    metadata: ["problem": "\(problem)"])
            }
            ReloadMetrics.refused()
        }
        ReloadMetrics.inUse(await room.shiftCount)
        note.write()
    }

    private static func problems(of error: any Error) -> [String] {
        guard let error = error as? ConfigurationError else { return ["\(error)"] }
        return error.problems.map { $0.description(file: error.file) }
    }

    /// Reads the configuration, and serves by it from then on. Answers which keys have to wait for a restart. Until it
    /// is known that nothing fails any more, nothing has changed.
    private func take() async throws -> [String] {
        let last = current.shift
        var loaded = try await threads.run { [source] in try source.load() }
        let waiting = try notWaiting(&loaded, last)
        let written = loaded.values
        guard written != last.written else {
            log.notice("the configuration is as it was")
            return waiting
        }
        if Shift.hasSameWeather(written, last.written) {
            loaded.values.weather = last.loaded.values.weather
        } else {
            try await loaded.locatePlaces(isKept: true, surroundings)
        }
        let next = try last.next(loaded, written: written)
        if written.tls != last.written.tls { try await door.change(to: written) }
        await settle(next, after: last)
        log.notice(
            "the configuration has been taken",
            metadata: ["changed": "\(loaded.changes(from: last.loaded.values).joined(separator: " "))"])
        return waiting
    }

    /// Leaves what counts after a restart as it is, and says so.
    private func notWaiting(_ loaded: inout LoadedConfiguration, _ last: Shift) throws -> [String] {
        var waiting = loaded.keepLasting(of: last.written)
        if loaded.servesRegistry != last.hasRegistry { waiting.append("registry") }
        for key in waiting {
            let place = ConfigurationProblem(
                path: key, origin: loaded.nearestOrigin(of: key), message: "counts after a restart")
            log.warning(
                "a setting counts after a restart",
                metadata: ["what": "\(place.description(file: loaded.file))"])
        }
        // What is right by itself need not be right beside what stays.
        try loaded.requireNoContradiction(beside: waiting)
        return waiting
    }

    /// From here on nothing fails.
    private func settle(_ next: Shift, after last: Shift) async {
        await room.note(next.engines, for: next.number)
        next.begin()
        current.replace(with: next)
        let (configuration, faces) = next.edge(places)
        desk.replace(with: configuration, faces: faces, tenure: Self.tenure(of: next, happens))
        await room.stop(allBut: next.engines)
        // Two at once would put certificates into each other's places.
        if let own = next.own, next.written.acme != last.written.acme { await open(own) }
        if next.own == nil, last.own != nil { await forgetOwn() }
        await room.start(next.engines)
    }

    private func open(_ own: AutomaticCertificates) async {
        do {
            try await own.open()
        } catch {
            log.error("a certificate cannot be shown", metadata: ["error": "\(error)"])
        }
    }

    private func forgetOwn() async {
        do {
            try await door.keeper.put(all: [])
        } catch {
            log.error("certificates cannot be put away", metadata: ["error": "\(error)"])
        }
    }
}

/// The shift that works now.
final class CurrentShift: Sendable {
    private let value: Mutex<Shift>

    init(_ shift: Shift) { value = Mutex(shift) }

    var shift: Shift { value.withLock { $0 } }

    func replace(with shift: Shift) {
        // What the last one held goes outside the lock.
        let last = value.withLock { value in
            defer { value = shift }
            return value
        }
        withExtendedLifetime(last) {}
    }
}
