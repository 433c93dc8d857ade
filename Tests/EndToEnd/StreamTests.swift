import Contracts
import Foundation
import Harness
import Testing

/// Large blobs through the real program.
@Suite(.timeLimit(.minutes(3))) struct StreamTests {
    @Test func aLargeBlobGoesThroughInConstantMemory() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let size = 300 << 20
        let file = folder.path + "/blob"
        try Data().write(to: URL(filePath: file))
        try FileHandle(forWritingTo: URL(filePath: file)).truncate(atOffset: UInt64(size))
        let sum = try await Command("/usr/bin/sha256sum", [file]).run().succeeded().output
        let digest = "sha256:" + sum.prefix(64)
        let curl = [
            "-sSf", "-u", "admin:\(Homeport.adminPassword)", "-o", "/dev/null", "-w", "%{size_download}",
        ]
        try await withHomeport { server in
            let start = try await server.admin.post("/v2/large/blobs/uploads/")
            let location = try #require(start["Location"]).path.adding("digest=\(digest)")
            let before = try server.memoryPeak()
            try await Command(
                Peer.curl.path(), curl + ["-T", file, "http://\(server.address)\(location)"]
            ).run().succeeded()
            let blob = "http://\(server.address)/v2/large/blobs/\(digest)"
            for _ in 0..<3 {
                let down = try await Command(Peer.curl.path(), curl + [blob]).run().succeeded()
                #expect(down.output == "\(size)")
            }
            let grown = try server.memoryPeak() - before
            #expect(grown < 64 << 10, "it grew by \(grown) KiB")
        }
    }
}

extension Homeport {
    /// The most memory its process has had so far, in KiB.
    fileprivate func memoryPeak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let words = line?.split { $0 == " " || $0 == "\t" } ?? []
        return try #require(words.count > 1 ? Int(words[1]) : nil)
    }
}
