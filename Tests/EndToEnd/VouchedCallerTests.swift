import Contracts
import Foundation
import Harness
import Testing

/// Callers whom a proxy names in a header, at the real server.
@Suite(.timeLimit(.minutes(3))) struct ProxyHeaderTests {
    private static let settings = """
        accounts:
          refusal_time: 0s
          proxy_header:
            name: X-Forwarded-User
            from: [127.0.0.1]
            groups_header: X-Forwarded-Groups
            groups_label: groups
            labels: { way: [proxy] }

        """

    /// What becomes of a pull: who the server thinks that it is.
    private func pull(
        _ server: Homeport, _ headers: [(String, String)], from address: String = "127.0.0.1"
    ) async throws -> String {
        let named = headers.flatMap { ["-H", $0.1.isEmpty ? "\($0.0);" : "\($0.0): \($0.1)"] }
        return try await Command(
            Peer.curl.path(),
            ["-sS", "--interface", address, "-w", " %{http_code}"] + named + [
                "http://\(server.address)/v2/a/b/manifests/c"
            ]
        ).run().succeeded().output
    }

    @Test func aProxyNamesTheCallerAndNobodyElseDoes() async throws {
        try await withHomeport(settings: Self.settings) { server in
            try await server.addRule(41, "--name", "${labels:groups}/**", actions: "pull,push")
            let name = ("X-Forwarded-User", "alice")
            let known = try await pull(server, [name])
            #expect(known.contains("account alice may not pull a/b") && known.hasSuffix(" 403"), "\(known)")
            let member = try await pull(server, [name, ("X-Forwarded-Groups", "dev, a")])
            #expect(member.hasSuffix(" 404"), "the group lets them look: \(member)")
            #expect(try await pull(server, []).hasSuffix(" 401"))
            #expect(try await pull(server, [("X-Forwarded-User", "")]).hasSuffix(" 401"))
            for address in ["127.0.0.2", "127.255.0.9"] {
                let forged = try await pull(server, [name, ("X-Forwarded-Groups", "a")], from: address)
                #expect(forged.hasSuffix(" 401"), "\(forged)")
                let through = try await pull(server, [name, ("X-Forwarded-For", "127.0.0.1")], from: address)
                #expect(through.hasSuffix(" 401"), "\(through)")
            }
            for other in ["alice, mallory", "a/b", "${labels:x}", "*", String(repeating: "a", count: 300)] {
                let odd = try await pull(server, [("X-Forwarded-User", other)])
                #expect(odd.contains("is no account's") && odd.hasSuffix(" 403"), "\(odd)")
            }
            let twice = try await pull(server, [name, ("x-forwarded-user", "mallory")])
            #expect(twice.contains("more than once") && twice.hasSuffix(" 403"), "\(twice)")
            let admin = try await pull(server, [("X-Forwarded-User", "admin")])
            #expect(admin.contains("admin is an own account") && admin.hasSuffix(" 403"), "\(admin)")
            #expect(try await pull(server, [("X-Forwarded-User", "admin, ")]).hasSuffix(" 403"))
            let check = try await server.run(["check"])
            #expect((check.output + check.errors).contains("connects from 127.0.0.1 says who the caller is"))
            let numbers = try await server.nobody.get("/metrics").text
            #expect(numbers.contains("homeport_vouched_requests_total"), "\(numbers)")
        }
    }

    @Test func theTokenServerAnswersWhoIsNamed() async throws {
        try await withHomeport(settings: Self.settings) { server in
            try await server.addRule(41, "--name", "${labels:groups}/**", actions: "pull,push")
            let named = [("X-Forwarded-User", "alice"), ("X-Forwarded-Groups", "dev")]
            let path = "/token?service=homeport&scope=repository:dev/a:pull,push"
            let answer = try await server.nobody.get(path, headers: named)
            let token = try #require(answer.object["token"] as? String, "\(answer)")
            let bearer = RegistryCaller(address: server.address, credentials: .bearer(token))
            #expect(try await bearer.post("/v2/dev/a/blobs/uploads/").status == 202, "without the proxy")
            #expect(try await server.caller("alice", "any").get(path, headers: named).status == 200)
            #expect(try await server.caller("alice", "any").get(path).status == 401)
            #expect(try await server.caller("bob", "any").get(path, headers: named).status == 401)
            let admin = server.admin
            #expect(try await admin.get("/v2/", headers: named).status == 200, "own credentials come first")
            let refused = try await server.nobody.get(path, headers: [("X-Forwarded-User", "a b")])
            #expect(refused.status == 403 && refused.errorCodes == ["DENIED"], "\(refused)")
        }
    }

    /// nginx looks at the certificate and says whose it is; or it asks for the password itself.
    @Test func nginxNamesThoseWhoseCertificateOrPasswordItHasSeen() async throws {
        let place = try VouchedPlace()
        let tools = try ContainerTools()
        try await withHomeport(settings: Self.settings) { server in
            try await server.addRule(41, "--account", "alice", "--name", "alice/**", actions: "pull,push")
            try await server.addRule(42, "--account", "carl", "--name", "carl/**", actions: "pull,push")
            let ports = try freePorts(2)
            let sites = try await place.sites(ports: ports, upstream: server.address)
            let probe = "http://127.0.0.1:\(ports[1])/healthz"
            try await Nginx.run(sites: sites, in: place.folder, answeringAt: probe) {
                let url = "https://127.0.0.1:\(ports[0])/v2/"
                let forged = ["-H", "X-Forwarded-User: admin", "-H", "X-Forwarded-Groups: admins"]
                for (shown, status) in [
                    (place.shown("alice"), "200"), (place.shown("alice") + forged, "200"), (forged, "401"),
                    ([], "401"), (place.shown("stranger"), "400"), (place.shown("expired"), "400"),
                ] {
                    #expect(try await place.curl(url, shown).output.hasSuffix(" \(status)"), "\(shown)")
                }
                let (layout, source) = try VouchedPlace.image()
                defer { withExtendedLifetime(layout) {} }
                let image = "docker://127.0.0.1:\(ports[0])"
                let folder = try place.certificateFolder("alice")
                try await tools.skopeo("copy", "--dest-cert-dir", folder.path, source, image + "/alice/x:1")
                    .succeeded()
                let other = try await tools.skopeo(
                    "copy", "--dest-cert-dir", folder.path, source, image + "/carl/x:1")
                #expect(other.status != 0 && other.errors.contains("403"), "\(other)")
                let plain = "docker://127.0.0.1:\(ports[1])"
                try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", "carl:open sesame", source,
                    plain + "/carl/x:1"
                ).succeeded()
                let wrong = try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", "--dest-creds", "carl:wrong", source,
                    plain + "/carl/x:2")
                #expect(wrong.status != 0, "\(wrong)")
            }
        }
    }
}

