package import Certificates
import FoundationEssentials
import Glibc
package import ServerKit

/// A cabinet that is a folder: one file for each name, for the owner alone.
package struct CabinetFolder: SecretCabinet {
    private let path: String
    private let threads: BlockingThreads

    /// - Parameter path: made when something is kept for the first time.
    package init(path: String, threads: BlockingThreads) {
        self.path = path
        self.threads = threads
    }

    private static let sizeMax = 1 << 20

    package func load(_ name: CabinetName) async throws(CabinetError) -> String? {
        try await run { [path] in
            let file = "\(path)/\(name)"
            let descriptor = open(file, O_RDONLY | O_CLOEXEC)
            if descriptor < 0, errno == ENOENT { return nil }
            guard descriptor >= 0 else { throw Self.error("reading", file) }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: Self.sizeMax)
            var count = 0
            while count < bytes.count {
                let got = bytes.withUnsafeMutableBytes { room in
                    read(descriptor, room.baseAddress?.advanced(by: count), room.count - count)
                }
                guard got >= 0 else { throw Self.error("reading", file) }
                guard got > 0 else { return String(decoding: bytes[..<count], as: UTF8.self) }
                count += got
            }
            throw CabinetError("\(file) is larger than \(Self.sizeMax) bytes")
        }
    }

    package func save(_ text: String, as name: CabinetName) async throws(CabinetError) {
        try await run { [path] in
            if mkdir(path, 0o700) < 0, errno != EEXIST { throw Self.error("making", path) }
            let file = "\(path)/\(name)"
            let draft = "\(path)/.\(name).\(getpid()).\(UInt32.random(in: 0 ... .max))"
            let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw Self.error("writing", draft) }
            do {
                defer { close(descriptor) }
                var rest = Array(text.utf8)[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                    guard count > 0 else { throw Self.error("writing", draft) }
                    rest = rest.dropFirst(count)
                }
                guard fsync(descriptor) == 0 else { throw Self.error("writing", draft) }
            } catch {
                unlink(draft)
                throw error
            }
            guard rename(draft, file) == 0 else {
                let error = Self.error("naming", file)
                unlink(draft)
                throw error
            }
            try Self.syncFolder(path)
        }
    }

    package func remove(_ name: CabinetName) async throws(CabinetError) {
        try await run { [path] in
            guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
                throw Self.error("removing", "\(path)/\(name)")
            }
        }
    }

    private static func syncFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw error("writing", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw error("writing", path) }
    }

    private static func error(_ doing: String, _ file: String) -> CabinetError {
        CabinetError("\(doing) \(file): \(String(cString: strerror(errno)))")
    }

    private func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value)
        async throws(CabinetError) -> Value
    {
        do {
            return try await threads.run(body)
        } catch let error as CabinetError {
            throw error
        } catch {
            throw CabinetError("\(error)")
        }
    }
}
