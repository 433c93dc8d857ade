import Synchronization

/// Thrown to whoever waited for longer than was allowed.
struct DeadlineExceeded: Error {}

/// Runs `body`, and waits for it no longer than `limit`.
///
/// A call of a C library cannot be broken off: it goes on, and what it says then is dropped.
func withDeadline<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let answer = FirstAnswer<Value>()
    let timer = Task {
        guard (try? await ContinuousClock().sleep(for: limit)) != nil else { return }
        answer.give(.failure(DeadlineExceeded()))
    }
    Task {
        do {
            answer.give(.success(try await body()))
        } catch {
            answer.give(.failure(error))
        }
        timer.cancel()
    }
    return try await withCheckedThrowingContinuation { answer.await($0) }
}

/// The first of several answers; the others are dropped.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
        case over
    }

    private let state = Mutex(State.open)

    func give(_ answer: Result<Value, any Error>) {
        let waiting: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .open:
                state = .given(answer)
                return nil
            case .awaited(let continuation):
                state = .over
                return continuation
            case .given, .over: return nil
            }
        }
        waiting?.resume(with: answer)
    }

    func await(_ continuation: CheckedContinuation<Value, any Error>) {
        let given: Result<Value, any Error>? = state.withLock { state in
            if case .given(let answer) = state {
                state = .over
                return answer
            }
            state = .awaited(continuation)
            return nil
        }
        if let given { continuation.resume(with: given) }
    }
}
