package import Contracts
import Foundation

/// OpenLDAP's server with people and groups in it, for one test.
package struct DirectoryServer: Sendable {
    /// Without TLS until StartTLS.
    package let plain: String
    package let secure: String
    /// The same server under an address for which its certificate is not.
    package let misnamed: String
    /// The same without TLS, under an address that is not known to be this machine's.
    package let elsewhere: String
    /// The certificate to be believed.
    package let authorityFile: String
    package let process: GuardedProcess

    package static let base = "dc=example,dc=com"
    package static let people = "ou=people,\(base)"
    package static let groups = "ou=groups,\(base)"
    package static let reader = "cn=reader,\(base)"
    package static let password = "open sesame"
    /// A name in which every character means something in filters or in names of entries.
    package static let hostileName = #"a*b(c)d\e,f+g"h#i<j>k;l=m"#
}

/// Where one is to run.
package struct DirectoryPlace: Sendable {
    package let folder: TemporaryFolder
    fileprivate let ports: [Int]

    /// On ports that are free, with its files in a folder of its own.
    package init() throws {
        folder = try TemporaryFolder()
        ports = try freePorts(4)
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        try authority.issue(["directory.test"]).write(to: folder.path, as: "slapd")
    }
}

/// Runs it while `body` runs.
///
/// - Parameter globals: one more line of its configuration.
package func withDirectoryServer<Value: Sendable>(
    at place: DirectoryPlace, globals: String = "",
    _ body: @Sendable @escaping (DirectoryServer) async throws -> Value
) async throws -> Value {
    let folder = place.folder.path
    let urls = [
        "ldap://127.0.0.1:\(place.ports[0])", "ldaps://127.0.0.1:\(place.ports[1])",
        "ldaps://127.0.0.2:\(place.ports[2])", "ldap://127.0.0.2:\(place.ports[3])",
    ]
    let file = folder + "/slapd.conf"
    let configuration = DirectoryContent.configuration.replacing("DIR", with: folder).replacing(
        "GLOBALS", with: globals)
    try configuration.write(toFile: file, atomically: true, encoding: .utf8)
    if !FileManager.default.fileExists(atPath: folder + "/data") {
        try FileManager.default.createDirectory(
            atPath: folder + "/data", withIntermediateDirectories: true)
        try DirectoryContent.entries.write(toFile: folder + "/all.ldif", atomically: true, encoding: .utf8)
        try await Command(
            Peer.slapadd.path(), ["-q", "-f", file, "-b", DirectoryServer.base, "-l", folder + "/all.ldif"]
        ).run().succeeded()
    }
    return try await withGuardedProcess(
        "/bin/sh",
        [
            "-c", "exec \"$@\" 2>&1", "sh", Peer.slapd.path(), "-d", "stats", "-f", file, "-h",
            urls.map { $0 + "/" }.joined(separator: " "),
        ],
        environment: [:], log: folder + "/log"
    ) { process in
        guard await process.line(containing: "slapd starting") != nil else {
            throw CommandFailed(description: "slapd did not start")
        }
        // It says so before it listens.
        for port in place.ports { try await listening(port) }
        return try await body(
            DirectoryServer(
                plain: urls[0], secure: urls[1], misnamed: urls[2], elsewhere: urls[3],
                authorityFile: folder + "/ca.pem", process: process))
    }.value
}

/// Waits until connections to a port of this machine are taken.
private func listening(_ port: Int) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < end {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        // All of 127.0.0.0/8 is this machine, and whoever listens at 127.0.0.2 is not at 127.0.0.1.
        for host: in_addr_t in [INADDR_LOOPBACK, INADDR_LOOPBACK + 1] {
            address.sin_addr.s_addr = host.bigEndian
            let isTaken = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isTaken { return }
        }
        await Task.yield()
    }
    throw CommandFailed(description: "nobody listens at port \(port)")
}

private enum DirectoryContent {
    /// A name without a password is taken, as older directories and some of today's do; nobody sees anybody before
    /// having signed in.
    static let configuration = """
        include /etc/ldap/schema/core.schema
        include /etc/ldap/schema/cosine.schema
        include /etc/ldap/schema/inetorgperson.schema
        modulepath /usr/lib/ldap
        moduleload back_mdb
        moduleload memberof
        pidfile DIR/slapd.pid
        TLSCACertificateFile DIR/ca.pem
        TLSCertificateFile DIR/slapd.pem
        TLSCertificateKeyFile DIR/slapd.key
        allow bind_anon_cred
        GLOBALS
        database mdb
        suffix "dc=example,dc=com"
        directory DIR/data
        maxsize 16777216
        overlay memberof
        access to attrs=userPassword by anonymous auth by * none
        access to * by dn.exact="cn=reader,dc=example,dc=com" read by users read by anonymous auth by * none

        """

    private static func person(
        _ name: String, _ more: String = "", escaped: String? = nil, below: String = DirectoryServer.people
    ) -> String {
        """
        dn: uid=\(escaped ?? name),\(below)
        objectClass: inetOrgPerson
        uid: \(name)
        cn: \(name)
        sn: \(name)
        userPassword: \(DirectoryServer.password)

        """ + (more.isEmpty ? "" : more + "\n") + "\n"
    }

    private static func group(_ name: String, _ members: [String]) -> String {
        let lines = members.map { "member: \($0)" }.joined(separator: "\n")
        return
            "dn: cn=\(name),\(DirectoryServer.groups)\nobjectClass: groupOfNames\ncn: \(name)\n\(lines)\n\n"
    }

    static let hostileEscaped = #"a*b(c)d\5Ce\2Cf\2Bg\22h#i\3Cj\3Ek\3Bl\3Dm"#

    static let entries: String = {
        let (people, groups) = (DirectoryServer.people, DirectoryServer.groups)
        var text = """
            dn: dc=example,dc=com
            objectClass: dcObject
            objectClass: organization
            o: Example
            dc: example

            dn: ou=people,dc=example,dc=com
            objectClass: organizationalUnit
            ou: people

            dn: ou=groups,dc=example,dc=com
            objectClass: organizationalUnit
            ou: groups

            dn: ou=guests,ou=people,dc=example,dc=com
            objectClass: organizationalUnit
            ou: guests

            dn: cn=reader,dc=example,dc=com
            objectClass: organizationalRole
            objectClass: simpleSecurityObject
            cn: reader
            userPassword: reads


            """
        text += person(
            "alice",
            """
            title: Chief
            title: test*
            memberOf: cn=Devs,\(groups)
            memberOf: cn=Odd\\2C One,\(groups)
            """)
        text += person("bob")
        text += person(DirectoryServer.hostileName, escaped: hostileEscaped)
        text += person("mallory", below: "ou=guests,\(people)")
        // Two entries with one name, in different places.
        text += person("twin") + person("twin", below: "ou=guests,\(people)")
        text += "dn: uid=mute,\(people)\nobjectClass: inetOrgPerson\nuid: mute\ncn: mute\nsn: mute\n\n"
        text += group("Devs", ["uid=alice,\(people)", "cn=everybody,\(groups)"])
        text += group("Odd\\2C One", ["uid=alice,\(people)"]).replacing(
            "\ncn: Odd\\2C One", with: "\ncn: Odd, One")
        text += group("engineering", ["cn=Devs,\(groups)"])
        text += group("everybody", ["cn=engineering,\(groups)", "uid=bob,\(people)"])
        text += group("h(o*s)t", ["uid=\(hostileEscaped),\(people)"])
        text += group("above hosts", ["cn=h(o*s)t,\(groups)"])
        return text
    }()
}
