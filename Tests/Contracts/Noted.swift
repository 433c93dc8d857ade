package import OCI
import Synchronization

/// Digests that a closure was called with, in order.
package final class Noted: Sendable {
    private let digests = Mutex<[Digest]>([])

    package init() {}

    package func note(_ digest: Digest) { digests.withLock { $0.append(digest) } }

    package var all: [Digest] { digests.withLock(\.self) }
}
