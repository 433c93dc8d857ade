import Contracts
import Foundation
import Harness
import Testing

/// Connections in front of which a proxy says whose they are.
@Suite(.timeLimit(.minutes(3))) struct ProxyProtocolTests {
    private static let plain = """
        proxies: {trusted: ["127.0.0.1"], proxy_protocol: ["127.0.0.1:0"]}
        metrics: {readers: ["203.0.113.9"]}
        log: {format: text}

        """

    private let get = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    private let line = "PROXY TCP4 203.0.113.9 127.0.0.1 50123 80\r\n"

    @Test func theAddressInTheHeaderIsTheClients() async throws {
        try await withHomeport(settings: Self.plain) { server in
            let port = server.port
            let whole = try RawConnection(port: port)
            try await whole.send(line + get)
            #expect(try await whole.readAnswer().head.hasPrefix("HTTP/1.1 200"), "the reader of the numbers")
            try await whole.send(get)
            #expect(
                try await whole.readAnswer().head.hasPrefix("HTTP/1.1 200"), "it holds for the connection")
            // In pieces, by version 2, with a request right behind.
            let pieces = try RawConnection(port: port)
            let bytes: [UInt8] =
                [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x11, 0, 12]
                + [203, 0, 113, 9, 127, 0, 0, 1, 0xC3, 0xCB, 0, 80]
            for byte in bytes { try await pieces.send([byte]) }
            try await pieces.send(get)
            #expect(try await pieces.readAnswer().head.hasPrefix("HTTP/1.1 200"))
            // Another client is none, and a proxy that speaks for itself is the proxy.
            for header in ["PROXY TCP4 203.0.113.8 127.0.0.1 1 80\r\n", "PROXY UNKNOWN\r\n"] {
                let other = try RawConnection(port: port)
                try await other.send(header + get)
                #expect(try await other.readAnswer().head.hasPrefix("HTTP/1.1 404"), "\(header)")
            }
            #expect(server.log.contains("client=203.0.113.9") && server.log.contains("client=127.0.0.1"))
            // A client behind the proxy is no proxy itself.
            let forged = try RawConnection(port: port)
            try await forged.send(
                "PROXY TCP4 203.0.113.8 127.0.0.1 1 80\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n"
                    + "X-Forwarded-For: 203.0.113.9\r\n\r\n")
            #expect(try await forged.readAnswer().head.hasPrefix("HTTP/1.1 404"))
        }
    }

    @Test func whoeverSaysNothingOrSomethingElseIsClosed() async throws {
        try await withHomeport(settings: Self.plain + "limits: {header_time: 1s}\n") { server in
            let long = "PROXY " + String(repeating: "x", count: 300)
            for words in [get, "PROXY TCP4 1.2.3.4\r\n" + get, "\u{16}\u{3}\u{1}", long] {
                let connection = try RawConnection(port: server.port)
                try await connection.send(words)
                #expect(try await connection.readToEnd().isEmpty, "\(words)")
            }
            let half = try RawConnection(port: server.port, patience: 15)
            try await half.send("PROXY TCP4 ")
            #expect(try await half.readToEnd().isEmpty, "after a while")
            let honest = try RawConnection(port: server.port)
            try await honest.send(line + get)
            let numbers = String(decoding: try await honest.readAnswer().body, as: UTF8.self)
            #expect(numbers.contains("homeport_connections_refused_total 5"), "\(numbers)")
        }
    }

    @Test func strangersMayNotSayWhoTheyAre() async throws {
        let settings = Self.plain.replacing(#"["127.0.0.1"]"#, with: #"["192.0.2.1"]"#)
        try await withHomeport(settings: settings) { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send(line + get)
            #expect(try await connection.readToEnd().isEmpty)
        }
        // Where no header is read, it is no request.
        try await withHomeport(settings: "proxies: {trusted: [\"127.0.0.1\"]}\n") { server in
            let connection = try RawConnection(port: server.port)
            try await connection.send(line + get)
            #expect(try await connection.readAnswer().head.hasPrefix("HTTP/1.1 400"))
        }
    }

    /// Programs of others hand TLS connections through as they are, and say whose they are.
    enum Sender: CaseIterable {
        case haproxyLine, haproxyBytes, nginx

        /// The words that run it, from one port to the other.
        func words(from port: Int, to target: Int, in folder: TemporaryFolder) async throws -> [String] {
            guard self != .nginx else {
                let streams = """
                    server {
                      listen 127.0.0.1:\(port);
                      proxy_pass 127.0.0.1:\(target);
                      proxy_protocol on;
                    }
                    """
                let words = try await Nginx.words(sites: "", streams: streams, in: folder)
                return [words.program] + words.arguments
            }
            let configuration = """
                defaults
                  mode tcp
                  timeout connect 5s
                  timeout client 30s
                  timeout server 30s
                listen door
                  bind 127.0.0.1:\(port)
                  server homeport 127.0.0.1:\(target) \(self == .haproxyLine ? "send-proxy" : "send-proxy-v2")

                """
            let file = folder.path + "/haproxy.cfg"
            try configuration.write(toFile: file, atomically: true, encoding: .utf8)
            let program = try Peer.haproxy.path()
            try await Command(program, ["-c", "-f", file]).run().succeeded()
            return [program, "-db", "-f", file]
        }
    }

    @Test(arguments: Sender.allCases)
    func othersSayWhoComesInFrontOfTLS(_ sender: Sender) async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        try authority.issue(["registry.test"]).write(to: folder.path, as: "server")
        let ports = try freePorts(2)
        let settings = """
            tls:
              listen: ["127.0.0.1:\(ports[0])"]
              certificates:
                - {certificate_file: \(folder.path)/server.pem, key_file: \(folder.path)/server.key}
            proxies: {trusted: ["127.0.0.1"], proxy_protocol: ["127.0.0.1:\(ports[0])"]}
            bans: {allow: []}

            """
        let words = try await sender.words(from: ports[1], to: ports[0], in: folder)
        try await withHomeport(settings: settings) { server in
            let (_, _) = try await withGuardedProcess(
                words[0], Array(words.dropFirst()), environment: [:], log: folder.path + "/sender.log"
            ) { _ in
                let curl = try Peer.curl.path()
                for version in ["--http1.1", "--http2"] {
                    // From an address of its own, which only the header tells.
                    let words = [
                        "-sS", version, "--retry", "30", "--retry-connrefused", "--interface", "127.0.0.77",
                        "--cacert", folder.path + "/ca.pem", "--resolve",
                        "registry.test:\(ports[1]):127.0.0.1", "https://registry.test:\(ports[1])/v2/",
                    ]
                    let answer = try await Command(curl, words).run().succeeded()
                    #expect(answer.output.contains("UNAUTHORIZED"), "\(answer)")
                }
                #expect(server.log.contains("client=127.0.0.77"), "\(server.log)")
                #expect(!server.log.contains("client=127.0.0.1 "), "\(server.log)")
            }
        }
    }

    @Test func theConfigurationIsLookedThrough() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/homeport.yaml"
        let wrong = [
            ("proxies: {proxy_protocol: [\":5000\"]}", "proxies.trusted"),
            ("proxies: {trusted: [10.0.0.1], proxy_protocol: [\":5001\"]}", "nobody listens on"),
            ("proxies: {accel_redirect: /blobs/}", "proxies.trusted"),
            ("proxies: {trusted: [10.0.0.1], accel_redirect: blobs}", "a path that begins"),
        ]
        for (text, words) in wrong {
            try (text + "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let check = try await homeport(["check", "--config", file])
            #expect(check.status == 2 && check.errors.contains(words), "\(check)")
        }
    }
}
