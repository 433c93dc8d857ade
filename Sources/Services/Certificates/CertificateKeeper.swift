package import FoundationEssentials
import Logging
package import ServerKit
package import TLSKit

/// Keeps the certificates that are shown in step with what there is: files of others, which are read again
/// when they change, and those that the server gets itself.
///
/// A certificate that is shown stays until a better one is there. What cannot be read is left alone and said.
package actor CertificateKeeper {
    private struct Watched {
        let files: CertificateFiles
        /// The files as they were looked at last, whether they were any good or not.
        var state: CertificateFiles.State
        var pair: CertifiedKey
    }

    private let shelf: CertificateShelf
    private let threads: BlockingThreads
    private var warnAhead: TimeInterval
    private let now: @Sendable () -> Date
    private let log = Logger(label: "homeport.certificates")
    private var watched: [Watched] = []
    /// Those that the server got itself, by the number of the order.
    private var own: [Int: CertifiedKey] = [:]
    private var lastWarning: Date?
    /// The titles of those in the numbers.
    private var shown: Set<String> = []

    /// How long before its end a certificate is warned of again.
    private static let warningInterval: TimeInterval = 86_400

    /// - Parameter warnAhead: how long before a certificate's end warnings begin, in seconds.
    package init(
        shelf: CertificateShelf, threads: BlockingThreads, warnAhead: TimeInterval,
        now: @escaping @Sendable () -> Date
    ) {
        self.shelf = shelf
        self.threads = threads
        self.warnAhead = warnAhead
        self.now = now
    }

    /// Reads the files and shows what they hold. The first that is no good is thrown as
    /// `CertificateFileError`.
    package func open(_ files: [CertificateFiles]) async throws {
        try await show(files, profile: nil)
        warn()
    }

    /// Shows what these files hold from now on, in the place of those from before. When one is no good, it is thrown
    /// as `CertificateFileError`, and nothing has changed.
    ///
    /// - Parameters:
    ///   - profile: how all certificates are shown.
    ///   - warnAhead: how long before a certificate's end warnings begin, in seconds.
    package func change(
        to files: [CertificateFiles], profile: TLSProfile, warnAhead: TimeInterval
    ) async throws {
        try await show(files, profile: profile)
        self.warnAhead = warnAhead
        lastWarning = nil
        warn()
    }

    private func show(_ files: [CertificateFiles], profile: TLSProfile?) async throws {
        let read = try await threads.run { [now] in
            try files.map { files in
                let state = files.state()
                return Watched(files: files, state: state, pair: try files.read(now: now()))
            }
        }
        try show(read, own, profile: profile)
        watched = read
        for entry in watched {
            note(entry)
            if entry.files.keyIsOpenToAll {
                log.warning(
                    "everybody on this machine may read a key; chmod it to 640 or 600",
                    metadata: ["file": "\(entry.files.key)"])
            }
        }
    }

    /// Shows a certificate that the server got itself, or one that stands in for it.
    ///
    /// - Parameter order: the number of the order; one of the same number is replaced.
    package func put(_ pair: CertifiedKey, order: Int) throws {
        var changed = own
        changed[order] = pair
        try show(watched, changed)
        own = changed
    }

    /// Shows, of those that the server gets itself, these and no others.
    package func put(all pairs: [CertifiedKey]) throws {
        let changed = Dictionary(uniqueKeysWithValues: pairs.enumerated().map { ($0.offset, $0.element) })
        try show(watched, changed)
        own = changed
    }

    /// Reads again the files that have changed since they were looked at.
    ///
    /// - Parameter all: whether those that seem the same are read, too.
    package func look(all: Bool = false) async {
        for entry in watched {
            let outcome = try? await threads.run { [now] () -> (CertificateFiles.State, Outcome)? in
                let state = entry.files.state()
                guard all || state != entry.state else { return nil }
                do throws(CertificateFileError) {
                    return (state, .success(try entry.files.read(now: now())))
                } catch {
                    return (state, .failure(error))
                }
            }
            // Others may be watched by now.
            let index = watched.firstIndex { $0.files == entry.files && $0.state == entry.state }
            if let outcome, let index { take(outcome, at: index) }
        }
        warn()
    }

    private typealias Outcome = Result<CertifiedKey, CertificateFileError>

    private func take(_ outcome: (state: CertificateFiles.State, outcome: Outcome)?, at index: Int) {
        guard let (state, outcome) = outcome else { return }
        watched[index].state = state
        do {
            var changed = watched
            changed[index].pair = try outcome.get()
            try show(changed, own)
            watched = changed
            CertificateMetrics.reloaded()
            note(watched[index])
        } catch {
            CertificateMetrics.failedToReload()
            log.warning(
                "a certificate has changed and cannot be shown; the one from before stays",
                metadata: ["problem": "\(error)"])
        }
    }

    private func note(_ entry: Watched) {
        log.info(
            "certificate read",
            metadata: [
                "certificate": "\(entry.pair.title)", "file": "\(entry.files.certificate)",
                "end": "\(entry.pair.ends.formatted(.iso8601))",
            ])
    }

    private func show(
        _ watched: [Watched], _ own: [Int: CertifiedKey], profile: TLSProfile? = nil
    ) throws {
        let pairs = watched.map(\.pair) + own.sorted { $0.key < $1.key }.map(\.value)
        try shelf.show(pairs, profile: profile)
        for title in shown.subtracting(pairs.map(\.title)) { CertificateMetrics.forget(title) }
        shown = Set(pairs.map(\.title))
        for pair in pairs { CertificateMetrics.shows(pair.title, until: pair.ends) }
    }

    /// Once a day, of each that ends soon. Those that the server gets itself are renewed long before.
    private func warn() {
        let now = now()
        if let lastWarning, now.timeIntervalSince(lastWarning) < Self.warningInterval { return }
        lastWarning = now
        for entry in watched where entry.pair.ends.timeIntervalSince(now) < warnAhead {
            let hasEnded = entry.pair.ends <= now
            log.warning(
                hasEnded
                    ? "a certificate has expired; clients refuse it" : "a certificate expires soon; renew it",
                metadata: [
                    "certificate": "\(entry.pair.title)", "file": "\(entry.files.certificate)",
                    "end": "\(entry.pair.ends.formatted(.iso8601))",
                ])
        }
    }
}
