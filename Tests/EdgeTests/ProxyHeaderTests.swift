import NIOCore
import Testing

@testable import Edge

@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    private func read(_ text: String) -> ProxyHeader { ProxyHeader.read(ByteBuffer(string: text)) }

    private func read(_ bytes: [UInt8]) -> ProxyHeader {
        ProxyHeader.read(ByteBuffer(bytes: Self.signature + bytes))
    }

    @Test func aLineNamesTheClient() {
        let line = "PROXY TCP4 192.0.2.7 198.51.100.1 50123 443\r\n"
        #expect(read(line + "GET / HTTP/1.1\r\n") == .whole(client: "192.0.2.7", length: line.utf8.count))
        let v6 = "PROXY TCP6 2001:db8::7 2001:db8::1 65535 0\r\n"
        #expect(read(v6) == .whole(client: "2001:db8::7", length: v6.utf8.count))
        let unknown = "PROXY UNKNOWN whatever follows\r\n"
        #expect(read(unknown) == .whole(client: nil, length: unknown.utf8.count))
        for count in 0..<line.utf8.count {
            let part = ByteBuffer(bytes: Array(line.utf8.prefix(count)))
            #expect(ProxyHeader.read(part) == .unfinished)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROXY\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 50123\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 50123 443\n", "PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 01 443\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n", "PROXY TCP4 192.0.2.7  198.51.100.1 1 2\r\n",
        "PROXY TCP4 192.0.2.777 198.51.100.1 1 2\r\n", "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n",
        "proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 1 -2\r\n",
    ]) func whatIsNoLineIsRefused(_ text: String) { #expect(read(text) == .wrong) }

    @Test func aLineHasAnEnd() {
        #expect(read("PROXY UNKNOWN " + String(repeating: "x", count: 200)) == .wrong)
        #expect(read("PROXY UNKNOWN " + String(repeating: "x", count: 92)) == .unfinished)
    }

    @Test func bytesNameTheClient() {
        let v4: [UInt8] = [0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1, 0xC3, 0xCB, 1, 0xBB]
        #expect(read(v4 + Array("GET".utf8)) == .whole(client: "192.0.2.7", length: 28))
        for count in 0..<v4.count { #expect(read(Array(v4.prefix(count))) == .unfinished) }
        let address: [UInt8] = [0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [7]
        #expect(
            read([0x21, 0x21, 0, 36] + address + address + [0, 1, 0, 2])
                == .whole(client: "2001:db8::7", length: 52))
        // Extensions are passed over.
        #expect(read([0x21, 0x11, 0, 15] + v4[4...] + [4, 0, 0]) == .whole(client: "192.0.2.7", length: 31))
        // The proxy itself, and families without addresses.
        #expect(read([0x20, 0, 0, 0]) == .whole(client: nil, length: 16))
        #expect(read([0x20, 0x11, 0, 12] + v4[4...]) == .whole(client: nil, length: 28))
        #expect(read([0x21, 0, 0, 0]) == .whole(client: nil, length: 16))
    }

    @Test func bytesThatAreNoHeaderAreRefused() {
        #expect(read([0x11, 0x11, 0, 12]) == .wrong, "another version")
        #expect(read([0x22, 0x11, 0, 12]) == .wrong, "another command")
        #expect(read([0x21, 0x41, 0, 0]) == .wrong, "another family")
        #expect(read([0x21, 0x11, 0, 4, 192, 0, 2, 7]) == .wrong, "too short for its addresses")
        #expect(read([0x21, 0x11, 0xFF, 0xFF]) == .wrong, "longer than anybody needs")
        #expect(ProxyHeader.read(ByteBuffer(bytes: [13, 10, 13, 11])) == .wrong)
        #expect(ProxyHeader.read(ByteBuffer(bytes: [22, 3, 1, 0])) == .wrong, "TLS without a header")
    }
}
