import Glibc
import ServerKit
import Synchronization

/// Two counters in memory that every process with the database open shares: a small file beside it, mapped.
///
/// A process that has committed a change counts it here, so that all others notice on their next request,
/// for the price of reading a number. Never delete the file while a process runs: those that have it mapped
/// and those that start later would no longer see each other.
final class ChangeCounters: Sendable {
    private enum Slot: Int { case accounts, registry, bans }

    private let descriptor: CInt
    // The mapping lives as long as this object, and is only reached through atomic operations.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Atomic<UInt64>>
    /// How many of the registry's changes were made here. Held while one is counted, so that a reader never
    /// sees one of the two numbers without the other.
    private let ownRegistryChanges = Mutex<UInt64>(0)

    /// Opens the file, making it where needed. Two processes may do so at once.
    init(path: String) throws(StoreError) {
        self.descriptor = try OwnFile.open(path)
        // Room on the disk is taken now: writing to a hole of a mapped file on a full disk ends the process.
        let code = posix_fallocate(descriptor, 0, off_t(Self.byteCount))
        guard code == 0 else {
            close(descriptor)
            throw OwnFile.failure("making \(path)", code)
        }
        let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else {
            let failure = OwnFile.failure("mapping \(path)")
            close(descriptor)
            throw failure
        }
        self.slots = memory.bindMemory(to: Atomic<UInt64>.self, capacity: 3)
    }

    deinit {
        munmap(slots, Self.byteCount)
        close(descriptor)
    }

    /// Runs `body` while no other process is opening the database, so that only one makes or migrates it.
    func whileOpening<Value>(_ body: () throws -> Value) throws -> Value {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw OwnFile.failure("locking the database") }
        }
        defer { flock(descriptor, LOCK_UN) }
        return try body()
    }

    /// Counts a change that has been committed.
    func announce(_ announcement: Announcement) {
        if announcement.contains(.bans) {
            slots[Slot.bans.rawValue].add(1, ordering: .acquiringAndReleasing)
        }
        if announcement.contains(.accounts) {
            slots[Slot.accounts.rawValue].add(1, ordering: .acquiringAndReleasing)
        }
        if announcement.contains(.registry) {
            ownRegistryChanges.withLock { own in
                slots[Slot.registry.rawValue].add(1, ordering: .acquiringAndReleasing)
                own += 1
            }
        }
    }

    /// Counts changes that others made, on other machines, and that have just come here.
    func announceForeign(_ announcement: Announcement) {
        announce(announcement.subtracting(.registry))
        if announcement.contains(.registry) {
            slots[Slot.registry.rawValue].add(1, ordering: .acquiringAndReleasing)
        }
    }

    /// Moves with every change to accounts, rules, tokens and keys, whoever made it.
    var accountsGeneration: UInt64 { slots[Slot.accounts.rawValue].load(ordering: .acquiring) }

    /// Moves with every change to bans, whoever made it.
    var banGeneration: UInt64 { slots[Slot.bans.rawValue].load(ordering: .acquiring) }

    /// Moves with every change to repositories, manifests, tags and links that another process made.
    var foreignRegistryGeneration: UInt64 {
        ownRegistryChanges.withLock { own in
            slots[Slot.registry.rawValue].load(ordering: .acquiring) &- own
        }
    }

    private static let byteCount = 4096
}
