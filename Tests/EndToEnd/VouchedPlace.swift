import Contracts
import Foundation
import Harness

/// Certificates of people and of a server, and what shows them.
struct VouchedPlace: Sendable {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let (servers, people, others) = (try TestAuthority(), try TestAuthority(), try TestAuthority())
        try servers.issue(["localhost"]).write(to: folder.path)
        try servers.pem.write(toFile: folder.path + "/servers.pem", atomically: true, encoding: .utf8)
        try people.pem.write(toFile: folder.path + "/people.pem", atomically: true, encoding: .utf8)
        let day = 86_400.0
        let made: [(String, TestAuthority.Issued)] = [
            ("alice", try people.issueClient(["alice"], emails: ["alice@example.com"])),
            ("two", try people.issueClient(["alice", "mallory"])), ("none", try people.issueClient([])),
            ("odd", try people.issueClient(["a/b, c"])), ("admin", try people.issueClient(["admin"])),
            ("expired", try people.issueClient(["alice"], begins: -9 * day, ends: -day)),
            ("early", try people.issueClient(["alice"], begins: day)),
            ("stranger", try others.issueClient(["alice"])), ("server", try people.issue(["alice"])),
        ]
        for (name, issued) in made { try issued.write(to: folder.path, as: name) }
    }

    /// What has curl show a certificate.
    func shown(_ name: String) -> [String] {
        ["--cert", "\(folder.path)/\(name).pem", "--key", "\(folder.path)/\(name).key"]
    }

    /// The answer, and its status behind.
    func curl(_ url: String, _ options: [String]) async throws -> Finished {
        try await Command(
            Peer.curl.path(),
            ["-sS", "--cacert", folder.path + "/servers.pem", "-w", " %{http_code}", url] + options
        ).run()
    }

    /// A small image in a folder, and what skopeo calls it.
    static func image() throws -> (layout: OCILayout, name: String) {
        let layout = try OCILayout()
        var archive = TarArchive()
        archive.add("a", randomBytes(1 << 16))
        return (layout, try layout.tag(layout.addImage(layers: [archive.finished]), "one"))
    }

    /// A folder as container tools want it, with somebody's certificate.
    func certificateFolder(_ name: String) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for (from, to) in [
            ("\(name).pem", "client.cert"), ("\(name).key", "client.key"), ("servers.pem", "ca.crt"),
        ] {
            try FileManager.default.copyItem(atPath: "\(folder.path)/\(from)", toPath: "\(copy.path)/\(to)")
        }
        return copy
    }

    /// nginx in front of a server: with certificates at the first port, with passwords at the second.
    func sites(ports: [Int], upstream: String) async throws -> String {
        let hashed = try await Command("/usr/bin/htpasswd", ["-nbB", "-C", "5", "carl", "open sesame"]).run()
        try hashed.succeeded().output.write(
            toFile: folder.path + "/passwords", atomically: true, encoding: .utf8)
        let passing = """
            proxy_pass http://\(upstream);
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Groups "";
            proxy_request_buffering off;
            """
        return """
            map $ssl_client_s_dn $certificate_name {
                default "";
                "~(^|,)CN=(?<CN>[^,]+)" $CN;
            }
            client_max_body_size 0;
            server {
                listen 127.0.0.1:\(ports[0]) ssl;
                ssl_certificate \(folder.path)/tls.pem;
                ssl_certificate_key \(folder.path)/tls.key;
                ssl_client_certificate \(folder.path)/people.pem;
                ssl_verify_client optional;
                location / {
                    \(passing)
                    proxy_set_header X-Forwarded-Proto https;
                    proxy_set_header X-Forwarded-User $certificate_name;
                }
            }
            server {
                listen 127.0.0.1:\(ports[1]);
                location / {
                    auth_basic registry;
                    auth_basic_user_file \(folder.path)/passwords;
                    \(passing)
                    proxy_set_header X-Forwarded-User $remote_user;
                }
                location = /healthz {
                    \(passing)
                    proxy_set_header X-Forwarded-User "";
                }
            }
            """
    }
}
