package import Contracts
import Foundation

/// The files of deploy/classic, with the places of one test put into them.
package struct Classic: Sendable {
    package static let registryName = "registry.example.com"
    package static let tokenName = "auth.example.com"

    package let folder: TemporaryFolder
    package let mongo: MongoServer
    package let database: String
    /// Where TLS is spoken, and where everybody is sent there.
    package let port: Int
    package let plainPort: Int

    /// Fills the database and makes certificates.
    package init(in folder: TemporaryFolder, _ mongo: MongoServer) async throws {
        self.folder = folder
        self.mongo = mongo
        database = MongoServer.newDatabase()
        let ports = try freePorts(2)
        (port, plainPort) = (ports[0], ports[1])
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        for name in [Self.registryName, Self.tokenName] {
            try authority.issue([name]).write(to: folder.path, as: name)
        }
        try authority.issue(["token"]).write(to: folder.path, as: "token")
        for collection in ["users", "acl"] {
            let file = "\(projectRoot)/deploy/classic/\(collection).json"
            try await PythonPeers.run("mongo_load.py", ["\(mongo.port)", database, collection, file])
                .succeeded()
        }
    }

    /// `registry.example.com:40123`.
    package var registry: String { "\(Self.registryName):\(port)" }
    package var tokens: String { "\(Self.tokenName):\(port)" }

    /// Runs lines of Python on the database.
    package func edit(_ lines: String) async throws {
        try await PythonPeers.run("mongo_edit.py", ["\(mongo.port)", database, lines]).succeeded()
    }

    /// A file of deploy/classic as this test has it.
    package func text(_ name: String) throws -> String {
        var text = try String(contentsOfFile: "\(projectRoot)/deploy/classic/\(name)", encoding: .utf8)
        for host in [Self.registryName, Self.tokenName] {
            let live = "/etc/letsencrypt/live/\(host)"
            text = text.replacing("\(live)/fullchain.pem", with: "\(folder.path)/\(host).pem")
            text = text.replacing("\(live)/privkey.pem", with: "\(folder.path)/\(host).key")
        }
        return
            text
            .replacing("/etc/docker_auth/token.", with: "\(folder.path)/token.")
            .replacing("/var/lib/docker-registry", with: "\(folder.path)/registry")
            .replacing("127.0.0.1:27017", with: mongo.host)
            .replacing(#""docker_auth""#, with: #""\#(database)""#)
            .replacing("database: docker_auth", with: "database: \(database)")
            .replacing("https://\(Self.tokenName)/", with: "https://\(tokens)/")
    }

    /// One request by curl, which every header of the answer comes back from.
    ///
    /// - Parameter url: at one of the two hosts.
    package func ask(_ url: String, _ options: [String] = []) async throws -> CurlAnswer {
        var arguments = ["-sS", "-i", "--http1.1", "--max-time", "30", "--cacert", folder.path + "/ca.pem"]
        for name in [Self.registryName, Self.tokenName] {
            for port in [port, plainPort] { arguments += ["--resolve", "\(name):\(port):127.0.0.1"] }
        }
        let said = try await Command(Peer.curl.path(), arguments + options + [url]).run().succeeded()
        return CurlAnswer(said.output)
    }
}

/// An answer as `curl -i` prints it.
package struct CurlAnswer: Sendable, CustomStringConvertible {
    package let status: Int
    /// Names in small letters; of several of one name, the values with a comma between.
    package let headers: [String: String]
    package let body: String
    package let description: String

    init(_ text: String) {
        description = text
        let text = text.replacing("\r\n", with: "\n")
        let end = text.firstRange(of: "\n\n")
        let head = text[..<(end?.lowerBound ?? text.endIndex)].split(separator: "\n")
        body = end.map { String(text[$0.upperBound...]) } ?? ""
        status = head.first.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers[line[..<colon].lowercased(), default: ""] +=
                headers[line[..<colon].lowercased()] == nil ? value : ", " + value
        }
        self.headers = headers
    }

    package subscript(name: String) -> String? { headers[name.lowercased()] }

    /// The body as JSON: one object, or an empty one when it is none.
    package var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }
}

/// nginx, Docker's registry from Debian, and the token server, by the files of deploy/classic.
package func withClassicStack<Value: Sendable>(
    _ classic: Classic, _ body: @Sendable @escaping () async throws -> Value
) async throws -> Value {
    let folder = classic.folder
    let configuration = try classic.text("auth_config.yml")
        .replacing("127.0.0.1:5001", with: "127.0.0.1:0")
    return try await withTokenServer(configuration, in: folder, arguments: ["--trusted-proxy", "127.0.0.1"]) {
        tokens in
        let registryFile = try classic.text("registry.yml").replacing("127.0.0.1:5000", with: "127.0.0.1:0")
        return try await withDebianRegistry(in: folder, configuration: registryFile) { registry in
            try await withNginx(classic, tokens: tokens.address, registry: registry.address, body)
        }
    }
}

private func withNginx<Value: Sendable>(
    _ classic: Classic, tokens: String, registry: String,
    _ body: @Sendable @escaping () async throws -> Value
) async throws -> Value {
    let sites = try classic.text("nginx.conf")
        .replacing("127.0.0.1:5000;", with: "\(registry);").replacing("127.0.0.1:5001;", with: "\(tokens);")
        .replacing("listen 80;", with: "listen 127.0.0.1:\(classic.plainPort);")
        .replacing("listen 443 ", with: "listen 127.0.0.1:\(classic.port) ")
        .replacing("https://$host$request_uri", with: "https://$host:\(classic.port)$request_uri")
    return try await Nginx.run(
        sites: sites, in: classic.folder, answeringAt: "http://127.0.0.1:\(classic.plainPort)/", body)
}

/// Homeport in place of all of them, by its file of deploy/classic.
package func withHomeportAlone<Value: Sendable>(
    _ classic: Classic, _ body: @Sendable @escaping () async throws -> Value
) async throws -> Value {
    let settings = try classic.text("homeport.yaml")
        .replacing(#"[":443"]"#, with: #"["127.0.0.1:\#(classic.port)"]"#)
        .replacing(#"[":80"]"#, with: #"["127.0.0.1:\#(classic.plainPort)"]"#)
    return try await withHomeport(settings: settings) { _ in try await body() }
}
