import Access
import Testing

@Suite struct AddressRuleTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("10.0.0.0/8", "10.255.0.1"), ("10.1.2.3/8", "10.255.0.1"),
        ("0.0.0.0/0", "203.0.113.9"), ("192.0.2.128/25", "192.0.2.200"), ("192.0.2.7/32", "192.0.2.7"),
        ("2001:db8::/32", "2001:db8:1::5"), ("::1", "0:0:0:0:0:0:0:1"), ("::/0", "2001:db8::1"),
        ("fe80::/10", "fe80::1%eth0"), ("2001:DB8::A", "2001:db8::a"), ("2001:db8::/33", "2001:db8:7fff::"),
        ("192.0.2.0/24", "::ffff:192.0.2.7"), ("::ffff:192.0.2.0/120", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"), ("1::", "1:0:0:0:0:0:0:0"), ("64:ff9b::/96", "64:ff9b::192.0.2.1"),
    ])
    func matches(range: String, address: String) throws {
        #expect(try holds(.init(ip: range), try request(ip: address)))
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.8"), ("10.0.0.0/8", "11.0.0.1"), ("192.0.2.128/25", "192.0.2.127"),
        ("2001:db8::/32", "2001:db9::1"), ("2001:db8::/33", "2001:db8:8000::"), ("::/0", "192.0.2.7"),
        ("0.0.0.0/0", "2001:db8::1"), ("::1", "127.0.0.1"), ("0.0.0.0/0", "::192.0.2.7"),
    ])
    func doesNotMatch(range: String, address: String) throws {
        #expect(try !holds(.init(ip: range), try request(ip: address)))
    }

    @Test(arguments: [
        nil, "", "@", "unix", "192.0.2", "192.0.2.7.1", "192.0.2.256", "192.0.2.07", "0x7f.0.0.1",
        "192.0.2.7:80",
        "[::1]", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", ":1::", "1:", "::g",
        "+1::",
        "1:2:3:4:5:6:7:8::", "192.0.2.7%eth0", "::1.2.3", "1.2.3.4::",
    ])
    func anAddressThatIsNotKnownMatchesNoRange(address: String?) throws {
        #expect(try !holds(.init(ip: "0.0.0.0/0"), try request(ip: address)))
        #expect(try !holds(.init(ip: "::/0"), try request(ip: address)))
    }

    @Test(arguments: [
        "", "localhost", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "::/129",
        "::1/x",
        "10.0.0.0/8/8", "fe80::1%eth0", "::ffff:10.0.0.0/8", "10.0.0.0 - 10.0.0.9", "*", "${name}",
    ])
    func aMalformedRangeIsRefusedWithTheRuleAndTheField(range: String) throws {
        let words = try #require(refusal([Rule(seq: 70, match: .init(ip: range), actions: [])]))
        #expect(words.hasPrefix("rule 70, ip: "))
    }
}
