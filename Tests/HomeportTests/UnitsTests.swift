import Testing

@testable import homeport

/// How times, sizes, addresses and misspelt names are read.
@Suite struct UnitsTests {
    @Test(arguments: [
        ("90s", 90_000), ("15m", 900_000), ("1h30m", 5_400_000), ("7d", 604_800_000), ("250ms", 250),
        ("1d2h3m4s5ms", 93_784_005), ("0s", 0),
    ])
    func timesAreReadAndShown(_ text: String, _ milliseconds: Int) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.show(.milliseconds(milliseconds)) == (text == "90s" ? "1m30s" : text))
    }

    @Test(arguments: [
        "", "15", "m", "15 m", "-1s", "1m1h", "1s1s", "1.5h", "99999999999999999999d", "9999999999999d",
    ])
    func whatIsNoTimeIsRefused(_ text: String) { #expect(DurationText.parse(text) == nil) }

    @Test(arguments: [
        ("64MiB", 64 << 20, "64MiB"), ("4MB", 4_000_000, "4000000"), ("512KiB", 512 << 10, "512KiB"),
        ("1024", 1024, "1KiB"), ("100B", 100, "100"), ("2TiB", 2 << 40, "2TiB"),
    ])
    func sizesAreReadAndShown(_ text: String, _ bytes: Int, _ shown: String) {
        #expect(SizeText.parse(text) == bytes)
        #expect(SizeText.show(bytes) == shown)
    }

    @Test(arguments: ["", "MiB", "1.5MiB", "-1", "4mib", "99999999999TiB", "4 MiB"])
    func whatIsNoSizeIsRefused(_ text: String) { #expect(SizeText.parse(text) == nil) }

    @Test(arguments: [
        ("127.0.0.1:5000", "127.0.0.1:5000"), ("[::1]:0", "[::1]:0"), (":80", "0.0.0.0:80"),
        ("registry.lan:65535", "registry.lan:65535"),
    ])
    func addressesAreReadAndShown(_ text: String, _ shown: String) {
        #expect(ListenAddress(text)?.description == shown)
    }

    @Test(arguments: [
        "", "5000", "::1:5000", "a:65536", "a:-1", "a:", "[a]:1", "a b:1", "http://a:1", "a:+1",
    ])
    func whatIsNoAddressIsRefused(_ text: String) { #expect(ListenAddress(text) == nil) }

    @Test func theNearestNameIsASlipAway() {
        let names = ["listen", "log", "registry", "token"]
        #expect(NearestName.to("registri", among: names) == "registry")
        #expect(NearestName.to("tokne", among: names) == "token")
        #expect(NearestName.to("Listen", among: names) == "listen")
        #expect(NearestName.to("weather", among: names) == nil)
        #expect(NearestName.distance("kitten", "sitting") == 3)
        #expect(NearestName.distance("", "abc") == 3)
    }

    @Test func whatOthersChoseCannotSteerATerminal() {
        #expect(printable("a\u{1B}[2Jb\u{202E}c\r") == "a\\u{1b}[2Jb\\u{202e}c\\u{d}")
        #expect(printable("Grüße 🚢") == "Grüße 🚢")
    }

    @Test func tablesStandInColumns() {
        var table = Table("NAME", "AGE")
        table.add(["a", ""])
        table.add(["longer", "7"])
        #expect(table.text == "NAME    AGE\na\nlonger  7")
    }
}
