package import FoundationEssentials
package import OCI
package import ServerKit

/// What is known to be damaged.
///
/// A blob that is noted here counts as not held by any repository until somebody pushes it again, so that
/// clients push it instead of relying on it. Every backend passes `checkDamageLedgerContract`.
package protocol DamageLedger: Sendable {
    /// Notes that something is damaged; false when there is no such blob or manifest, or `isStillSo` says no.
    /// What is known already stays as it was noted first.
    ///
    /// - Parameter isStillSo: asked inside the transaction, so that noting damage and a push that mends it
    /// cannot cross.
    func note(_ damage: Damage, isStillSo: @Sendable @escaping () throws -> Bool) async throws(StoreError)
        -> Bool

    /// Forgets damage that has been mended; false when none was known.
    func forget(_ subject: Damage.Subject) async throws(StoreError) -> Bool

    func isDamaged(_ subject: Damage.Subject) async throws(StoreError) -> Bool

    /// What is known to be damaged, the oldest finding first.
    func damages(limit: Int) async throws(StoreError) -> [Damage]

    /// How many things are known to be damaged.
    func damageCount() async throws(StoreError) -> Int

    /// The repositories that something damaged belongs to, in byte order, each with the tags that lead to it.
    func hits(of subject: Damage.Subject, limit: Int) async throws(StoreError) -> [DamageHit]
}

/// Bytes that are not what their digest says.
package struct Damage: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        case blob(Digest)
        case manifest(Digest, RepositoryName)

        package var digest: Digest {
            switch self {
            case .blob(let digest), .manifest(let digest, _): digest
            }
        }
    }

    package enum Problem: String, Sendable, CaseIterable {
        /// There are no bytes.
        case missing
        /// There are more or fewer than there should be.
        case size
        /// They are others.
        case digest
        /// The disk does not give them.
        case unreadable
    }

    package let subject: Subject
    package let problem: Problem
    /// A sentence for people, without its end: `the file has 5 bytes instead of 9`.
    package let detail: String
    package let foundAt: Date
    /// Where the bytes were put, so that nobody is served them and nothing is lost; nil when there are none.
    package let keptAt: String?

    package init(
        _ subject: Subject, _ problem: Problem, detail: String, foundAt: Date, keptAt: String? = nil
    ) {
        self.subject = subject
        self.problem = problem
        self.detail = detail
        self.foundAt = foundAt
        self.keptAt = keptAt
    }
}

/// A repository in which something damaged is missed.
package struct DamageHit: Sendable, Hashable {
    package let repository: RepositoryName
    /// In byte order; none when no tag leads to it.
    package let tags: [Tag]

    package init(repository: RepositoryName, tags: [Tag]) {
        self.repository = repository
        self.tags = tags
    }
}
