import Access
import Accounts
import Contracts
import Foundation
import Harness
import ServerKit
import Testing

@testable import LDAPDirectory

/// People in a real directory, OpenLDAP's.
@Suite(.timeLimit(.minutes(2))) struct DirectoryTests {
    private static func settings(
        _ servers: [String], _ server: DirectoryServer, _ change: (inout LDAPSettings) -> Void = { _ in }
    ) -> LDAPSettings {
        var settings = LDAPSettings(
            servers: servers, base: DirectoryServer.people, filter: "(uid=${account})")
        settings.authorityFile = server.authorityFile
        settings.reader = LDAPSettings.Reader(name: DirectoryServer.reader, password: Secret("reads"))
        change(&settings)
        return settings
    }

    private static func answer(
        _ directory: LDAPDirectory, _ name: String, _ password: String = DirectoryServer.password
    ) async throws -> SourceAnswer {
        try await directory.answer(AccountName(name), password: Secret(password), from: nil)
    }

    private static func reason(_ answer: SourceAnswer) -> String? {
        if case .cannotAsk(let reason) = answer { reason } else { nil }
    }

    @Test func itKeepsTheContract() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            var title = LDAPSettings.Label(name: "title", attribute: "title")
            title.isLowercased = true
            var team = LDAPSettings.Label(name: "team", attribute: "memberOf")
            team.takesCommonName = true
            let settings = Self.settings([server.secure], server) { $0.labels = [title, team] }
            let test = LabelValue("test*", isLiteral: true)
            let (chief, devs, odd) = (
                LabelValue("chief", isLiteral: true), LabelValue("Devs", isLiteral: true),
                LabelValue("Odd, One", isLiteral: true)
            )
            await checkSignInSourceContract(
                LDAPDirectory(settings), knows: try AccountName("alice"), password: DirectoryServer.password,
                labels: ["title": [chief, test], "team": [devs, odd]], stranger: try AccountName("zoe"))
        }
    }

    @Test func groupsAreLabelsAlsoThoseInGroups() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            for (nesting, alice, hostile) in [
                (LDAPSettings.Nesting.none, ["Devs", "Odd, One"], ["h(o*s)t"]),
                (.walk, ["Devs", "Odd, One", "engineering", "everybody"], ["above hosts", "h(o*s)t"]),
            ] {
                let settings = Self.settings([server.secure], server) {
                    $0.groups = LDAPSettings.Groups(label: "groups", base: DirectoryServer.groups)
                    $0.groups?.nesting = nesting
                }
                let directory = LDAPDirectory(settings)
                for (name, groups) in [
                    ("alice", alice), (DirectoryServer.hostileName, hostile), ("mallory", []),
                ] {
                    guard case .signedIn(let labels) = try await Self.answer(directory, name) else {
                        Issue.record("\(name) does not sign in")
                        continue
                    }
                    let expected = groups.map { LabelValue($0, isLiteral: true) }
                    #expect(Set(labels["groups"] ?? []) == Set(expected))
                }
            }
        }
    }

    @Test func namesAreTextHoweverTheyLook() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            let byReader = LDAPDirectory(Self.settings([server.secure], server))
            let hostile = try await Self.answer(byReader, DirectoryServer.hostileName)
            #expect(hostile == .signedIn([:]))
            let filters = [
                "*", "al*", "alice)(uid=*", "*)(objectClass=*", "alice))(|(uid=*", #"\61lice"#, "(", ")",
            ]
            for name in filters + ["Alice", "ALICE", " alice", "alice ", "al\u{AD}ice"] {
                let answer = try await Self.answer(byReader, name)
                #expect(answer == .notMine, "\(name): \(answer)")
            }
            let byUser = LDAPDirectory(
                Self.settings([server.secure], server) {
                    $0.reader = nil
                    $0.userName = "uid=${account},\(DirectoryServer.people)"
                })
            let own = try await Self.answer(byUser, "alice")
            #expect(own == .signedIn([:]))
            let odd = try await Self.answer(byUser, DirectoryServer.hostileName)
            #expect(odd == .signedIn([:]))
            let names = ["mallory,ou=guests", "alice+cn=alice", "x,uid=alice", "alice,", "Alice"]
            for name in names + filters {
                let answer = try await Self.answer(byUser, name)
                #expect(answer == .wrongPassword || answer == .notMine, "\(name): \(answer)")
            }
        }
    }

    @Test func nothingIsNoPassword() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            let settings = Self.settings([server.secure], server)
            let directory = LDAPDirectory(settings)
            for name in ["alice", "mute"] {
                for password in ["", "\u{0}", "\u{0}x", "\(DirectoryServer.password)\u{0}"] {
                    let answer = try await Self.answer(directory, name, password)
                    #expect(answer == .wrongPassword)
                }
            }
            let none = try await Self.answer(directory, "mute", "x")
            #expect(none == .wrongPassword, "an entry without a password")
            let connection = try LDAPConnection(0, settings, until: .now + .seconds(5))
            #expect(throws: LDAPFailure.self) {
                try connection.bind("uid=alice,\(DirectoryServer.people)", Secret(""))
            }
            // The server would take it.
            try connection.bindAsNobody()
        }
    }

    @Test func oneNameIsOneEntry() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            let twin = try await Self.answer(LDAPDirectory(Self.settings([server.secure], server)), "twin")
            #expect(Self.reason(twin)?.contains("several entries") == true, "\(twin)")
            let everybody = LDAPDirectory(
                Self.settings([server.secure], server) {
                    $0.filter = "(objectClass=inetOrgPerson)"
                    $0.isExact = false
                })
            let anybody = try await Self.answer(everybody, "alice")
            #expect(Self.reason(anybody) != nil)
        }
    }

    @Test func theChannelIsSecureOrNothingIsSaid() async throws {
        let place = try DirectoryPlace()
        let other = place.folder.path + "/other.pem"
        try TestAuthority().pem.write(toFile: other, atomically: true, encoding: .utf8)
        try await withDirectoryServer(at: place, globals: "security simple_bind=112") {
            (server: DirectoryServer) async throws in
            func answer(_ url: String, _ change: (inout LDAPSettings) -> Void = { _ in }) async throws
                -> SourceAnswer
            {
                try await Self.answer(LDAPDirectory(Self.settings([url], server, change)), "alice")
            }
            #expect(try await answer(server.secure) == .signedIn([:]))
            #expect(try await answer(server.plain) { $0.startsTLS = true } == .signedIn([:]))
            let clear = try await answer(server.plain)
            #expect(Self.reason(clear) != nil, "the server wants none in clear: \(clear)")
            let cases: [(String, String, Bool)] = [
                (server.secure, other, false), (server.plain, other, true),
                (server.misnamed, server.authorityFile, false), (server.secure, "/no/such/file", false),
                (server.plain, LDAPSettings.systemAuthorities, true),
            ]
            for (url, file, startsTLS) in cases {
                let refused = try await answer(url) {
                    $0.authorityFile = file
                    $0.startsTLS = startsTLS
                }
                #expect(Self.reason(refused) != nil, "\(url) with \(file): \(refused)")
                // What one is told is not what all believe.
                #expect(try await answer(server.secure) == .signedIn([:]))
            }
            let anybody = try await answer(server.misnamed) {
                $0.authorityFile = other
                $0.trustsAnybody = true
            }
            #expect(anybody == .signedIn([:]))
        }
    }

    @Test func oldVersionsOfTLSAreNotSpoken() async throws {
        let old = "TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"
        try await withDirectoryServer(at: DirectoryPlace(), globals: old) {
            (server: DirectoryServer) async throws in
            let answer = try await Self.answer(
                LDAPDirectory(Self.settings([server.secure], server)), "alice")
            #expect(Self.reason(answer) != nil, "\(answer)")
        }
    }

    @Test func oneThatIsAwayIsSaidAndFoundAgain() async throws {
        let place = try DirectoryPlace()
        let (dead, mute) = (try freePorts(1)[0], try MuteListener())
        let directory = try await withDirectoryServer(at: place) { (server: DirectoryServer) async throws in
            let directory = LDAPDirectory(
                Self.settings(
                    ["ldap://127.0.0.1:\(dead)", "ldaps://127.0.0.1:\(mute.port)", server.secure], server
                ) { $0.time = .seconds(4) })
            for _ in 0..<3 { #expect(try await Self.answer(directory, "alice") == .signedIn([:])) }
            #expect(await directory.trouble() == nil)
            return directory
        }
        let away = try await Self.answer(directory, "alice")
        #expect(Self.reason(away) != nil, "\(away)")
        #expect(await directory.trouble() != nil)
        try await withDirectoryServer(at: place) { (_: DirectoryServer) async throws in
            #expect(try await Self.answer(directory, "alice") == .signedIn([:]))
            #expect(try await Self.answer(directory, "alice", "wrong") == .wrongPassword)
        }
    }

    @Test func oneThatSaysNothingIsGivenUp() async throws {
        let mute = try MuteListener()
        for url in ["ldap://127.0.0.1:\(mute.port)", "ldaps://127.0.0.1:\(mute.port)"] {
            var settings = LDAPSettings(servers: [url], base: "dc=x", filter: "(uid=${account})")
            settings.time = .milliseconds(600)
            let directory = LDAPDirectory(settings)
            let start = ContinuousClock.now
            let answer = try await Self.answer(directory, "alice")
            #expect(Self.reason(answer) != nil)
            #expect(start.duration(to: .now) < .seconds(10))
        }
        withExtendedLifetime(mute) {}
    }

    @Test func manyAtOnceShareFewConnections() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            let directory = LDAPDirectory(Self.settings([server.secure], server) { $0.connections = 2 })
            let answers = try await withThrowingTaskGroup(of: SourceAnswer.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        try await Self.answer(
                            directory, number.isMultiple(of: 2) ? "alice" : "bob",
                            number.isMultiple(of: 3) ? "wrong" : DirectoryServer.password)
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            }
            #expect(answers == [.signedIn([:]): 40, .wrongPassword: 20])
            try await server.process.signal("TERM")
            var connections = 0
            while await server.process.line(containing: "ACCEPT from") != nil { connections += 1 }
            // Two that look up, two that prove, and those that found out whether the server had started.
            #expect((4...16).contains(connections), "without pools there would be more than sixty")
        }
    }

    @Test func whatIsSetUpWronglyIsSaid() async throws {
        try await withDirectoryServer(at: DirectoryPlace()) { (server: DirectoryServer) async throws in
            let cases: [(String, (inout LDAPSettings) -> Void)] = [
                ("of the reader is refused", { $0.reader?.password = Secret("wrong") }),
                ("dc=elsewhere", { $0.base = "dc=elsewhere" }),
                ("searching", { $0.filter = "(uid=${account}" }),
            ]
            for (words, change) in cases {
                let directory = LDAPDirectory(Self.settings([server.secure], server, change))
                let answer = try await Self.answer(directory, "alice")
                #expect(Self.reason(answer)?.contains(words) == true, "\(answer)")
            }
        }
    }
}

/// Takes connections and says nothing.
private final class MuteListener: Sendable {
    let port: Int
    private let descriptor: CInt

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 64) == 0
                    && getsockname(socket, $0, &length) == 0
            }
        }
        guard isListening else { throw CommandFailed(description: "no port: errno \(errno)") }
        port = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}
