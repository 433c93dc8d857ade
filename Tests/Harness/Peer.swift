import Foundation

/// A program of somebody else's that Homeport is tried with, and the Debian package it comes from.
package struct Peer: Sendable {
    package let program: String
    package let debianPackage: String

    package init(program: String, debianPackage: String) {
        self.program = program
        self.debianPackage = debianPackage
    }

    package static let docker = Peer(program: "docker", debianPackage: "docker.io")
    package static let dockerEngine = Peer(program: "dockerd", debianPackage: "docker.io")
    package static let skopeo = Peer(program: "skopeo", debianPackage: "skopeo")
    package static let podman = Peer(program: "podman", debianPackage: "podman")
    package static let buildah = Peer(program: "buildah", debianPackage: "buildah")
    package static let curl = Peer(program: "curl", debianPackage: "curl")
    package static let openssl = Peer(program: "openssl", debianPackage: "openssl")
    package static let pebble = Peer(program: "pebble", debianPackage: "pebble")
    package static let pebbleNames = Peer(program: "pebble-challtestsrv", debianPackage: "pebble")
    package static let certbot = Peer(program: "certbot", debianPackage: "certbot")
    package static let busybox = Peer(program: "busybox", debianPackage: "busybox-static")
    package static let haproxy = Peer(program: "haproxy", debianPackage: "haproxy")
    package static let nginx = Peer(program: "nginx", debianPackage: "nginx-light")
    package static let fail2banRegex = Peer(program: "fail2ban-regex", debianPackage: "fail2ban")
    package static let systemdSocketActivate = Peer(
        program: "systemd-socket-activate", debianPackage: "systemd")
    package static let slapd = Peer(program: "slapd", debianPackage: "slapd")
    package static let slapadd = Peer(program: "slapadd", debianPackage: "slapd")
    package static let tar = Peer(program: "tar", debianPackage: "tar")

    /// Where the program lies. A missing one fails the test that needs it: a proof that was skipped is none.
    package func path() throws(MissingPeer) -> String {
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/local/sbin:/usr/sbin:/sbin"
        for folder in search.split(separator: ":") {
            let candidate = "\(folder)/\(program)"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw MissingPeer(
            description: "\(program) is missing: apt-get install \(debianPackage)"
                + " (or run `make test`, which installs it)")
    }
}

/// A peer that a test needs is not installed.
package struct MissingPeer: Error, CustomStringConvertible {
    package let description: String
}
