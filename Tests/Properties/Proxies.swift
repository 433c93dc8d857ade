import Foundation
import HTTPTypes
import NIOCore
import ServerKit

@testable import Edge

extension Property {
    /// What a proxy says in front of a connection is read alike however it comes: whole, in pieces, or with a request
    /// right behind. It has an end, and whom it names has an address.
    static let proxyHeaders = Property("proxy-headers") { input in
        func read(_ bytes: some Collection<UInt8>) -> ProxyHeader {
            ProxyHeader.read(ByteBuffer(bytes: bytes))
        }
        let answer = try requireQuick("reading a header") { read(input) }
        let line = ProxyLine(input)
        switch answer {
        case .whole(let client, let length):
            try require((1...min(input.count, ProxyHeader.sizeMax)).contains(length), "\(length) bytes")
            try requireEqual(read(input.prefix(length)), answer, "the header alone")
            try requireEqual(
                read(input.prefix(length) + Array("GET /".utf8)), answer, "with a request behind")
            // A line is short; of a long header it is enough to look here and there.
            for part in stride(from: 0, to: length, by: max(1, length / 64)) {
                try requireEqual(read(input.prefix(part)), .unfinished, "\(part) bytes of \(length)")
            }
            try requireEqual(client.flatMap(PlainAddress.init)?.description, client, "an address")
            if let line { try requireEqual(answer, line.answer, "the line") }
        case .unfinished:
            try require(input.count < ProxyHeader.sizeMax, "\(input.count) bytes, and no end")
            try require(line == nil, "a line that has ended")
        case .wrong:
            try requireEqual(read(input + [10, 13, 10, 0]), .wrong, "with more behind")
            try require(line == nil, "a line that is right")
        }
    }

    /// Who speaks for others is believed when it is trusted, and then only what its own hop says. The first line is
    /// `Forwarded`, the second `X-Forwarded-For`, `-Proto` and `-Host`.
    static let forwarded = Property("forwarded") { input in
        let (one, other) = input.halves
        let trusted = ["10.0.0.0/8", "fd00::/8"].compactMap(AddressRange.init)
        func client(_ peer: String?, _ headers: [(String, String)]) -> ClientAddress {
            var fields = HTTPFields()
            for (name, value) in headers {
                if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
            }
            return ClientAddress(
                peer: peer, isSecure: false, authority: "here.example", headers: fields, trusted: trusted)
        }
        for (name, value, forged) in [
            ("Forwarded", one, "for=198.51.100.1, "), ("X-Forwarded-For", other, "198.51.100.1, "),
        ] {
            let more = [("X-Forwarded-Proto", other), ("X-Forwarded-Host", other)]
            let stranger = client("203.0.113.5", [(name, value)] + more)
            try require(
                stranger.address == "203.0.113.5" && !stranger.isSecure
                    && stranger.authority == "here.example", "a stranger was believed: \(stranger)")
            let seen = try requireQuick("walking hops") { client("10.0.0.1", [(name, value)] + more) }
            guard let address = seen.address, let plain = PlainAddress(address) else {
                throw Counterexample(description: "the client is \(seen.address ?? "nobody")")
            }
            try require(isHost(seen.authority), "the host is \(seen.authority)")
            // Whatever a client writes in front of the hop that counts, counts for nothing.
            if !trusted.contains(where: { $0.contains(plain) }) {
                let again = client("10.0.0.1", [(name, forged + value)])
                try requireEqual(again.address, seen.address, "with \(forged) in front of \(value)")
            }
        }
        for position in [-2, -1, 0, 1] {
            let header = AddressHeader("X-Client", position: position, trusted: trusted)
            var fields = HTTPFields()
            if let name = HTTPField.Name("X-Client") { fields.append(HTTPField(name: name, value: one)) }
            let found = header?.address(in: fields, peer: "10.0.0.1")
            try require(found.map { PlainAddress($0) != nil } ?? true, "\(found ?? "") is no address")
        }
    }

    private static func isHost(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                        || ".-:[]".unicodeScalars.contains($0))
            }
    }
}

/// A line of version 1 that is right, read a second time and in another way.
private struct ProxyLine {
    let answer: ProxyHeader

    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: 10), end > 0, end < 107, bytes[end - 1] == 13,
            let text = String(validating: bytes[..<(end - 1)], as: UTF8.self)
        else { return nil }
        let words = text.components(separatedBy: " ")
        guard words.count == 6, words[0] == "PROXY", ["TCP4", "TCP6"].contains(words[1]) else { return nil }
        let family = words[1] == "TCP4" ? AF_INET : AF_INET6
        var room = [UInt8](repeating: 0, count: 16)
        guard inet_pton(family, words[3], &room) == 1, inet_pton(family, words[2], &room) == 1,
            words[4...5].allSatisfy({ word in UInt16(word).map { "\($0)" } == word })
        else { return nil }
        let address = PlainAddress(network: room.prefix(family == AF_INET ? 4 : 16)[...])
        answer = .whole(client: address?.description, length: end + 1)
    }
}
