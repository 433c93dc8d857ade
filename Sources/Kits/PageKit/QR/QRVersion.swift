/// What the standard says of a version at level M (table 9 and annex E).
struct QRVersion: Sendable {
    let number: Int
    /// Codewords for error correction in each block.
    let correction: Int
    /// How many data codewords each block has, the short blocks first.
    let blocks: [Int]
    /// Centres of alignment patterns.
    let alignment: [Int]

    var size: Int { 17 + 4 * number }
    var dataCount: Int { blocks.reduce(0, +) }

    /// Digits of the count of bytes in the data's head.
    var countBits: Int { number < 10 ? 8 : 16 }

    static func smallest(for bytes: Int) -> QRVersion? {
        all.first { 4 + $0.countBits + 8 * bytes <= 8 * $0.dataCount }
    }

    private static let all = [
        QRVersion(number: 1, correction: 10, blocks: [16], alignment: []),
        QRVersion(number: 2, correction: 16, blocks: [28], alignment: [6, 18]),
        QRVersion(number: 3, correction: 26, blocks: [44], alignment: [6, 22]),
        QRVersion(number: 4, correction: 18, blocks: [32, 32], alignment: [6, 26]),
        QRVersion(number: 5, correction: 24, blocks: [43, 43], alignment: [6, 30]),
        QRVersion(number: 6, correction: 16, blocks: [27, 27, 27, 27], alignment: [6, 34]),
        QRVersion(number: 7, correction: 18, blocks: [31, 31, 31, 31], alignment: [6, 22, 38]),
        QRVersion(number: 8, correction: 22, blocks: [38, 38, 39, 39], alignment: [6, 24, 42]),
        QRVersion(number: 9, correction: 22, blocks: [36, 36, 36, 37, 37], alignment: [6, 26, 46]),
        QRVersion(number: 10, correction: 26, blocks: [43, 43, 43, 43, 44], alignment: [6, 28, 50]),
    ]
}
