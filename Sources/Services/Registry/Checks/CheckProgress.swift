package import FoundationEssentials

/// How far a check has come and what it has found: enough to go on with it after its process was killed.
package struct CheckProgress: Sendable, Hashable, Codable {
    package enum Phase: String, Sendable, Codable {
        /// Every row of a blob has its bytes.
        case blobs
        /// Every file has a row.
        case files
        /// Every manifest is whole and has what it refers to.
        case manifests
        case done
    }

    package var phase = Phase.blobs
    /// The digest or the position of what was checked last in this phase; empty at its beginning.
    package var cursor = ""
    package let startedAt: Date
    package var finishedAt: Date?

    package var blobs = 0
    package var bytes: Int64 = 0
    package var manifests = 0
    /// Found damaged by this check, known before or not.
    package var damagedBlobs = 0
    package var damagedManifests = 0
    /// Known as damaged and found whole by this check.
    package var mended = 0
    /// Files in the places of blobs that no row knows of.
    package var strays = 0
    package var strayBytes: Int64 = 0
    /// The digests in the names of the first of them.
    package var strayNames: [String] = []
    /// Manifests that refer to what their repository does not hold.
    package var incompleteCount = 0
    /// The first of them.
    package var incomplete: [IncompleteManifest] = []

    package init(startedAt: Date) { self.startedAt = startedAt }

    package var isFinished: Bool { phase == .done }

    /// Whether there is nothing that somebody should mend.
    package var isClean: Bool { damagedBlobs + damagedManifests + incompleteCount == 0 }

    /// How many are named one by one.
    static let incompleteMax = 100
    static let strayNamesMax = 20

    mutating func begin(_ phase: Phase) {
        self.phase = phase
        cursor = ""
    }
}

/// A manifest that refers to something its repository does not hold, as a report names it.
package struct IncompleteManifest: Sendable, Hashable, Codable {
    package let repository: String
    package let digest: String
    /// The first few digests that are not there.
    package let missing: [String]

    package init(repository: String, digest: String, missing: [String]) {
        self.repository = repository
        self.digest = digest
        self.missing = missing
    }
}
