import Almanac
import AsyncHTTPClient
import CalendarServers
import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServerKit
import Synchronization
import Testing

/// A CalDAV server that answers whatever a test tells it to.
private final class ScriptedServer: Sendable {
    struct Request: Sendable {
        let method: String
        let path: String
        let authorization: String?
    }

    let requests = Mutex<[Request]>([])
    private let answer: @Sendable (Request) -> (status: Int, headers: HTTPFields, body: String)

    init(_ answer: @escaping @Sendable (Request) -> (status: Int, headers: HTTPFields, body: String)) {
        self.answer = answer
    }

    func serve(_ body: @Sendable @escaping (_ root: String) async throws -> Void) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        var log = Logger(label: "scripted")
        log.logLevel = .critical
        let app = Application(
            responder: CallbackResponder { (request: Hummingbird.Request, _: BasicRequestContext) in
                let seen = Request(
                    method: request.method.rawValue, path: request.uri.path,
                    authorization: request.headers[.authorization])
                self.requests.withLock { $0.append(seen) }
                let (status, headers, text) = self.answer(seen)
                return Response(
                    status: .init(code: status), headers: headers,
                    body: .init(byteBuffer: ByteBuffer(string: text)))
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                continuation.yield(channel.localAddress?.port ?? 0)
                continuation.finish()
            }, logger: log)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.runService(gracefulShutdownSignals: []) }
            var port: Int?
            for await number in ports { port = number }
            try await body("http://127.0.0.1:\(port ?? 0)")
            group.cancelAll()
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct HostileServerTests {
    private static func caldav(_ root: String) throws -> CalDAVServer {
        try CalDAVServer(
            settings: .init(
                url: root + "/calendar/", user: "me", password: Secret("top-secret"), owner: "w", name: "W"),
            client: .calendars)
    }

    /// Says of every address that it is a calendar, and lists what it is given.
    private static func calendar(listing: String) -> ScriptedServer {
        ScriptedServer { request in
            request.method == "REPORT"
                ? (207, [:], listing)
                : (
                    207, [:],
                    """
                    <d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>
                    <d:href>/calendar/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/>
                    </d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
                    </d:multistatus>
                    """
                )
        }
    }

    private static func event(owner: String, uid: String) -> String {
        """
        BEGIN:VCALENDAR
        BEGIN:VEVENT
        UID:\(uid)
        X-HOMEPORT-OWNER:\(owner)
        X-HOMEPORT-DIGEST:abc
        DTEND:20260329T050000Z
        END:VEVENT
        END:VCALENDAR
        """
    }

    private static func listing(_ data: String, href: String = "/calendar/a.ics") -> String {
        """
        <?xml version="1.0"?><!-- a comment --><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
        <response><href>\(href)</href><propstat><prop><getetag>&quot;1&quot;</getetag>
        <C:calendar-data>\(data)</C:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>
        </multistatus>
        """
    }

    @Test(arguments: ["plain", "cdata", "references"])
    func eventsAreReadInEveryFormThatXMLHas(form: String) async throws {
        let plain = Self.event(owner: "w", uid: "rain<1>&2@x")
        let data =
            switch form {
            case "cdata": "<![CDATA[\(plain)]]>"
            case "references":
                plain.replacing("&", with: "&amp;").replacing("<", with: "&#60;").replacing(
                    ">", with: "&#x3E;"
                )
                .replacing("\n", with: "&#13;\n")
            default:
                plain.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            }
        try await Self.calendar(listing: Self.listing(data)).serve { root in
            let events = try await Self.caldav(root).ownEvents()
            #expect(events?.map(\.uid) == ["rain<1>&2@x"])
            #expect(events?.first?.entityTag == "\"1\"" && events?.first?.digest == "abc")
        }
    }

    @Test func eventsOfOthersAreNotSeen() async throws {
        try await Self.calendar(listing: Self.listing(Self.event(owner: "somebody", uid: "u"))).serve {
            root in
            let events = try await Self.caldav(root).ownEvents()
            #expect(events == [])
        }
    }

    static let badXML = [
        "", "no xml", "<multistatus/>", "<a><b></a></b>", "<multistatus xmlns='DAV:'>",
        "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><multistatus xmlns='DAV:'>&b;</multistatus>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><multistatus xmlns='DAV:'/>",
        "<multistatus xmlns='DAV:'>&nbsp;</multistatus>",
        "<multistatus xmlns='DAV:'>&#xFFFFFFFF;</multistatus>",
        "<d:multistatus/>", "<multistatus xmlns='DAV:'/><multistatus xmlns='DAV:'/>",
        "<multistatus xmlns=DAV:/>",
        "<multistatus xmlns='DAV:'", "<![CDATA[x]]>", "</multistatus>",
        "<multistatus xmlns='DAV:'><!ELEMENT a></multistatus>",
        String(repeating: "<a>", count: 100_000), "<multistatus xmlns='DAV:'>&",
    ]

    @Test(arguments: badXML)
    func xmlThatIsNoneIsAnError(xml: String) async throws {
        try await Self.calendar(listing: xml).serve { root in
            let server = try Self.caldav(root)
            let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
            #expect(error?.kind == .misunderstood)
        }
    }

    @Test func aListThatIsCutShortIsNotTakenForTheWhole() async throws {
        let cut = """
            <multistatus xmlns="DAV:"><response><href>/calendar/</href><status>HTTP/1.1 507 X</status></response>
            </multistatus>
            """
        try await Self.calendar(listing: cut).serve { root in
            let server = try Self.caldav(root)
            let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
            #expect(error?.kind == .misunderstood)
        }
    }

    @Test func thePasswordGoesToNoOtherServer() async throws {
        let thief = ScriptedServer { _ in (207, [:], "<multistatus xmlns='DAV:'/>") }
        try await thief.serve { elsewhere in
            for way in ["redirect", "principal", "home", "event"] {
                let server = ScriptedServer { request in
                    switch (way, request.method) {
                    case ("redirect", _): (302, [.location: elsewhere + "/calendar/"], "")
                    case ("event", "REPORT"):
                        (207, [:], Self.listing(Self.event(owner: "w", uid: "u"), href: elsewhere + "/a.ics"))
                    default: (207, [:], Self.discovery(way, elsewhere))
                    }
                }
                try await server.serve { root in
                    let caldav = try Self.caldav(root)
                    if let events = try? await caldav.ownEvents() { #expect(events == []) }
                }
            }
        }
        #expect(thief.requests.withLock { $0.isEmpty })
    }

    private static func discovery(_ way: String, _ elsewhere: String) -> String {
        let property =
            switch way {
            case "principal": "<current-user-principal><href>\(elsewhere)/me/</href></current-user-principal>"
            case "home": "<C:calendar-home-set><href>\(elsewhere)/me/</href></C:calendar-home-set>"
            default: "<resourcetype><C:calendar/></resourcetype>"
            }
        return """
            <multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response><href>/calendar/</href><propstat>
            <prop>\(property)</prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>
            """
    }

    @Test(arguments: [
        (401, CalendarServerError.Kind.unauthorized), (429, .unavailable), (500, .unavailable),
        (503, .unavailable),
        (403, .refused), (400, .refused), (200, .misunderstood),
    ])
    func everyRefusalIsToldWithoutThePassword(status: Int, kind: CalendarServerError.Kind) async throws {
        let server = ScriptedServer { _ in (status, [.retryAfter: "7"], "top-secret") }
        try await server.serve { root in
            let caldav = try Self.caldav(root)
            let error = await #expect(throws: CalendarServerError.self) { try await caldav.ownEvents() }
            #expect(error?.kind == kind)
            #expect(error?.description.contains("top-secret") == false)
            if status == 429 { #expect(error?.retryAfter == 7) }
        }
    }

    @Test func aServerThatIsNotThereIsUnavailable() async throws {
        let server = try Self.caldav("http://127.0.0.1:1")
        let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
        #expect(error?.kind == .unavailable)
    }
}
