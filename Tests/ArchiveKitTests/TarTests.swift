import ArchiveKit
import Contracts
import Foundation
import Harness
import Testing

/// Archives that `tar` reads, and that come back as they were written.
@Suite struct TarTests {
    private static let longName =
        "docker/registry/v2/blobs/sha256/ab/" + String(repeating: "a", count: 64) + "/data"

    private func archive(_ write: (TarWriter) throws -> Void) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try withUnsafeMutablePointer(to: &bytes) { room in
            try write(TarWriter { room.pointee += $0 })
        }
        return bytes
    }

    private func sample() throws -> [UInt8] {
        try archive { writer in
            try writer.begin(.folder("etc", mode: 0o755))
            try writer.file(.file("etc/name", size: 5, mode: 0o644, owner: 7), Array("homer".utf8))
            try writer.begin(.link("usr", to: "etc"))
            try writer.file(.file(Self.longName, size: 0), [])
            try writer.file(.file("block", size: 512), [UInt8](repeating: 1, count: 512))
            try writer.finish()
        }
    }

    private func reader(_ bytes: [UInt8]) -> TarReader {
        let rest = Rest(bytes)
        return TarReader { rest.take(into: $0) }
    }

    @Test func whatWasWrittenIsRead() throws {
        var reader = reader(try sample())
        var names: [String] = []
        var content = ""
        while let entry = try reader.next() {
            names.append(entry.name)
            guard entry.name == "etc/name" else { continue }
            #expect(entry == .file("etc/name", size: 5, mode: 0o644, owner: 7))
            var room = [UInt8](repeating: 0, count: 3)
            while case let count = try room.withUnsafeMutableBytes({ try reader.read(into: $0) }), count > 0 {
                content += String(decoding: room[..<count], as: UTF8.self)
            }
        }
        #expect(names == ["etc", "etc/name", "usr", Self.longName, "block"])
        #expect(content == "homer")
    }

    @Test func tarReadsIt() async throws {
        let folder = try TemporaryFolder()
        try Data(sample()).write(to: URL(filePath: folder.path + "/a.tar"))
        let listed = try await Command(
            Peer.tar.path(), ["--list", "--verbose", "--numeric-owner", "--file", folder.path + "/a.tar"]
        ).run().succeeded()
        #expect(listed.output.contains("-rw-r--r-- 7/7"), "\(listed)")
        #expect(listed.output.contains("usr -> etc"), "\(listed)")
        #expect(listed.output.contains(Self.longName), "\(listed)")
        #expect(listed.errors == "", "\(listed)")
    }

    @Test func aFileOfMoreThanEightGigabytesKeepsItsSize() throws {
        let size: Int64 = 9 << 30
        let header = try archive { try $0.begin(.file("large", size: size)) }
        var reader = reader(header)
        #expect(try reader.next()?.size == size)
    }

    /// Whatever a single byte is changed to, or where it ends: it is read, or refused with a sentence.
    @Test func brokenArchivesAreRefused() throws {
        let whole = try sample()
        for end in stride(from: 0, to: whole.count - 1024, by: 100) {
            #expect(throws: TarError.self, "cut at \(end)") {
                var reader = reader(Array(whole[..<end]))
                while try reader.next() != nil {}
            }
        }
        // The blank after the sum says nothing.
        for place in 0..<512 where place != 155 {
            var bytes = whole
            bytes[place] ^= 0x55
            #expect(throws: TarError.self, "byte \(place)") {
                var reader = reader(bytes)
                _ = try reader.next()
            }
        }
    }

    @Test func namesThatDoNotFitAreRefused() {
        for name in [String(repeating: "a", count: 101), String(repeating: "a/", count: 200) + "a"] {
            #expect(throws: TarError.self) { try archive { try $0.begin(.file(name, size: 0)) } }
        }
    }

    @Test func gzipReadsWhatIsMadeSmall() async throws {
        let folder = try TemporaryFolder()
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        var small: [UInt8] = []
        try withUnsafeMutablePointer(to: &small) { room in
            let stream = try GzipStream(level: 6) { room.pointee += $0 }
            for start in stride(from: 0, to: content.count, by: 70_000) {
                try Array(content[start..<min(content.count, start + 70_000)]).withUnsafeBytes {
                    try stream.bytes($0)
                }
            }
            try stream.finish()
        }
        let file = folder.path + "/content"
        try Data(small).write(to: URL(filePath: file + ".gz"))
        try await Command("/usr/bin/gunzip", [file + ".gz"]).run().succeeded()
        #expect(try Data(contentsOf: URL(filePath: file)) == Data(content))
    }
}

/// Bytes that are read once.
private final class Rest {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count)
        buffer.copyBytes(from: bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return count
    }
}
