import Foundation
import Properties
import Testing

/// What the fuzzers found, and what somebody thought of, tried again every time.
@Suite(.timeLimit(.minutes(2))) struct VectorTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
        path: "Vectors")

    private static func vectors(of property: Property) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: property.name), includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    @Test(arguments: Property.all.map(\.name)) func whatWasFoundHolds(_ name: String) async throws {
        let property = try #require(Property.all.first { $0.name == name })
        let vectors = try Self.vectors(of: property)
        #expect(!vectors.isEmpty, "each property has inputs to begin with")
        for vector in vectors {
            let input = Array(try Data(contentsOf: vector))
            await #expect(throws: Never.self, "\(name)/\(vector.lastPathComponent)") {
                try await property.check(input)
            }
        }
    }

    /// A little of what the fuzzers do, so that a property that ceases to hold is noticed without them.
    @Test(arguments: Property.all.map(\.name)) func changedVectorsHoldToo(_ name: String) async throws {
        let property = try #require(Property.all.first { $0.name == name })
        let seeds = try Self.vectors(of: property).map { Array(try Data(contentsOf: $0)) }
        var dice = Dice(state: 7)
        for round in 0..<300 {
            var input = seeds[round % seeds.count]
            for _ in 0...dice.roll(4) { dice.change(&input) }
            await #expect(throws: Never.self, "\(input)") { try await property.check(input) }
        }
    }

    @Test func vectorsBelongToPropertiesThatAreThere() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            at: Self.folder, includingPropertiesForKeys: nil)
        #expect(Set(folders.map(\.lastPathComponent)) == Set(Property.all.map(\.name)))
    }
}

/// Numbers that look random and are the same in every run.
private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(sides))
    }

    mutating func change(_ bytes: inout [UInt8]) {
        let place = roll(bytes.count + 1)
        switch roll(3) {
        case 0: bytes.insert(UInt8(roll(256)), at: place)
        case 1 where place < bytes.count: bytes.remove(at: place)
        case 2 where place < bytes.count: bytes[place] = UInt8(roll(128))
        default: break
        }
    }
}
