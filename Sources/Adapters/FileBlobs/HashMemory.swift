import Registry
import Synchronization

/// How far uploads have been hashed, so that one that comes in several requests is not read again for each.
///
/// What is remembered counts only for a file of the same inode and size. It lasts as long as the process;
/// after a restart the file is hashed anew.
final class HashMemory: Sendable {
    struct Entry: Sendable {
        let hash: ContentHash
        let size: Int64
        let inode: UInt64
    }

    private struct State {
        var entries: [UploadID: Entry] = [:]
        /// Oldest first; may name uploads that are forgotten.
        var order: [UploadID] = []
    }

    /// An entry takes some 400 bytes.
    private static let countMax = 4096

    private let state = Mutex(State())

    func remember(_ entry: Entry, of id: UploadID) {
        state.withLock { state in
            if state.entries.updateValue(entry, forKey: id) == nil { state.order.append(id) }
            while state.order.count > Self.countMax {
                state.entries[state.order.removeFirst()] = nil
            }
        }
    }

    func entry(of id: UploadID) -> Entry? { state.withLock { $0.entries[id] } }

    func forget(_ id: UploadID) {
        state.withLock { state in
            guard state.entries.removeValue(forKey: id) != nil else { return }
            state.order.removeAll { $0 == id }
        }
    }
}
