/// A content address: an algorithm and the lowercase hex of its output, `sha256:2c26…` (image-spec,
/// descriptor.md).
///
/// A value exists only if it is well formed, so the rest of the program never checks again.
package struct Digest: Hashable, Sendable {
    /// The registered algorithms of the image spec that the registry stores.
    package enum Algorithm: String, Sendable, CaseIterable {
        case sha256, sha512

        /// How many hex digits a digest of this algorithm has.
        package var hexLength: Int {
            switch self {
            case .sha256: 64
            case .sha512: 128
            }
        }
    }

    package let algorithm: Algorithm
    /// The whole as it is written, since that is what it is used for.
    package let description: String

    package var hex: Substring {
        description[description.utf8.index(description.endIndex, offsetBy: -algorithm.hexLength)...]
    }

    package init(_ text: String) throws(OCIError) { try self.init(text[...]) }

    package init(_ text: Substring) throws(OCIError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw OCIError(.digestInvalid, "a digest is written ALGORITHM:HEX, such as sha256:2c26…")
        }
        guard let algorithm = Algorithm(rawValue: String(text[..<colon])) else {
            throw OCIError(.digestInvalid, "unknown digest algorithm; this registry stores sha256 and sha512")
        }
        let hex = text.utf8[text.utf8.index(after: colon)...]
        guard hex.count == algorithm.hexLength, hex.allSatisfy(\.isLowercaseHex) else {
            throw OCIError(
                .digestInvalid, "a \(algorithm) digest has \(algorithm.hexLength) lowercase hex digits")
        }
        self.algorithm = algorithm
        self.description = String(text)
    }

    /// Whether it is the digest of no bytes at all.
    package var isOfNothing: Bool {
        switch algorithm {
        case .sha256: hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        case .sha512:
            hex
                == "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
        }
    }

    /// A digest from the raw output of its algorithm.
    ///
    /// - Precondition: `bytes` is as long as the algorithm's output.
    package init(_ algorithm: Algorithm, bytes: [UInt8]) {
        precondition(bytes.count * 2 == algorithm.hexLength, "a \(algorithm) output has another length")
        self.algorithm = algorithm
        let prefix = "\(algorithm.rawValue):".utf8
        self.description = String(unsafeUninitializedCapacity: prefix.count + bytes.count * 2) { out in
            _ = out.initialize(from: prefix)
            for (index, byte) in bytes.enumerated() {
                out[prefix.count + index * 2] = hexDigits[Int(byte >> 4)]
                out[prefix.count + index * 2 + 1] = hexDigits[Int(byte & 15)]
            }
            return prefix.count + bytes.count * 2
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.description == right.description }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

private let hexDigits = Array("0123456789abcdef".utf8)

extension Digest: CustomStringConvertible {}

extension UInt8 {
    fileprivate var isLowercaseHex: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
