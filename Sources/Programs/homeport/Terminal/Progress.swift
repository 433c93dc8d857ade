/// Shows that long work goes on: on a terminal one line that counts the seconds and goes when the work is
/// done, elsewhere one plain line when it has begun to take long.
struct Progress: Sendable {
    let terminal: Terminal

    /// Work that ends sooner says nothing.
    private static let patience = Duration.milliseconds(500)
    private static let interval = Duration.seconds(1)

    /// Runs `work`, which `title` describes: "Making an rsa4096 key".
    func during<Value: Sendable>(
        _ title: String, _ work: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        try await during({ title }, work: work)
    }

    /// The same, with a title that says each time how far the work is.
    func during<Value: Sendable>(
        _ title: @Sendable @escaping () -> String, work: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { tasks in
            tasks.addTask { try await work() }
            tasks.addTask {
                await count(title)
                return nil
            }
            defer { tasks.cancelAll() }
            while let ended = try await tasks.next() {
                if let value = ended { return value }
            }
            throw CancellationError()
        }
    }

    /// Shows the seconds until the task is cancelled, and leaves the line empty.
    private func count(_ title: @Sendable () -> String) async {
        let clock = ContinuousClock()
        let start = clock.now
        var next = start + Self.patience
        var isFirst = true
        while (try? await clock.sleep(until: next)) != nil {
            show(title(), seconds: (clock.now - start).components.seconds, isFirst: isFirst)
            isFirst = false
            next += Self.interval
        }
        if !isFirst, terminal.showsProgress { Terminal.write(Self.wipe, to: terminal.errors) }
    }

    private func show(_ title: String, seconds: Int64, isFirst: Bool) {
        if terminal.showsProgress {
            Terminal.write("\(Self.wipe)\(title) … \(seconds) s", to: terminal.errors)
        } else if isFirst {
            terminal.note("\(title) …")
        }
    }

    /// To the beginning of the line, and nothing on it.
    private static let wipe = "\r\u{1B}[K"
}
