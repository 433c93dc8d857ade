import OCI

extension Property {
    /// A range lies inside the body, and is the one that was asked for. The first line is the header, the
    /// second the size.
    static let ranges = Property("ranges") { input in
        let (header, number) = input.halves
        let size = Int64(number.prefix(19)).map { max(0, $0) } ?? Int64(number.utf8.count)
        let answer = ByteRange.requested(header, of: size)
        if case .part(let range) = answer {
            try require(
                range.lowerBound >= 0 && range.upperBound <= size && !range.isEmpty,
                "\(range) does not lie in 0..<\(size)")
        }
        if let asked = Asked(header) {
            try requireEqual(answer, asked.answer(of: size), "\(header) of \(size)")
        } else {
            try requireEqual(answer, .whole, "\(header), which is no range")
        }
        guard let sent = try? ByteRange.uploaded(header) else { return }
        try require(sent.lowerBound >= 0 && !sent.isEmpty, "\(header) was read as \(sent)")
        let again = try ByteRange.uploaded("\(sent.lowerBound)-\(sent.upperBound - 1)")
        try requireEqual(again, sent, "a chunk's range printed")
    }
}

/// One range of RFC 9110, section 14.1.2, in numbers too large to overflow.
private struct Asked {
    let first: Int64?
    let last: Int64?

    /// Nil for what the RFC lets a server ignore: other units, several ranges, malformed ones, and numbers
    /// beyond what any blob has.
    init?(_ header: String) {
        guard header.utf8.count > 6, header.prefix(6).lowercased() == "bytes=" else { return nil }
        let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        for part in parts {
            guard part.utf8.count <= 18, part.unicodeScalars.allSatisfy({ ("0"..."9").contains($0) }) else {
                return nil
            }
        }
        first = Int64(parts[0])
        last = Int64(parts[1])
        if first == nil, last == nil { return nil }
    }

    func answer(of size: Int64) -> ByteRange.Answer {
        let chosen: [Int64]
        switch (first, last) {
        case (nil, let count?): chosen = [max(0, size - count), count == 0 ? -1 : size - 1]
        case (let first?, nil): chosen = [first, size - 1]
        default: chosen = [first ?? 0, min(last ?? 0, size - 1)]
        }
        guard chosen[0] <= chosen[1], chosen[0] < size else { return .unsatisfiable }
        return .part(chosen[0]..<chosen[1] + 1)
    }
}
