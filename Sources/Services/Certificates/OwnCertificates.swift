package import FoundationEssentials
import Logging
package import TLSKit

/// The certificates that the server gets itself, one for each name, and renews long before they end.
///
/// It serves meanwhile: with the certificate from before, or with one of its own make until there is one.
package struct OwnCertificates: Sendable {
    private let names: [HostName]
    private let authority: any CertificateAuthority
    private let cabinet: any SecretCabinet
    private let keeper: CertificateKeeper
    private let now: @Sendable () -> Date
    private let log = Logger(label: "homeport.certificates")

    /// The wall clock is looked at at least so often: it may be set, and a machine may sleep.
    private static let step: TimeInterval = 600
    /// How often an authority is asked when a certificate is to be renewed.
    private static let patience: TimeInterval = 6 * 3600

    package init(
        names: [HostName], authority: any CertificateAuthority, cabinet: any SecretCabinet,
        keeper: CertificateKeeper, now: @escaping @Sendable () -> Date
    ) {
        self.names = names
        self.authority = authority
        self.cabinet = cabinet
        self.keeper = keeper
        self.now = now
    }

    /// Shows what was got before, and nothing for other names; for names without a certificate, one that the server
    /// makes itself.
    package func open() async throws {
        var pairs: [CertifiedKey] = []
        for name in names {
            if let kept = await kept(name) {
                pairs.append(kept)
                continue
            }
            log.notice(
                "there is no certificate yet; one of the server's own make, which clients do not believe, stands in",
                metadata: ["name": "\(name)"])
            pairs.append(try SelfSigned.standIn(for: [name], now: now()))
        }
        try await keeper.put(all: pairs)
    }

    /// Gets and renews until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { tasks in
            for (order, name) in names.enumerated() {
                tasks.addTask { await keepUp(name, order: order) }
            }
        }
    }

    private func keepUp(_ name: HostName, order: Int) async {
        var kept = await kept(name)
        var failures = 0
        var due = now()
        let lot = Double.random(in: 0...1)
        while !Task.isCancelled {
            if failures == 0, let kept {
                // The authority may change its mind about the time.
                let time = await renewalTime(of: kept, lot: lot)
                due = min(time, now().addingTimeInterval(Self.patience))
                guard await wait(until: due) else { return }
                if time > now() { continue }
            }
            guard await wait(until: due) else { return }
            do throws(AuthorityError) {
                let pair = try await authority.certificate(for: name)
                await take(pair, name, order)
                kept = pair
                failures = 0
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                due = RenewalPlan.next(failures: failures, error: error, now: now(), lot: lot)
                note(error, name, kept, next: due)
            }
        }
    }

    private func renewalTime(of pair: CertifiedKey, lot: Double) async -> Date {
        var window: ClosedRange<Date>?
        do throws(AuthorityError) {
            window = try await authority.renewalTime(of: pair)
        } catch {
            log.debug("the authority does not say when to renew", metadata: ["error": "\(error)"])
        }
        return RenewalPlan.time(begins: pair.begins, ends: pair.ends, window: window, lot: lot)
    }

    /// False when the task was cancelled meanwhile.
    private func wait(until due: Date) async -> Bool {
        while !Task.isCancelled {
            let rest = due.timeIntervalSince(now())
            guard rest > 0 else { return true }
            try? await ContinuousClock().sleep(for: .seconds(min(rest, Self.step)))
        }
        return false
    }

    private func take(_ pair: CertifiedKey, _ name: HostName, _ order: Int) async {
        do {
            try await keeper.put(pair, order: order)
            CertificateMetrics.obtained()
            log.notice(
                "certificate obtained",
                metadata: ["name": "\(name)", "end": "\(pair.ends.formatted(.iso8601))"])
            let (chain, key) = try pair.pem()
            try await cabinet.save(chain + key, as: Self.cabinetName(name))
        } catch {
            log.error(
                "a certificate cannot be kept; after the next start it is asked for again",
                metadata: ["name": "\(name)", "error": "\(error)"])
        }
    }

    private func note(_ error: AuthorityError, _ name: HostName, _ kept: CertifiedKey?, next: Date) {
        CertificateMetrics.failedToObtain()
        log.warning(
            kept == nil
                ? "no certificate was got; it is tried again"
                : "the certificate was not renewed; it is tried again, and the one from before is shown",
            metadata: [
                "name": "\(name)", "problem": "\(error)", "next": "\(next.formatted(.iso8601))",
                "end": "\(kept.map { $0.ends.formatted(.iso8601) } ?? "none")",
            ])
    }

    /// What was got before and is still good.
    private func kept(_ name: HostName) async -> CertifiedKey? {
        do {
            guard let text = try await cabinet.load(Self.cabinetName(name)) else { return nil }
            let pair = try CertifiedKey(chain: text, key: text)
            guard pair.ends > now(), pair.names.contains(where: { $0.matches(name) }) else { return nil }
            return pair
        } catch {
            log.warning(
                "a certificate that was kept cannot be read; it is asked for again",
                metadata: ["name": "\(name)", "error": "\(error)"])
            return nil
        }
    }

    /// The certificate, its issuers and its key, in one text, so that they always belong together.
    private static func cabinetName(_ name: HostName) -> CabinetName { CabinetName("\(name).pem") }
}