/// Callers who show a certificate at the real server's own door.
@Suite(.timeLimit(.minutes(3))) struct ClientCertificateTests {
    private func settings(_ place: VouchedPlace, _ more: String = "") -> String {
        """
        tls:
          listen: [127.0.0.1:0]
          certificates: [{certificate_file: \(place.folder.path)/tls.pem, key_file: \(place.folder.path)/tls.key}]
        accounts:
          refusal_time: 0s
          client_certificates:
            authority_file: \(place.folder.path)/people.pem
        \(more)
        """
    }

    @Test(arguments: ["--http1.1", "--http2"]) func aCertificateNamesTheCaller(_ version: String) async throws
    {
        let place = try VouchedPlace()
        try await withHomeport(settings: settings(place, "    labels: { way: [certificate] }\n")) { server in
            try await server.addRule(41, "--name", "${labels:way}/**", actions: "pull")
            let url = "https://127.0.0.1:\(try #require(server.otherPorts.first))/v2"
            func answer(_ path: String, _ shown: [String]) async throws -> String {
                try await place.curl(url + path, shown + [version]).output
            }
            let path = "/a/b/manifests/c"
            let known = try await answer(path, place.shown("alice"))
            #expect(known.contains("account alice may not pull a/b"), "\(known)")
            #expect(try await answer("/certificate/b/manifests/c", place.shown("alice")).hasSuffix(" 404"))
            #expect(try await answer(path, []).hasSuffix(" 401"), "nobody has to show one")
            let forged = place.shown("alice") + ["-H", "X-Forwarded-User: admin"]
            #expect(try await answer(path, forged).contains("account alice may not"))
            for stranger in ["stranger", "expired", "server", "early"] {
                let refused = try await place.curl(url + path, place.shown(stranger) + [version])
                #expect(refused.status != 0 && refused.output.hasSuffix(" 000"), "\(stranger): \(refused)")
            }
            for (odd, words) in [
                ("two", "holds more than one common name"), ("none", "holds no common name"),
                ("odd", "is no account's"), ("admin", "admin is an own account"),
            ] {
                let refused = try await answer(path, place.shown(odd))
                #expect(refused.contains(words) && refused.hasSuffix(" 403"), "\(odd): \(refused)")
            }
            let own = ["-u", "admin:\(Homeport.adminPassword)"]
            #expect(try await answer("/", place.shown("alice") + own).hasSuffix(" 200"))
            // On other connections with the same session, and on the same one.
            for more in [["-H", "Connection: close"], []] {
                let twice = try await place.curl(
                    url + path, place.shown("alice") + more + [url + path, version])
                #expect(twice.output.ranges(of: "account alice may not pull").count == 2, "\(twice)")
            }
            #expect(try await server.nobody.get("/v2/a/b/manifests/c").status == 401, "without TLS")
        }
    }

    @Test func itCanBeRequiredAndNameByItsAddress() async throws {
        let place = try VouchedPlace()
        let more = "    required: true\n    account: email\n    account_prefix: mail-\n"
        try await withHomeport(settings: settings(place, more)) { server in
            let url = "https://127.0.0.1:\(try #require(server.otherPorts.first))/v2/a/b/manifests/c"
            let nobody = try await place.curl(url, [])
            #expect(nobody.status != 0 && nobody.output.hasSuffix(" 000"), "\(nobody)")
            let known = try await place.curl(url, place.shown("alice")).output
            #expect(known.contains("account mail-alice@example.com may not pull"), "\(known)")
            let none = try await place.curl(url, place.shown("none")).output
            #expect(none.contains("holds no e-mail address"), "\(none)")
            let check = try await server.run(["check"])
            #expect((check.output + check.errors).contains("Every client with TLS needs a certificate"))
        }
    }

    @Test func toolsPushWithTheirCertificateAlone() async throws {
        let place = try VouchedPlace()
        let tools = try ContainerTools()
        try await withHomeport(settings: settings(place)) { server in
            try await server.addRule(41, "--account", "alice", "--name", "alice/**", actions: "pull,push")
            let host = "127.0.0.1:\(try #require(server.otherPorts.first))"
            let (layout, source) = try VouchedPlace.image()
            defer { withExtendedLifetime(layout) {} }
            let folder = try place.certificateFolder("alice")
            try await tools.skopeo(
                "copy", "--dest-cert-dir", folder.path, source, "docker://\(host)/alice/x:1"
            ).succeeded()
            try await tools.podman(
                ["pull", "--cert-dir", folder.path, "docker://\(host)/alice/x:1"]
            ).succeeded()
            let denied = try await tools.skopeo(
                "copy", "--dest-cert-dir", folder.path, source, "docker://\(host)/bob/x:1")
            #expect(denied.status != 0 && denied.errors.contains("403"), "\(denied)")
        }
    }
}
