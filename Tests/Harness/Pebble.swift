import Contracts
import Foundation

/// Let's Encrypt's test server, with a DNS in which every name is this machine, for one test.
package struct Pebble: Sendable {
    /// Where it is asked for certificates.
    package let directory: String
    /// The certificate to be believed when it is asked.
    package let authorityFile: String
    private let management: Int
    private let folder: TemporaryFolder

    /// Writes the certificate of those it issues, for clients that are to believe them, and returns its file.
    package func rootFile() async throws -> String {
        let file = folder.path + "/root.pem"
        try await Command(
            Peer.curl.path(),
            ["-sSf", "--cacert", authorityFile, "-o", file, "https://127.0.0.1:\(management)/roots/0"]
        ).run().succeeded()
        return file
    }

    fileprivate init(port: Int, management: Int, folder: TemporaryFolder) {
        directory = "https://127.0.0.1:\(port)/dir"
        authorityFile = folder.path + "/pebble-ca.pem"
        self.management = management
        self.folder = folder
    }
}

/// Runs it while `body` runs.
///
/// - Parameters:
///   - httpPort, tlsPort: where it looks whether a name is ours.
///   - foreign: a name for which it issues nothing.
///   - life: for how many seconds its certificates are good.
///   - customers: numbers and secrets; when there are some, it takes nobody else.
///   - environment: how hard it makes things; `PEBBLE_WFE_NONCEREJECT=50` refuses half of what is sent.
package func withPebble<Value: Sendable>(
    httpPort: Int, tlsPort: Int, foreign: String = "foreign.example", life: Int = 86_400,
    customers: [String: String] = [:], environment: [String: String] = [:],
    _ body: @Sendable @escaping (Pebble) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder()
    let ports = try freePorts(4)
    let pebble = Pebble(port: ports[0], management: ports[1], folder: folder)
    let authority = try TestAuthority()
    try authority.pem.write(toFile: pebble.authorityFile, atomically: true, encoding: .utf8)
    try authority.issue(["localhost"]).write(to: folder.path, as: "pebble")
    var settings: [String: Any] = [
        "listenAddress": "127.0.0.1:\(ports[0])", "managementListenAddress": "127.0.0.1:\(ports[1])",
        "certificate": folder.path + "/pebble.pem", "privateKey": folder.path + "/pebble.key",
        "httpPort": httpPort, "tlsPort": tlsPort, "ocspResponderURL": "",
        "domainBlocklist": [foreign], "certificateValidityPeriod": life,
    ]
    if !customers.isEmpty {
        settings["externalAccountBindingRequired"] = true
        settings["externalAccountMACKeys"] = customers
    }
    let file = folder.path + "/pebble.json"
    try JSONSerialization.data(withJSONObject: ["pebble": settings]).write(to: URL(filePath: file))
    let names = [
        "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", "127.0.0.1:\(ports[2])",
        "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:\(ports[3])",
    ]
    return try await withGuardedProcess(
        Peer.pebbleNames.path(), names, environment: [:], log: folder.path + "/names.log"
    ) { _ in
        // It says that it begins before it has begun.
        try await Command(
            Peer.curl.path(),
            [
                "-sS", "--retry", "40", "--retry-connrefused", "--retry-delay", "1",
                "http://127.0.0.1:\(ports[3])/",
            ]
        ).run().succeeded()
        return try await withGuardedProcess(
            "/bin/sh",
            [
                "-c", "exec \"$@\" 2>&1", "sh", Peer.pebble.path(), "-config", file, "-dnsserver",
                "127.0.0.1:\(ports[2])",
            ],
            environment: ["PEBBLE_VA_NOSLEEP": "1"].merging(environment) { $1 }, log: folder.path + "/log"
        ) { process in
            guard await process.line(containing: "ACME directory available at") != nil else {
                throw CommandFailed(description: "pebble did not start")
            }
            return try await body(pebble)
        }.value
    }.value
}

/// Ports that nobody listens on now.
package func freePorts(_ count: Int) throws -> [Int] {
    var open: [CInt] = []
    defer { for descriptor in open { close(descriptor) } }
    return try (0..<count).map { _ in
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        open.append(descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw CommandFailed(description: "no free port: errno \(errno)") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}
