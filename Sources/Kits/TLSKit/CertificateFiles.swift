package import FoundationEssentials
import Glibc

/// A certificate and its key as two files of somebody else's: certbot's, or one's own.
package struct CertificateFiles: Hashable, Sendable {
    package let certificate: String
    package let key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    private static let sizeMax = 1 << 20

    /// Tells one state of the files from another: which files they are, how large, and when they were written.
    package struct State: Hashable, Sendable {
        private let marks: [Int]

        /// Blocks for as long as the disk takes.
        package init(of paths: [String]) {
            marks = paths.flatMap { path in
                var status = stat()
                guard stat(path, &status) == 0 else { return [-1] }
                return [
                    Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                ]
            }
        }
    }

    /// What the files are now. Blocks for as long as the disk takes.
    package func state() -> State { State(of: [certificate, key]) }

    /// Reads both and sees that they belong together and are in time. Blocks for as long as the disk takes.
    package func read(now: Date) throws(CertificateFileError) -> CertifiedKey {
        let chain = try Self.text(of: certificate)
        let secret = try Self.text(of: key)
        let pair: CertifiedKey
        do throws(CertificateProblem) {
            pair = try CertifiedKey(chain: chain, key: secret)
        } catch {
            switch error {
            case .mismatch: throw CertificateFileError(file: key, .mismatch(certificateFile: certificate))
            case .noKey, .encryptedKey, .brokenKey: throw CertificateFileError(file: key, error)
            default: throw CertificateFileError(file: certificate, error)
            }
        }
        guard pair.ends > now else { throw CertificateFileError(file: certificate, .expired(pair.ends)) }
        return pair
    }

    /// Whether others than the key's owner and its group may read it.
    package var keyIsOpenToAll: Bool {
        var status = stat()
        return stat(key, &status) == 0 && status.st_mode & 0o004 != 0
    }

    static func text(of path: String) throws(CertificateFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CertificateFileError(file: path, .unreadable(reason: String(cString: strerror(errno))))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= sizeMax {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else {
                throw CertificateFileError(file: path, .unreadable(reason: String(cString: strerror(errno))))
            }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
        throw CertificateFileError(file: path, .tooLarge(limit: sizeMax))
    }
}
