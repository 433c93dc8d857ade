import NIOCore
import NIOEmbedded
import NIOSSL
import TLSKit
import Testing

/// Hellos that a real client says, whole, in parts, and spoilt.
@Suite struct ClientHelloTests {
    private func hello(_ name: String?, protocols: [String]) throws -> ByteBuffer {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = protocols
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: name))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var all = ByteBuffer()
        while var piece = try channel.readOutbound(as: ByteBuffer.self) { all.writeBuffer(&piece) }
        return all
    }

    @Test func theNameAndTheProtocolsAreRead() throws {
        let bytes = try hello("registry.example.com", protocols: ["h2", "http/1.1"])
        let expected = ClientHello(serverName: "registry.example.com", protocols: ["h2", "http/1.1"])
        #expect(ClientHello.read(bytes) == .whole(expected))
        #expect(try ClientHello.read(hello(nil, protocols: [])) == .whole(ClientHello()))
    }

    @Test func everyBeginningIsUnfinished() throws {
        let bytes = try hello("registry.example.com", protocols: ["h2"])
        for count in 0..<bytes.readableBytes {
            let part = try #require(bytes.getSlice(at: 0, length: count))
            #expect(ClientHello.read(part) == .unfinished, "\(count)")
        }
    }

    @Test func aHelloInManyRecordsIsRead() throws {
        let whole = try hello("a.example", protocols: ["h2"])
        let message = Array(whole.readableBytesView.dropFirst(5))
        for size in [1, 7, 100] {
            var parts = ByteBuffer()
            for start in stride(from: 0, to: message.count, by: size) {
                let piece = message[start..<min(start + size, message.count)]
                parts.writeBytes([22, 3, 1, UInt8(piece.count >> 8), UInt8(piece.count & 255)] + piece)
            }
            #expect(
                ClientHello.read(parts) == .whole(ClientHello(serverName: "a.example", protocols: ["h2"])))
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        "\u{16}\u{3}\u{1}\u{0}\u{0}",
    ])
    func whatIsNotTLSIsKnownAtOnce(_ text: String) {
        #expect(ClientHello.read(ByteBuffer(string: text)) == .unknown)
    }

    @Test func aHelloThatSaysItIsHugeIsNotWaitedFor() {
        #expect(ClientHello.read(ByteBuffer(bytes: [22, 3, 1, 0, 4, 1, 255, 255, 255])) == .unknown)
    }

    /// Whatever a stranger sends is read to its end and answered, without a trap.
    @Test func spoiltHellosAreReadWithoutHarm() throws {
        let bytes = Array(try hello("registry.example.com", protocols: ["h2", "http/1.1"]).readableBytesView)
        var dice = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            var spoilt = bytes
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                spoilt[Int.random(in: 0..<spoilt.count, using: &dice)] = .random(in: 0...255, using: &dice)
            }
            if Bool.random(using: &dice) { spoilt.removeLast(Int.random(in: 0..<spoilt.count, using: &dice)) }
            _ = ClientHello.read(ByteBuffer(bytes: spoilt))
        }
    }
}
