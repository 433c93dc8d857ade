internal import FoundationEssentials
internal import Registry
internal import Synchronization

/// Shows how far a check is: on a terminal one line that changes, elsewhere a line at the beginning.
final class VerifyLine: Sendable {
    private let terminal: Terminal
    private let extent: CheckExtent
    private let start = ContinuousClock.now
    private let state = Mutex((shownAt: ContinuousClock.Instant?.none, bytesBefore: Int64?.none))

    private static let interval = Duration.milliseconds(200)

    init(terminal: Terminal, extent: CheckExtent) {
        self.terminal = terminal
        self.extent = extent
    }

    func begin(in folder: String, after last: CheckProgress?) {
        let size = SizeText.rounded(extent.bytes)
        terminal.note(
            "Checking \(extent.blobs) blobs (\(size)) and \(extent.manifests) manifests in \(folder).")
        if let last, !last.isFinished {
            terminal.note(
                "Going on with the check begun at \(DateText.show(last.startedAt)); --restart begins anew.")
        }
    }

    func show(_ progress: CheckProgress) {
        guard terminal.showsProgress else { return }
        let now = ContinuousClock.now
        let before: Int64? = state.withLock { state in
            if let shown = state.shownAt, now - shown < Self.interval { return nil }
            state.shownAt = now
            state.bytesBefore = state.bytesBefore ?? progress.bytes
            return state.bytesBefore
        }
        guard let before else { return }
        let seconds = max((now - start) / .seconds(1), 0.001)
        let speed = Double(progress.bytes - before) / seconds
        Terminal.write("\r\u{1B}[K" + text(progress, speed: speed), to: terminal.errors)
    }

    /// Leaves the line empty.
    func end() {
        if terminal.showsProgress { Terminal.write("\r\u{1B}[K", to: terminal.errors) }
    }

    private func text(_ progress: CheckProgress, speed: Double) -> String {
        switch progress.phase {
        case .blobs:
            let share = extent.bytes > 0 ? min(100, progress.bytes * 100 / extent.bytes) : 100
            var text = "Blobs \(share) %, \(SizeText.rounded(progress.bytes)) of "
            text += "\(SizeText.rounded(extent.bytes)), \(SizeText.rounded(Int64(speed)))/s"
            let rest = Double(max(0, extent.bytes - progress.bytes))
            if speed > 0, rest / speed >= 2 {
                text += ", \(DurationText.show(.seconds(Int64(rest / speed)))) left"
            }
            return text
        case .files: return "Files without rows"
        case .manifests, .done: return "Manifests \(progress.manifests) of \(extent.manifests)"
        }
    }
}
