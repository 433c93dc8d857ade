import Almanac
import FoundationEssentials
import PageKit
import Weather

/// How to have the calendars of a place: links for the programs people use, the address itself, and a code to
/// scan.
struct SubscribeSection {
    let calendars: [CalendarPlan]
    let base: String
    let token: String?
    let words: PageWords

    private func path(of plan: CalendarPlan) -> String {
        token.map { "/calendar/\($0)/\(plan.name).ics" } ?? "/calendar/\(plan.name).ics"
    }

    private func address(of plan: CalendarPlan) -> String { base + path(of: plan) }

    /// The same address for programs that subscribe.
    private func webcal(_ address: String) -> String {
        guard let colon = address.firstIndex(of: ":") else { return address }
        return "webcal" + address[colon...]
    }

    /// For readers of pages that look for calendars by themselves.
    var alternateLinks: HTML {
        .joined(
            calendars.map { plan in
                """
                <link rel="alternate" type="text/calendar" href="\(link: path(of: plan))" title="\(plan.title)">
                """
            })
    }

    var html: HTML {
        guard let main = calendars.first else { return .empty }
        let others = calendars.dropFirst().map { "<li>\(links(of: $0))</li>" as HTML }
        let list: HTML = others.isEmpty ? "" : "<ul class=\"calendars\">\(others)</ul>"
        return """
            <section aria-labelledby="subscribe"><h2 id="subscribe">\(words.subscribe)</h2>
            <p>\(words.subscribeHint)</p>\(buttons(of: main))\(list)</section>
            """
    }

    private func buttons(of plan: CalendarPlan) -> HTML {
        let address = address(of: plan)
        guard !base.isEmpty else { return links(of: plan) }
        let google = "https://calendar.google.com/calendar/render?cid=" + Self.encoded(webcal(address))
        let outlook =
            "https://outlook.live.com/calendar/0/addfromweb?url=" + Self.encoded(address) + "&name="
            + Self.encoded(plan.title)
        return """
            <div class="subscribe"><div>
            <p class="buttons"><a class="button main" href="\(link: webcal(address))">\(words.openInCalendar)</a>
            <a class="button" href="\(link: google)" rel="noreferrer">\(words.addToGoogle)</a>
            <a class="button" href="\(link: outlook)" rel="noreferrer">\(words.addToOutlook)</a>
            <a class="button" href="\(link: path(of: plan))" download>\(words.download)</a></p>
            <p><label for="address">\(words.address)</label>
            <span class="copy"><input id="address" type="text" readonly value="\(address)">\
            <button type="button" class="button" data-copy="address" data-copied="\(words.copied)" hidden>\
            \(words.copy)</button></span></p></div>\(code(for: webcal(address)))</div>
            """
    }

    private func links(of plan: CalendarPlan) -> HTML {
        """
        <a href="\(link: base.isEmpty ? path(of: plan) : webcal(address(of: plan)))">\(plan.title)</a> \
        (<a href="\(link: path(of: plan))" download>\(words.download)</a>)
        """
    }

    /// Dark on light in every mode, for cameras.
    private func code(for text: String) -> HTML {
        guard let code = QRCode(text) else { return .empty }
        let side = code.size + 8
        return """
            <figure class="code"><svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 \(side) \(side)" role="img" \
            aria-label="QR: \(text)"><rect x="-4" y="-4" width="\(side)" height="\(side)" fill="#fff"/>\
            <path d="\(code.path)" fill="#000"/></svg><figcaption>\(words.scan)</figcaption></figure>
            """
    }

    /// A value in a query.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
