import HTTPTypes
import ServerKit

/// What a browser is given to keep: a ticket while it is away, and a session. No script reads them, no other site's
/// form sends them, and under TLS no other host of the domain can set them (`__Host-`, RFC 6265bis, 4.1.3.2).
struct Cookies: Sendable {
    let isSecure: Bool

    private static let valueMax = 4096

    private var prefix: String { isSecure ? "__Host-" : "" }
    private var ticketName: String { prefix + "homeport-ticket" }
    private var sessionName: String { prefix + "homeport-session" }
    /// Lax: the browser comes back from another site, by a plain link.
    private var marks: String { "; Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "") }

    func keep(ticket: Secret) -> String { "\(ticketName)=\(ticket.revealed)\(marks); Max-Age=600" }
    func keep(session: Secret) -> String { "\(sessionName)=\(session.revealed)\(marks); Max-Age=3600" }
    var dropTicket: String { "\(ticketName)=\(marks); Max-Age=0" }
    var dropSession: String { "\(sessionName)=\(marks); Max-Age=0" }

    func ticket(in headers: HTTPFields) -> Secret? { value(of: ticketName, in: headers) }
    func session(in headers: HTTPFields) -> Secret? { value(of: sessionName, in: headers) }

    /// A cookie that comes twice is none: somebody else has set one of them.
    private func value(of name: String, in headers: HTTPFields) -> Secret? {
        var found: [Substring] = []
        for line in headers[values: .cookie] {
            for pair in line.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else { continue }
                found.append(pair[pair.index(after: equals)...])
            }
        }
        guard found.count == 1, !found[0].isEmpty, found[0].utf8.count <= Self.valueMax else { return nil }
        return Secret(String(found[0]))
    }
}

/// The fields of a query or a form, each of which comes once.
struct FormFields: Sendable {
    private static let countMax = 30
    private var values: [String: String] = [:]

    /// Nil for what cannot be read, and for a field that comes twice.
    init?(_ text: String) {
        for field in text.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = field.firstIndex(of: UInt8(ascii: "=")) ?? field.endIndex
            guard values.count < Self.countMax, let name = Self.decoded(field[..<equals]),
                let value = Self.decoded(field[equals...].dropFirst()), values[name] == nil
            else { return nil }
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values[name] }

    private static func decoded(_ text: Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
