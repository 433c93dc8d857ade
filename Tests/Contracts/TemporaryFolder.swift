import Foundation

/// A folder of a test's own; removed when the last reference goes.
///
/// Its name is short: podman refuses to run in a folder of more than 50 characters, and the path of a socket
/// may have 107.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        let name = "homeport-" + String(UInt64.random(in: 1 << 59 ... .max), radix: 32)
        let url = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        self.path = url.path(percentEncoded: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
