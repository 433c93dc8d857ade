import HTTPTypes
import ServerKit
import Testing

@testable import Edge

@Suite struct AddressRangeTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("172.16.0.0/12", "172.31.255.255", true),
        ("172.16.0.0/12", "172.32.0.0", false), ("2001:db8::/32", "2001:db8:1::5", true),
        ("2001:db8::/32", "2001:db9::5", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("::/0", "10.1.2.3", false), ("10.0.0.0/8", "not an address", false),
    ])
    func anAddressLiesInARangeOrNot(range: String, address: String, expected: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(address) == expected)
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "host.example", "::1/129", "10.0.0/8",
    ])
    func whatIsNoRangeIsRefused(text: String) {
        #expect(AddressRange(text) == nil)
    }
}

@Suite struct ClientAddressTests {
    private let proxies = ["127.0.0.1", "10.0.0.0/8"].compactMap(AddressRange.init)

    private func client(
        peer: String?, _ headers: [(String, String)], trusted: [AddressRange]? = nil
    ) -> ClientAddress {
        var fields = HTTPFields()
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        return ClientAddress(
            peer: peer, isSecure: false, authority: "registry.example", headers: fields,
            trusted: trusted ?? proxies)
    }

    @Test func aStrangerIsNotBelieved() {
        let seen = client(
            peer: "203.0.113.5", [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https")])
        #expect(seen.address == "203.0.113.5")
        #expect(!seen.isSecure)
    }

    @Test func withoutTrustedProxiesNobodyIsBelieved() {
        #expect(
            client(peer: "127.0.0.1", [("X-Forwarded-For", "192.0.2.1")], trusted: []).address == "127.0.0.1")
    }

    @Test func theNearestHopThatIsNoProxyIsTheClient() {
        let seen = client(peer: "127.0.0.1", [("X-Forwarded-For", "1.2.3.4, 192.0.2.9, 10.1.1.1")])
        #expect(seen.address == "192.0.2.9", "what the client wrote in front counts for nothing")
    }

    @Test func forwardedIsReadWithItsQuotesAndPorts() {
        let seen = client(
            peer: "10.2.2.2", [("Forwarded", #"for="[2001:db8::7]:4711";proto=https;host=hub.example"#)])
        #expect(seen.address == "2001:db8::7")
        #expect(seen.isSecure)
        #expect(seen.authority == "hub.example")
    }

    @Test func aHiddenHopEndsTheWalk() {
        #expect(
            client(peer: "127.0.0.1", [("Forwarded", "for=192.0.2.1, for=_hidden")]).address == "127.0.0.1")
    }

    /// What a client has written before a proxy that names nobody.
    @Test func aHopThatIsNotNamedEndsTheWalk() {
        let seen = client(peer: "127.0.0.1", [("Forwarded", "for=192.0.2.1, proto=https")])
        #expect(seen.address == "127.0.0.1" && seen.isSecure)
    }

    @Test func aHostThatIsNoHostIsNotTaken() {
        #expect(
            client(peer: "127.0.0.1", [("X-Forwarded-Host", "evil.example\"/x")]).authority
                == "registry.example")
    }
}

@Suite struct AddressHeaderTests {
    private func address(
        _ values: [String], _ position: Int, peer: String? = "10.0.0.1", trusted: String? = nil
    ) -> String? {
        var fields = HTTPFields()
        if let name = HTTPField.Name("X-Client") {
            for value in values { fields.append(HTTPField(name: name, value: value)) }
        }
        let ranges = trusted.map { [$0].compactMap(AddressRange.init) }
        return AddressHeader("X-Client", position: position, trusted: ranges)?.address(in: fields, peer: peer)
    }

    @Test(arguments: [
        (0, "192.0.2.1"), (1, "192.0.2.2"), (2, "192.0.2.3"), (-1, "192.0.2.3"), (-2, "192.0.2.2"),
        (-9, "192.0.2.1"),
    ])
    func aPlaceIsCountedFromEitherEnd(_ position: Int, _ expected: String) {
        #expect(address(["192.0.2.1, 192.0.2.2 ,192.0.2.3"], position) == expected)
        #expect(address(["192.0.2.1", "192.0.2.2,192.0.2.3"], position) == expected, "several are one list")
    }

    @Test func whatIsNoAddressIsNone() {
        #expect(address(["192.0.2.1"], 1) == nil, "a place beyond the list")
        #expect(address([], 0) == nil && address([""], -1) == nil && address(["unknown"], 0) == nil)
        #expect(
            address(["[2001:db8::1]:4711"], 0) == "2001:db8::1" && address(["192.0.2.1:80"], 0) == "192.0.2.1"
        )
        #expect(AddressHeader("a b", position: 0, trusted: nil) == nil)
    }

    @Test func aStrangerIsTakenForHimself() {
        #expect(address(["192.0.2.1"], 0, peer: "10.0.0.1", trusted: "10.0.0.0/8") == "192.0.2.1")
        #expect(address(["192.0.2.1"], 0, peer: "198.51.100.9", trusted: "10.0.0.0/8") == "198.51.100.9")
        #expect(
            address(["192.0.2.1"], 0, peer: nil, trusted: "10.0.0.0/8") == "192.0.2.1",
            "a socket's peer is a proxy")
    }
}
