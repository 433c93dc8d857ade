import Synchronization

/// How far uploads have been hashed, so that one that comes in several requests is not read again for each.
///
/// What is remembered counts only for the very bytes that were hashed, which a `Proof` tells: the inode and size
/// of a file, or the tags of objects. It lasts as long as the process; after a restart all is hashed anew.
package final class HashMemory<Proof: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let hash: ContentHash
        let proof: Proof
    }

    private struct State {
        var entries: [UploadID: Entry] = [:]
        /// Oldest first; may name uploads that are forgotten.
        var order: [UploadID] = []
    }

    private let countMax: Int
    private let state = Mutex(State())

    /// - Parameter countMax: how many uploads are remembered; an entry takes some 400 bytes and its proof.
    package init(countMax: Int = 4096) { self.countMax = countMax }

    package func remember(_ hash: ContentHash, of id: UploadID, proof: Proof) {
        state.withLock { state in
            let entry = Entry(hash: hash, proof: proof)
            if state.entries.updateValue(entry, forKey: id) == nil { state.order.append(id) }
            while state.order.count > countMax {
                state.entries[state.order.removeFirst()] = nil
            }
        }
    }

    /// The hash of bytes that are still those of the proof.
    package func hash(of id: UploadID, proof: Proof) -> ContentHash? {
        state.withLock { $0.entries[id] }.flatMap { $0.proof == proof ? $0.hash : nil }
    }

    package func forget(_ id: UploadID) {
        state.withLock { state in
            guard state.entries.removeValue(forKey: id) != nil else { return }
            state.order.removeAll { $0 == id }
        }
    }
}
