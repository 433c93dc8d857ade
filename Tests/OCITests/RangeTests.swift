import OCI
import Testing

@Suite struct ByteRangeTests {
    @Test(arguments: [
        ("bytes=0-0", ByteRange.Answer.part(0..<1)), ("bytes=500-1499", .part(500..<1500)),
        ("bytes=500-", .part(500..<2048)), ("bytes=-500", .part(1548..<2048)),
        ("bytes=-5000", .part(0..<2048)),
        ("bytes=2000-5000", .part(2000..<2048)), ("Bytes=0-9", .part(0..<10)),
        ("bytes=500-0", .unsatisfiable),
        ("bytes=5000-10000", .unsatisfiable), ("bytes=2048-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=0-1,5-6", .whole), ("bytes=", .whole), ("bytes=-", .whole), ("bytes=a-b", .whole),
        ("items=0-1", .whole), ("bytes=1", .whole), ("bytes=+1-2", .whole), ("bytes=1--2", .whole),
        ("bytes=99999999999999999999-", .whole), ("", .whole),
    ])
    func aRangeIsReadAsTheRFCSays(header: String, expected: ByteRange.Answer) {
        #expect(ByteRange.requested(header, of: 2048) == expected)
    }

    @Test func noByteOfNothingCanBeHad() {
        #expect(ByteRange.requested("bytes=0-", of: 0) == .unsatisfiable)
        #expect(ByteRange.requested("bytes=-1", of: 0) == .unsatisfiable)
        #expect(ByteRange.requested(nil, of: 0) == .whole)
    }

    @Test(arguments: [
        ("0-0", Int64(0)..<1), ("10-1023", 10..<1024), ("bytes 0-9/*", 0..<10), ("bytes 0-9/10", 0..<10),
    ])
    func aChunksPlaceIsRead(header: String, expected: Range<Int64>) throws {
        #expect(try ByteRange.uploaded(header) == expected)
    }

    @Test(arguments: [
        "", "-", "5", "5-", "-5", "9-0", "a-b", "0x1-2", "0-1-2", "0-9999999999999999999", " 0-1",
        "bytes=0-1",
    ])
    func aChunksPlaceThatCannotBeReadIsRefused(header: String) {
        #expect { try ByteRange.uploaded(header) } throws: { ($0 as? OCIError)?.code == .blobUploadInvalid }
    }
}
