/// How long a transaction that clears away may take: others wait for it.
struct Patience {
    private let end = ContinuousClock.now + .milliseconds(3)

    /// False when it is time to let others write.
    var lasts: Bool { ContinuousClock.now < end }
}
