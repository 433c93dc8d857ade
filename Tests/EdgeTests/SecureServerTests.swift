import Contracts
import Crypto
import Edge
import Foundation
import Harness
import ServiceLifecycle
import TLSKit
import Testing

/// What clients of others see of the door when it speaks TLS.
@Suite(.timeLimit(.minutes(3))) struct SecureServerTests {
    @Test(arguments: ["--http2", "--http1.1"]) func filesAreWholeInEveryProtocol(_ version: String)
        async throws
    {
        try await SecureServer.run { server in
            let target = server.folder.path + "/got"
            for path in ["/file", "/part", "/memory"] {
                let answer = try await server.curl(path, version, "-o", target, "-w", "%{http_version}")
                    .succeeded()
                #expect(answer.output == (version == "--http2" ? "2" : "1.1"))
                let got = try Array(Data(contentsOf: URL(filePath: target)))
                #expect(
                    got == (path == "/part" ? Array(server.file.bytes[5..<2_000_005]) : server.file.bytes))
            }
            #expect(try await server.curl("/who", version).succeeded().output == "127.0.0.1 https")
        }
    }

    @Test(arguments: ["--http2", "--http1.1"]) func uploadsArriveWhole(_ version: String) async throws {
        try await SecureServer.run { server in
            let source = server.folder.path + "/source"
            let bytes = randomBytes(6 << 20)
            try Data(bytes).write(to: URL(filePath: source))
            for _ in 0..<2 {
                let answer = try await server.curl("/digest", version, "-T", source).succeeded()
                #expect(answer.output == sha256(bytes))
            }
        }
    }

    @Test func eachNameHasItsCertificate() async throws {
        try await SecureServer.run { server in
            for name in ["a.example", "b.example"] {
                let answer = try await server.openssl(
                    "-servername", name, "-verify_hostname", name, "-verify_return_error", "-alpn", "h2"
                ).succeeded()
                #expect(answer.output.contains("subject=CN = \(name)"), "\(answer)")
                #expect(answer.output.contains("ALPN protocol: h2"))
                #expect(try await server.curl("/who", name: name).succeeded().output == "127.0.0.1 https")
            }
            let wrong = try await server.openssl(
                "-servername", "c.example", "-verify_hostname", "c.example", "-verify_return_error")
            #expect(wrong.status != 0)
            #expect(wrong.text.contains("hostname mismatch"), "\(wrong)")
            let nameless = try await server.openssl("-noservername").succeeded()
            #expect(nameless.output.contains("subject=CN = a.example"), "\(nameless)")
        }
    }

    @Test(arguments: [
        (TLSProfile.standard, "-tls1_3", true), (.standard, "-tls1_2", true), (.standard, "-tls1_1", false),
        (.standard, "-tls1", false), (.modern, "-tls1_3", true), (.modern, "-tls1_2", false),
        (.compatible, "-tls1_2", true), (.compatible, "-tls1_1", false),
    ])
    func versionsFollowTheProfile(_ profile: TLSProfile, _ version: String, _ isTaken: Bool) async throws {
        try await SecureServer.run(profile: profile) { server in
            let answer = try await server.openssl(
                version, "-cipher", "ALL:@SECLEVEL=0", "-servername", "a.example")
            #expect((answer.status == 0) == isTaken, "\(answer)")
            if !isTaken { #expect(answer.text.contains("alert protocol version"), "\(answer)") }
        }
    }

    @Test(arguments: [
        (TLSProfile.standard, "ECDHE-RSA-AES128-GCM-SHA256", true),
        (.standard, "ECDHE-RSA-AES128-SHA", false),
        (.standard, "AES128-GCM-SHA256", false), (.compatible, "ECDHE-RSA-AES128-SHA", true),
        (.compatible, "AES128-SHA", false), (.compatible, "DES-CBC3-SHA", false),
    ])
    func ciphersFollowTheProfile(_ profile: TLSProfile, _ cipher: String, _ isTaken: Bool) async throws {
        try await SecureServer.run(profile: profile, kind: .rsa) { server in
            let answer = try await server.openssl("-tls1_2", "-cipher", "\(cipher):@SECLEVEL=0")
            #expect(answer.output.contains("Cipher is \(cipher)\n") == isTaken, "\(answer)")
        }
    }

    @Test func whoForgetsTLSIsTold() async throws {
        try await SecureServer.run { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.hasSuffix("This port speaks TLS; write https:// for http://.\n"))
        }
    }

    @Test func aHandshakeThatStandsStillEnds() async throws {
        var limits = EdgeConfiguration.Limits()
        limits.handshakeTime = .milliseconds(300)
        try await SecureServer.run(limits: limits) { server in
            for beginning: [UInt8] in [[], [22, 3, 1, 2, 0, 1, 0, 1, 252]] {
                let connection = try RawConnection(port: server.port)
                try await connection.send(beginning)
                #expect(try await connection.readToEnd().isEmpty)
            }
        }
    }

    @Test func aHandshakeThatStandsStillDoesNotHoldUpTheEnd() async throws {
        try await SecureServer.run { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send([22, 3, 1, 2, 0])
            _ = try await server.curl("/who").succeeded()
            await server.group.triggerGracefulShutdown()
            #expect(try await connection.readToEnd().isEmpty)
        }
    }

    @Test func oneAddressCannotTakeEveryConnection() async throws {
        try await SecureServer.run(limits: .init(connectionsPerAddress: 1)) { server in
            async let first = server.http2("stay")
            await server.file.isAsked(for: "/who")
            let second = try RawConnection(port: server.port)
            #expect(try await second.readToEnd().isEmpty)
            await server.group.triggerGracefulShutdown()
            #expect(try await first.succeeded().output.contains("status 200"))
        }
    }

    @Test(arguments: ["--http2", "--http1.1"]) func aRefusedBodyIsNotReadToItsEnd(_ version: String)
        async throws
    {
        try await SecureServer.run { server in
            let source = server.folder.path + "/large"
            try Data().write(to: URL(filePath: source))
            let handle = try #require(FileHandle(forWritingAtPath: source))
            try handle.truncate(atOffset: 1 << 30)
            let answer = try await server.curl(
                "/refused", version, "-T", source, "-w", "\n%{http_code} %{size_upload}", "-H", "Expect:")
            let words = answer.output.split(separator: "\n").last?.split(separator: " ") ?? []
            #expect(words.first == "401", "\(answer)")
            #expect(Int(words.last ?? "").map { $0 < 64 << 20 } == true, "\(answer)")
        }
    }

    @Test(arguments: ["--http2", "--http1.1"])
    func aDownloadUnderWayWhenTheServerStopsIsWhole(_ version: String) async throws {
        try await SecureServer.run { server in
            let target = server.folder.path + "/got"
            async let download = server.curl("/file", version, "--limit-rate", "8M", "-o", target)
            await server.file.isAsked(for: "/file")
            await server.group.triggerGracefulShutdown()
            try await download.succeeded()
            #expect(try Array(Data(contentsOf: URL(filePath: target))) == server.file.bytes)
        }
    }

    @Test func headersAreAddedAndNothingTellsTheVersion() async throws {
        try await SecureServer.run(headers: .init(strictTransportAge: 3600, strictTransportSubdomains: true))
        { server in
            let answer = try await server.curl("/who", "-D", "-", "-o", "/dev/null").succeeded().output
                .lowercased()
            #expect(answer.contains("strict-transport-security: max-age=3600; includesubdomains\r\n"))
            #expect(answer.contains("x-content-type-options: nosniff\r\n"))
            #expect(!answer.contains("server:") && !answer.contains("content-security-policy"), "\(answer)")
            let page = try await server.curl("/page", "-D", "-", "-o", "/dev/null").succeeded().output
                .lowercased()
            #expect(page.contains("content-security-policy: default-src 'none';"), "\(page)")
            #expect(
                page.contains("referrer-policy: no-referrer\r\n")
                    && page.contains("x-frame-options: deny\r\n"))
        }
    }
}
