import Edge
import Foundation
import Harness
import ServiceLifecycle
import Testing

/// HTTP/2 from the side of those who attack it, and of those who wait.
@Suite(.timeLimit(.minutes(3))) struct HTTP2Tests {
    @Test func theLimitsAreSaid() async throws {
        try await SecureServer.run { server in
            let said = try await server.http2("settings").succeeded().output
            for (setting, value) in [(3, 100), (4, 512 << 10), (6, 32 << 10)] {
                #expect(said.contains("\(setting) \(value)\n"), "\(said)")
            }
        }
    }

    /// CVE-2023-44487, and its cousin with pings.
    @Test(arguments: ["reset", "ping"]) func aFloodEndsTheConnection(_ kind: String) async throws {
        try await SecureServer.run { server in
            let said = try await server.http2(kind).succeeded().output
            #expect(said.contains("goaway") || said.contains("closed"), "\(said)")
            #expect(try await server.curl("/who", "--http2").succeeded().output == "127.0.0.1 https")
        }
    }

    @Test func tooManyFieldsAreRefused() async throws {
        try await SecureServer.run { server in
            let said = try await server.http2("many-fields").succeeded().output
            #expect(said.contains("status 431"), "\(said)")
        }
    }

    @Test func aFieldThatIsTooLargeIsRefused() async throws {
        try await SecureServer.run { server in
            let said = try await server.http2("large-field").succeeded().output
            #expect(!said.contains("status 200"), "\(said)")
            #expect(said.contains("reset") || said.contains("goaway") || said.contains("closed"), "\(said)")
        }
    }

    /// A field about the connection would make clients give up the stream.
    @Test func anAnswerSaysNothingOfTheConnection() async throws {
        try await SecureServer.run { server in
            let said = try await server.http2("get", "/refused").succeeded().output
            #expect(said.contains("status 401") && said.contains("connection False"), "\(said)")
        }
    }

    /// Whoever knows from its length that an answer is whole would not wait for an end that comes later.
    @Test func theLastBytesSayThatTheyAreTheLast() async throws {
        try await SecureServer.run { server in
            let said = try await server.http2("get").succeeded().output
            #expect(said.contains("data ends it True\nended"), "\(said)")
            let head = try await server.http2("head", "/file").succeeded().output
            #expect(head.contains("head ends it True"), "\(head)")
        }
    }

    @Test func anUploadThatIsRefusedIsReset() async throws {
        try await SecureServer.run { server in
            let said = try await server.http2("half-upload", "/refused").succeeded().output
            #expect(said.contains("status 401"), "\(said)")
            #expect(said.contains("reset 0"), "\(said)")
        }
    }

    @Test func aClientThatTakesNothingLosesItsStream() async throws {
        try await SecureServer.run(limits: .init(writeTime: .milliseconds(500))) { server in
            let said = try await server.http2("take-nothing", "/file").succeeded().output
            #expect(said.contains("status 200") && said.contains("reset"), "\(said)")
        }
    }

    @Test(arguments: ["stay", "silent"]) func aConnectionThatSaysNothingIsTakenLeaveOf(_ kind: String)
        async throws
    {
        try await SecureServer.run(limits: .init(idleTime: .milliseconds(500))) { server in
            let said = try await server.http2(kind).succeeded().output
            #expect(kind == "silent" || said.contains("ended\nidle\ngoaway 0\n"), "\(said)")
            #expect(said.hasSuffix("goaway 0\nclosed\n"), "\(said)")
        }
    }

    @Test func theServerTakesItsLeaveWhenItStops() async throws {
        try await SecureServer.run { server in
            async let stay = server.http2("stay")
            await server.file.isAsked(for: "/who")
            await server.group.triggerGracefulShutdown()
            let said = try await stay.succeeded().output
            #expect(said.contains("goaway 0\n") && said.hasSuffix("closed\n"), "\(said)")
        }
    }
}
