import Contracts
import Foundation
import Harness
import Testing

/// What lies in `deploy` is held against the programs that read it.
@Suite(.timeLimit(.minutes(5))) struct DeployTests {
    private static let deploy = projectRoot + "/deploy"
    private static let host = "registry.example.com"

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(Self.deploy)/\(name)", encoding: .utf8)
    }

    @Test func composeReadsItsFile() async throws {
        let compose = Peer(program: "docker-compose", debianPackage: "docker-compose")
        var read = Command(try compose.path(), ["-f", "\(Self.deploy)/compose.yaml", "config"])
        let unset = try await read.run()
        #expect(unset.status != 0 && unset.errors.contains("say which name clients use"), "\(unset)")
        read.environment = ["HOMEPORT_HOST": Self.host, "HOMEPORT_EMAIL": "admin@example.com"]
        let seen = try await read.run().succeeded()
        // The settings are some that the program knows, with values that it takes.
        var settings: [String: String] = [:]
        for match in seen.output.matches(of: /(?m)^ +(HOMEPORT_[A-Z_]+): '?([^'\n]*)'?$/) {
            settings[String(match.1)] = String(match.2)
        }
        #expect(settings["HOMEPORT_PUBLIC_URL"] == "https://\(Self.host)")
        try await homeport(["check"], environment: settings).succeeded()
    }

    /// The second file adds a MongoDB that the server's settings lead to, with a password that both read.
    @Test func composeAddsAMongoDB() async throws {
        let folder = try TemporaryFolder()
        let password = folder.path + "/password"
        try "a password\n".write(toFile: password, atomically: true, encoding: .utf8)
        let compose = Peer(program: "docker-compose", debianPackage: "docker-compose")
        var read = Command(
            try compose.path(),
            [
                "-f", "\(Self.deploy)/compose.yaml", "-f", "\(Self.deploy)/compose.mongodb.yaml", "config",
            ])
        read.environment = ["HOMEPORT_HOST": Self.host, "HOMEPORT_EMAIL": "admin@example.com"]
        let unset = try await read.run()
        #expect(unset.status != 0 && unset.errors.contains("name the file with the password"), "\(unset)")
        read.environment["HOMEPORT_MONGODB_PASSWORD"] = password
        let seen = try await read.run().succeeded().output
        var settings: [String: String] = [:]
        for match in seen.matches(of: /(?m)^ +(HOMEPORT_[A-Z_]+): '?([^'\n]*)'?$/) {
            settings[String(match.1)] = String(match.2)
        }
        #expect(settings["HOMEPORT_MONGODB_HOSTS"] == "mongodb:27017" && seen.contains("\n  mongodb:\n"))
        let inside = try #require(settings["HOMEPORT_MONGODB_PASSWORD_FILE"])
        #expect(seen.contains("MONGO_INITDB_ROOT_PASSWORD_FILE: \(inside)\n"), "\(seen)")
        settings["HOMEPORT_MONGODB_PASSWORD_FILE"] = password
        settings["HOMEPORT_MONGODB_HOSTS"] = "127.0.0.1:9"
        let check = try await homeport(["check"], environment: settings).succeeded()
        #expect(check.text.contains("cannot be asked"), "\(check)")
    }

    /// Another adds a bucket.
    @Test func composeAddsABucket() async throws {
        let keys = try S3Tests.keys()
        let compose = Peer(program: "docker-compose", debianPackage: "docker-compose")
        var read = Command(
            try compose.path(),
            ["-f", "\(Self.deploy)/compose.yaml", "-f", "\(Self.deploy)/compose.s3.yaml", "config"])
        read.environment = [
            "HOMEPORT_HOST": Self.host, "HOMEPORT_EMAIL": "admin@example.com",
            "HOMEPORT_S3_ENDPOINT": "http://127.0.0.1:1", "HOMEPORT_S3_BUCKET": "images",
            "HOMEPORT_S3_ACCESS_KEY": keys.path + "/access",
        ]
        let unset = try await read.run()
        #expect(unset.status != 0 && unset.errors.contains("name the file with its secret"), "\(unset)")
        read.environment["HOMEPORT_S3_SECRET_KEY"] = keys.path + "/secret"
        let seen = try await read.run().succeeded().output
        var settings: [String: String] = [:]
        for match in seen.matches(of: /(?m)^ +(HOMEPORT_[A-Z0-9_]+): '?([^'\n]*)'?$/) {
            settings[String(match.1)] = String(match.2)
        }
        #expect(settings["HOMEPORT_S3_SECRET_KEY_FILE"] == "/run/secrets/s3-secret-key", "\(seen)")
        settings["HOMEPORT_S3_ACCESS_KEY_FILE"] = keys.path + "/access"
        settings["HOMEPORT_S3_SECRET_KEY_FILE"] = keys.path + "/secret"
        let check = try await homeport(["check"], environment: settings).succeeded()
        #expect(check.text.contains("bucket images at 127.0.0.1:1, below homeport/"), "\(check)")
    }

    @Test func prometheusReadsTheAlerts() async throws {
        let prometheus = Peer(program: "promtool", debianPackage: "prometheus")
        for (kind, name) in [("rules", "alerts.yaml"), ("config", "prometheus.yml")] {
            try await Command(
                prometheus.path(), ["check", kind, "\(Self.deploy)/monitoring/\(name)"]
            ).run().succeeded()
        }
    }

    @Test func alertsAndTheDashboardNameNumbersThatThereAre() throws {
        let manual = try String(contentsOfFile: projectRoot + "/docs/operate.md", encoding: .utf8)
        let known = Set(manual.matches(of: /`((homeport|process)_[a-z_]+)`/).map { String($0.1) })
        var count = 0
        for file in ["monitoring/alerts.yaml", "monitoring/grafana-dashboard.json"] {
            for match in try text(file).matches(of: /\b((homeport|process)_[a-z_]+)/) {
                let name = String(match.1)
                let plain = name.hasSuffix("_bucket") ? String(name.dropLast("_bucket".count)) : name
                let isKnown = known.contains(plain)
                #expect(isKnown, "\(file) names \(name), which docs/operate.md does not know")
                count += 1
            }
        }
        #expect(count > 30)
        let panels =
            try JSONSerialization.jsonObject(with: Data(try text("monitoring/grafana-dashboard.json").utf8))
            as? [String: Any]
        #expect((panels?["panels"] as? [Any])?.isEmpty == false)
    }

    @Test(arguments: ["homeport", "mongodb", "replicas"]) func kubernetesTakesItsObjects(_ name: String)
        async throws
    {
        let python = try PythonPeers.interpreter()
        let validate = python.replacing(/python$/, with: "kubernetes-validate")
        try await Command(
            validate, ["--strict", "-k", "1.30", "\(Self.deploy)/kubernetes/\(name).yaml"]
        ).run().succeeded()
        // The configuration in it is one that the program takes.
        let folder = try TemporaryFolder()
        try "password".write(toFile: folder.path + "/password", atomically: true, encoding: .utf8)
        var objects = try text("kubernetes/\(name).yaml")
        for secret in ["mongodb/password", "s3/access-key", "s3/secret-key"] {
            objects = objects.replacing("/run/homeport/\(secret)", with: folder.path + "/password")
        }
        // Nobody far away is asked.
        for (place, here) in [
            ("mongo1.example.com:27017", "127.0.0.1:9"), ("s3.eu-central-1.amazonaws.com", "127.0.0.1:9"),
        ] {
            objects = objects.replacing(place, with: here)
        }
        objects = objects.replacing(#/, "mongo[23][^"]+"/#, with: "")
        let lines = objects.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasSuffix("homeport.yaml: |") })
        let inner = lines[(start + 1)...].prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
        let file = folder.path + "/homeport.yaml"
        try inner.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        try await homeport(["check", "--config", file]).succeeded()
    }

    /// A server behind a proxy, as the comment in the proxy's file says, and a look at it from outside.
    private func behind(
        _ proxy:
            @Sendable @escaping (_ port: Int, _ upstream: String, TemporaryFolder) async throws
            -> (words: [String], environment: [String: String])
    ) async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        try authority.issue([Self.host]).write(to: folder.path, as: "server")
        let port = try freePorts(1)[0]
        let settings = """
            public_url: https://\(Self.host):\(port)
            proxies:
              trusted: ["127.0.0.1", "::1"]

            """
        try await withHomeport(settings: settings) { server in
            let (words, environment) = try await proxy(port, server.address, folder)
            let (_, _) = try await withGuardedProcess(
                words[0], Array(words.dropFirst()), environment: environment, log: folder.path + "/proxy.log"
            ) { _ in
                try await Command(
                    Peer.curl.path(),
                    [
                        "-sSf", "--retry", "30", "--retry-connrefused", "--retry-delay", "1", "--cacert",
                        folder.path + "/ca.pem", "--resolve", "\(Self.host):\(port):127.0.0.1",
                        "https://\(Self.host):\(port)/healthz",
                    ]
                ).run().succeeded()
                var look = Command(
                    try homeportPath(),
                    [
                        "doctor", "--url", "https://\(Self.host):\(port)", "--address", "127.0.0.1",
                        "--authority-file", folder.path + "/ca.pem", "--account", "admin", "--password-stdin",
                    ])
                look.input = Homeport.adminPassword + "\n"
                let found = try await look.run()
                #expect(found.status == 0 && found.output.contains("it came back as it was"), "\(found)")
                let numbers = try await Command(
                    Peer.curl.path(),
                    [
                        "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", folder.path + "/ca.pem",
                        "--resolve", "\(Self.host):\(port):127.0.0.1", "https://\(Self.host):\(port)/metrics",
                    ]
                ).run().succeeded()
                #expect(numbers.output == "200", "this machine may read the numbers")
            }
        }
    }

    @Test func nginxPassesOnWhatItHasTo() async throws {
        let configuration = try text("nginx/homeport.conf")
        try await behind { port, upstream, folder in
            var text = configuration.replacing("127.0.0.1:5000;", with: "\(upstream);")
            text = text.replacing(/(?m)^ +listen \[::\].*$/, with: "")
            text = text.replacing("listen 80;", with: "listen unix:\(folder.path)/plain;")
            text = text.replacing("listen 443 ", with: "listen 127.0.0.1:\(port) ")
            let live = "/etc/letsencrypt/live/\(Self.host)"
            text = text.replacing("\(live)/fullchain.pem", with: folder.path + "/server.pem")
            text = text.replacing("\(live)/privkey.pem", with: folder.path + "/server.key")
            let (program, arguments) = try await Nginx.words(sites: text, in: folder)
            return ([program] + arguments, [:])
        }
    }

    @Test func caddyPassesOnWhatItHasTo() async throws {
        let configuration = try text("caddy/Caddyfile")
        try await behind { port, upstream, folder in
            let caddy = Peer(program: "caddy", debianPackage: "caddy")
            var text = configuration.replacing("127.0.0.1:5000", with: upstream)
            text = text.replacing(
                "\n\(Self.host) {",
                with: """

                    {
                    \tadmin off
                    \tauto_https disable_redirects
                    }

                    https://\(Self.host):\(port) {
                    \tbind 127.0.0.1
                    \ttls \(folder.path)/server.pem \(folder.path)/server.key
                    """)
            let file = folder.path + "/Caddyfile"
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let home = ["HOME": folder.path, "XDG_DATA_HOME": folder.path, "XDG_CONFIG_HOME": folder.path]
            var validate = Command(
                try caddy.path(), ["validate", "--adapter", "caddyfile", "--config", file])
            validate.environment = home
            try await validate.run().succeeded()
            return ([try caddy.path(), "run", "--adapter", "caddyfile", "--config", file], home)
        }
    }
}
