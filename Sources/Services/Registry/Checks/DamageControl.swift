package import FoundationEssentials
import OCI
import ServerKit

/// What is done with something damaged: its bytes are set aside and never deleted, it is noted, and somebody
/// is told. From then on the registry holds it no more, until the same bytes are pushed again.
package struct DamageControl: Sendable {
    let quarantine: any BlobQuarantine
    let ledger: any DamageLedger
    let now: @Sendable () -> Date
    private let onDamage: @Sendable (Damage) -> Void

    /// - Parameter onDamage: told of each finding, for the log and for counters.
    package init(
        quarantine: any BlobQuarantine, ledger: any DamageLedger, now: @Sendable @escaping () -> Date,
        onDamage: @Sendable @escaping (Damage) -> Void = { _ in }
    ) {
        self.quarantine = quarantine
        self.ledger = ledger
        self.now = now
        self.onDamage = onDamage
    }

    /// Sets a blob aside; false when it has been replaced or forgotten meanwhile and nothing is wrong any
    /// more.
    ///
    /// - Parameter opened: the bytes that are damaged; nil when they could not even be opened.
    func seize(_ digest: Digest, opened: (any StoredBlob)?, _ problem: Damage.Problem, _ detail: String)
        async throws -> Bool
    {
        var place: String?
        if problem != .missing {
            place = try await quarantine.setAside(digest, opened: opened)
            guard place != nil else { return false }
        }
        let damage = Damage(.blob(digest), problem, detail: detail, foundAt: now(), keptAt: place)
        return try await note(damage) { [quarantine] in try !quarantine.isInPlace(digest, size: nil) }
    }

    /// Notes a manifest whose bytes are others than its digest says. They stay in their row, and are not
    /// served: every reader compares them.
    func note(_ manifest: StoredManifest, in repository: RepositoryName, actual: Digest) async throws -> Bool
    {
        let detail = "its \(manifest.bytes.count) bytes have the digest \(actual)"
        return try await note(
            Damage(.manifest(manifest.digest, repository), .digest, detail: detail, foundAt: now())
        ) { true }
    }

    private func note(_ damage: Damage, isStillSo: @Sendable @escaping () throws -> Bool) async throws -> Bool
    {
        guard try await ledger.note(damage, isStillSo: isStillSo) else { return false }
        onDamage(damage)
        return true
    }
}

extension StoredManifest {
    /// The digest that its bytes really have.
    var actualDigest: Digest { digest.algorithm.digest(of: bytes) }
}
