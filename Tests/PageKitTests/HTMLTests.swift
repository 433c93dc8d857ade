import PageKit
import Testing

@Suite struct HTMLTests {
    @Test func whatIsPutInIsEscaped() {
        let name = "<script>alert('1')</script> & \"co\"\u{0}\u{9B}"
        let html: HTML = "<p title=\"\(name)\">\(name)</p>"
        let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;co&quot;"
        #expect(html.markup == "<p title=\"\(escaped)\">\(escaped)</p>")
    }

    @Test func markupInsideMarkupStaysMarkup() {
        let items = ["a", "<b>"].map { "<li>\($0)</li>" as HTML }
        #expect(("<ul>\(items)</ul>" as HTML).markup == "<ul><li>a</li><li>&lt;b&gt;</li></ul>")
    }

    @Test(arguments: [
        ("https://x/?a=1&b=2", "https://x/?a=1&amp;b=2"), ("webcal://x/a.ics", "webcal://x/a.ics"),
        ("/calendar/a:b", "/calendar/a:b"), ("javascript:alert(1)", "#"), ("JavaScript:alert(1)", "#"),
        ("data:text/html,x", "#"), ("\u{1}javascript:alert(1)", "#"), ("a\"b", "a&quot;b"), ("#x:y", "#x:y"),
    ])
    func anAddressCannotRun(link: String, written: String) {
        #expect(("<a href=\"\(link: link)\">" as HTML).markup == "<a href=\"\(written)\">")
    }

    @Test(arguments: [
        (0, "0"), (1.5, "1.5"), (-0.004, "0"), (12.345, "12.35"), (-3.05, "-3.05"), (100, "100"),
        (0.1, "0.1"),
        (Double.nan, "0"), (.infinity, "0"),
    ])
    func numbersAreShort(value: Double, text: String) {
        #expect(Drawing.number(value) == text)
    }

    @Test func aLineIsInterruptedWhereAPointIsMissing() {
        let path = Drawing.line([(0, 1), (1, 2), nil, (3, 4), nil, (5, 6), (6, 7)])
        #expect(path == "M0 1L1 2M3 4h1M5 6L6 7")
    }

    @Test func aPageHasNothingInsideThatRuns() {
        let page = Page(
            title: "<T>", language: "de", description: "\"D\"", styles: ["/s.css"], scripts: ["/s.js"],
            content: "<main></main>")
        let markup = page.html.markup
        #expect(markup.hasPrefix("<!DOCTYPE html>\n<html lang=\"de\">"))
        #expect(markup.contains("<title>&lt;T&gt;</title>") && markup.contains("content=\"&quot;D&quot;\""))
        #expect(!markup.contains("style=") && !markup.contains("<style"))
        #expect(markup.contains("<script src=\"/s.js\" defer></script>"))
    }
}
