import Almanac
import FoundationEssentials
package import ServerKit
package import Weather

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The last good forecasts, one file per place in a folder of its own: `berlin.forecast`.
///
/// A file is written beside the old one, synced and put in its place, so that a crash leaves one of the two.
package struct FileForecasts: ForecastArchive {
    /// A forecast of a month with all its warnings is a tenth of it.
    private static let fileMax = 4 << 20

    private let folder: String
    private let threads: BlockingThreads

    /// Uses a folder, and makes it when it is not there; nobody else may read it.
    package init(folder: String, threads: BlockingThreads) throws(StoreError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(.failed, "making the folder \(folder)", cause: error)
        }
        self.folder = folder
        self.threads = threads
    }

    /// The name of a place is plain and does not begin with a dot, so it leads nowhere else.
    private func path(of place: PlaceID) -> String { "\(folder)/\(place).forecast" }

    package func bytes(of place: PlaceID) async throws(StoreError) -> [UInt8]? {
        try await run { [path = path(of: place)] in
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                guard errno == ENOENT else { throw failure("opening \(path)") }
                return nil
            }
            defer { close(file) }
            var bytes: [UInt8] = []
            while bytes.count <= Self.fileMax {
                let count = bytes.count
                let more = try [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, filled in
                    let result = read(file, buffer.baseAddress, buffer.count)
                    guard result >= 0 else { throw failure("reading \(path)") }
                    filled = result
                }
                bytes += more
                if bytes.count == count { return bytes }
            }
            throw StoreError(.damaged, "\(path) is longer than a forecast can be")
        }
    }

    package func keep(_ bytes: [UInt8], of place: PlaceID) async throws(StoreError) {
        try await run { [path = path(of: place)] in
            let beside = "\(path).new"
            let file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw failure("making \(beside)") }
            do {
                defer { close(file) }
                try write(bytes, to: file, path: beside)
                guard fsync(file) == 0 else { throw failure("syncing \(beside)") }
            } catch {
                unlink(beside)
                throw error
            }
            guard rename(beside, path) == 0 else { throw failure("renaming \(beside)") }
        }
    }

    package func remove(_ place: PlaceID) async throws(StoreError) {
        try await run { [path = path(of: place)] in
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("removing \(path)") }
        }
    }

    private func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await threads.run(body)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.failed, "keeping forecasts", cause: error)
        }
    }
}

private func write(_ bytes: [UInt8], to file: Int32, path: String) throws {
    var written = 0
    while written < bytes.count {
        let result = bytes.withUnsafeBytes { buffer in
            write(file, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        }
        guard result > 0 else {
            if errno == EINTR { continue }
            throw failure("writing \(path)")
        }
        written += result
    }
}

/// The error of the system call that has just failed.
private func failure(_ doing: String) -> StoreError {
    let code = errno
    let reason = String(cString: strerror(code))
    return StoreError(code == ENOSPC || code == EDQUOT ? .full : .failed, "\(doing): \(reason)")
}
