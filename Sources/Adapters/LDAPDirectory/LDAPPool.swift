import Synchronization

/// Connections that are kept for the next question, to the first of the servers that answers.
final class LDAPPool: Sendable {
    private struct State {
        var idle: [LDAPConnection] = []
        /// The server that answered last.
        var server = 0
    }

    private let settings: LDAPSettings
    private let greet: @Sendable (LDAPConnection) throws(LDAPFailure) -> Void
    private let state = Mutex(State())

    /// - Parameter greet: what a new connection begins with.
    init(
        _ settings: LDAPSettings,
        greet: @Sendable @escaping (LDAPConnection) throws(LDAPFailure) -> Void = { _ throws(LDAPFailure) in }
    ) {
        self.settings = settings
        self.greet = greet
    }

    /// Runs `body` on a connection; when its server is away, on one to the next server, each asked once more at most.
    func with<Value>(
        until deadline: ContinuousClock.Instant,
        _ body: (LDAPConnection) throws(LDAPFailure) -> Value
    ) throws(LDAPFailure) -> Value {
        var last = LDAPFailure("there is no server")
        if let kept = state.withLock({ $0.idle.popLast() }) {
            kept.deadline = deadline
            do throws(LDAPFailure) {
                return try use(kept, body)
            } catch {
                guard error.isAway else { throw error }
                last = error
            }
        }
        let first = state.withLock { $0.server }
        for offset in settings.servers.indices {
            let server = (first + offset) % settings.servers.count
            do throws(LDAPFailure) {
                return try use(try open(server, until: deadline), body)
            } catch {
                guard error.isAway else { throw error }
                last = error
                lose(server)
            }
        }
        throw last.settled
    }

    private func open(
        _ server: Int, until deadline: ContinuousClock.Instant
    ) throws(LDAPFailure) -> LDAPConnection {
        let connection = try LDAPConnection(server, settings, until: deadline)
        try greet(connection)
        state.withLock { $0.server = server }
        return connection
    }

    private func use<Value>(
        _ connection: LDAPConnection, _ body: (LDAPConnection) throws(LDAPFailure) -> Value
    ) throws(LDAPFailure) -> Value {
        do throws(LDAPFailure) {
            let value = try body(connection)
            keep(connection)
            return value
        } catch {
            if error.isAway { lose(connection.server) } else { keep(connection) }
            throw error
        }
    }

    private func keep(_ connection: LDAPConnection) {
        state.withLock { state in
            guard state.server == connection.server, state.idle.count < settings.connections else { return }
            state.idle.append(connection)
        }
    }

    /// What else is kept to a server that is away is of no use, and the next one is asked first.
    private func lose(_ server: Int) {
        let lost = state.withLock { state in
            guard state.server == server else { return [LDAPConnection]() }
            state.server = (server + 1) % settings.servers.count
            defer { state.idle = [] }
            return state.idle
        }
        _ = lost
    }
}
