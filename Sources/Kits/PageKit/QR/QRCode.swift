/// A QR code (ISO/IEC 18004) of up to 213 bytes: byte mode, error correction level M, versions 1 to 10.
package struct QRCode: Sendable, Hashable {
    /// How many modules a side has.
    package let size: Int
    private let modules: [Bool]

    /// The most bytes that fit.
    package static let bytesMax = 213

    /// The smallest code that holds the text, or nil when none does.
    package init?(_ text: String) {
        guard let version = QRVersion.smallest(for: text.utf8.count) else { return nil }
        let codewords = QRCodewords.make(Array(text.utf8), version: version)
        var canvas = QRCanvas(version: version)
        canvas.place(codewords)
        let best = (0..<8).map { canvas.masked($0) }.min { $0.penalty < $1.penalty }
        self.size = canvas.size
        self.modules = best?.modules ?? canvas.modules
    }

    /// Whether the module in this row and column is dark.
    package subscript(row: Int, column: Int) -> Bool { modules[row * size + column] }

    /// The dark modules as the path of a drawing in which a module is one unit, without the quiet zone of
    /// four modules that has to be around it.
    package var path: String {
        var path = ""
        for row in 0..<size {
            var column = 0
            while column < size {
                let start = column
                while column < size, self[row, column] { column += 1 }
                if column > start { path += "M\(start) \(row)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        return path
    }
}
