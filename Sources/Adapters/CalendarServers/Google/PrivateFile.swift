import CoreFoundation
import Foundation
import ServerKit

/// A small file that only its owner may read, replaced as a whole or not at all.
struct PrivateFile: Sendable {
    static let sizeMax = 1 << 20

    let path: String
    let threads: BlockingThreads

    /// The contents; nil when there is no such file. A file that others may read is refused, with a sentence.
    func read() async throws -> [UInt8]? {
        try await threads.run { [path] in
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                if errno == ENOENT { return nil }
                throw GoogleFileError("\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            defer { close(file) }
            var status = stat()
            guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                status.st_size <= Self.sizeMax
            else {
                throw GoogleFileError("\(path) is no small file")
            }
            guard status.st_mode & 0o077 == 0 else {
                throw GoogleFileError("\(path) holds secrets and others may read it: run chmod 600 on it")
            }
            return try Self.contents(of: file, size: Int(status.st_size), path: path)
        }
    }

    private static func contents(of file: CInt, size: Int, path: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var count = 0
        while count < size {
            let got = bytes[count...].withUnsafeMutableBytes {
                Foundation.read(file, $0.baseAddress, $0.count)
            }
            guard got > 0 else { throw GoogleFileError("\(path) cannot be read") }
            count += got
        }
        return bytes
    }

    /// Replaces the contents; the file is durable and mode 0600 before it has its name.
    func write(_ bytes: [UInt8]) async throws {
        try await threads.run { [path] in
            let next = path + ".new"
            unlink(next)
            let file = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                throw GoogleFileError("\(path) cannot be written: \(String(cString: strerror(errno)))")
            }
            var count = 0
            while count < bytes.count {
                let wrote = bytes[count...].withUnsafeBytes {
                    Foundation.write(file, $0.baseAddress, $0.count)
                }
                guard wrote > 0 else { break }
                count += wrote
            }
            let isWhole = count == bytes.count && fsync(file) == 0
            close(file)
            guard isWhole, rename(next, path) == 0 else {
                unlink(next)
                throw GoogleFileError("\(path) cannot be written")
            }
        }
    }
}
