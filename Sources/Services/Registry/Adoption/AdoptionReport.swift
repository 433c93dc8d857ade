/// What was taken over, what was here already, and what was left out.
package struct AdoptionReport: Sendable {
    package struct Count: Sendable, Hashable {
        /// Taken over now.
        package var new = 0
        /// Here before.
        package var known = 0

        mutating func add(isNew: Bool) {
            if isNew { new += 1 } else { known += 1 }
        }
    }

    /// How many repositories were looked at.
    package var repositories = 0
    package var blobs = Count()
    package var manifests = Count()
    package var tags = Count()
    /// Moves of tags before the last one that were written down.
    package var earlierMoves = 0
    /// Manifests taken over now that refer to another one as their subject.
    package var referrers = 0
    /// Bytes of the distinct blobs that were taken over now.
    package var bytes: Int64 = 0
    /// What was left out.
    package var omissions: [Omission] = []
    /// Manifests that were taken over though something they refer to is not there.
    package var incomplete: [Omission] = []

    package init() {}
}
