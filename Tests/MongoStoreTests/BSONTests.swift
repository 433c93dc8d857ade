import Contracts
import Testing

@testable import MongoStore

@Suite struct BSONTests {
    private static let everything: BSONDocument = [
        "text": "with \u{0} zero and ü", "empty": "", "number": 7, "large": .int64(.max),
        "half": .double(0.5),
        "yes": true, "no": false, "nothing": .null, "date": .date(-1), "id": .objectID(Samples.bytes(12)),
        "bytes": .binary(Samples.bytes(300)), "list": ["a", 1, ["b"]], "inner": ["$where": ["x": [:]]],
        "": "a name may be empty",
    ]

    @Test func whatIsWrittenIsReadBack() throws {
        let bytes = try Self.everything.encoded()
        #expect(try BSONDocument(bytes: bytes) == Self.everything)
    }

    @Test func bytesAreThoseOfTheSpecification() throws {
        let document: BSONDocument = ["hello": "world"]
        let known: [UInt8] = [
            0x16, 0, 0, 0, 0x02, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0, 0x06, 0, 0, 0, 0x77, 0x6F, 0x72, 0x6C, 0x64,
            0,
            0,
        ]
        #expect(try document.encoded() == known)
    }

    @Test func nothingThatIsCutOrSpoiledTraps() throws {
        let bytes = try Self.everything.encoded()
        for count in bytes.indices {
            #expect(throws: BSONProblem.self) { try BSONDocument(bytes: Array(bytes.prefix(count))) }
        }
        for place in bytes.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var spoiled = bytes
                spoiled[place] = value
                _ = try? BSONDocument(bytes: spoiled)
            }
        }
    }

    @Test func kindsThatAreNotUsedArePassedOver() throws {
        // A regular expression, a time stamp and a decimal, then a number.
        let fields: [UInt8] =
            [0x0B, 0x61, 0, 0x2E, 0x2A, 0, 0x69, 0, 0x11, 0x62, 0] + Samples.bytes(8) + [0x13, 0x63, 0]
            + Samples.bytes(16) + [0x10, 0x64, 0, 9, 0, 0, 0, 0]
        let document = try BSONDocument(bytes: [UInt8(fields.count + 4), 0, 0, 0] + fields)
        #expect(document.fields.map(\.value) == [.other(0x0B), .other(0x11), .other(0x13), 9])
        #expect(throws: BSONProblem.self) { try document.encoded() }
    }

    @Test func aNameWithAZeroByteIsNotWritten() {
        #expect(throws: BSONProblem.self) { try BSONDocument([.init(name: "a\u{0}b", value: 1)]).encoded() }
    }

    @Test func whatLiesTooDeepIsRefused() throws {
        var deep: BSON = "end"
        for _ in 0..<200 { deep = ["a": deep] }
        #expect(throws: BSONProblem.self) { try BSONDocument([.init(name: "a", value: deep)]).encoded() }
        var bytes: [UInt8] = [5, 0, 0, 0, 0]
        for _ in 0..<5000 {
            let length = UInt32(bytes.count + 8)
            let head = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * UInt32($0))) }
            bytes = head + [0x03, 0x61, 0] + bytes + [0]
        }
        #expect(throws: BSONProblem.self) { try BSONDocument(bytes: bytes) }
    }
}
