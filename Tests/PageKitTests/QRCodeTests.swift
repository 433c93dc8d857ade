import CalendarPeers
import Foundation
import PageKit
import Testing

/// Codes are read back by the reader of somebody else.
@Suite(.timeLimit(.minutes(1))) struct QRCodeTests {
    @Test func everyVersionIsReadByAnotherProgram() async throws {
        let alphabet = Array(
            "https://weather.example.com/calendar/hpc_0123456789abcdefghijklmnop/berlin.ics?ä🌧")
        let texts = [1, 14, 15, 26, 27, 42, 43, 62, 63, 84, 85, 106, 107, 122, 123, 152, 153, 180, 181, 213]
            .map { count in
                var text = ""
                var index = count
                while text.utf8.count < count {
                    text.append(alphabet[index % 70])
                    index += 7
                }
                return text
            }
        let codes = try texts.map { try #require(QRCode($0)) }
        #expect(Set(codes.map(\.size)) == Set((1...10).map { 17 + 4 * $0 }))
        let bitmaps = codes.map { code in
            (0..<code.size).map { row in
                (0..<code.size).map { code[row, $0] ? "1" : "0" }.joined()
            }
        }
        let json = String(decoding: try JSONEncoder().encode(bitmaps), as: UTF8.self)
        let read = try await Peers.run("qr_read.py", input: json)
        #expect(try JSONDecoder().decode([String].self, from: Data(read.utf8)) == texts.map { "M \($0)" })
    }

    @Test func whatDoesNotFitIsNoCode() {
        #expect(QRCode(String(repeating: "x", count: QRCode.bytesMax)) != nil)
        #expect(QRCode(String(repeating: "x", count: QRCode.bytesMax + 1)) == nil)
    }

    @Test func theDrawingHasTheModulesOfTheCode() throws {
        let code = try #require(QRCode("https://example.com"))
        let dark = (0..<code.size).reduce(0) { sum, row in sum + (0..<code.size).count { code[row, $0] } }
        let drawn = code.path.split(separator: "M").reduce(0) { sum, run in
            sum
                + (run.split(separator: "h").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0)
        }
        #expect(drawn == dark)
    }
}
