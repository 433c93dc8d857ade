import Contracts
import Foundation
import Harness
import Testing

/// The Debian package, made of the program under test.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PackageTests {
    @Test func itIsMadeAsDebianWantsIt() async throws {
        let folder = try TemporaryFolder()
        let package = try await makePackage(in: folder)
        let lintian = Peer(program: "lintian", debianPackage: "lintian")
        var looked = Command(try lintian.path(), ["--fail-on", "error,warning", package])
        looked.limitInSeconds = 300
        looked.environment = ["TMPDIR": folder.path]
        try await looked.run().succeeded()
        let listed = try await Command("/usr/bin/dpkg-deb", ["--contents", package]).run().succeeded()
        for name in [
            "./usr/bin/homeport", "./usr/share/man/man1/homeport-serve.1.gz",
            "./etc/ufw/applications.d/homeport",
            "./usr/share/bash-completion/completions/homeport", "./lib/systemd/system/homeport.service",
            "./usr/share/zsh/vendor-completions/_homeport", "./etc/fail2ban/filter.d/homeport.conf",
        ] {
            #expect(listed.output.contains(" \(name)\n"), "\(name)")
        }
    }

    @Test func systemdIsContentWithItsUnits() async throws {
        let units = projectRoot + "/deploy/systemd"
        let analyze = Peer(program: "systemd-analyze", debianPackage: "systemd")
        for unit in ["homeport.service", "homeport-backup.service"] {
            let looked = try await Command(
                analyze.path(), ["security", "--offline=true", "--threshold=30", "\(units)/\(unit)"]
            ).run()
            #expect(looked.status == 0 && looked.output.contains("OK"), "\(looked.text.suffix(300))")
        }
    }

    /// The ports that systemd holds are those that `homeport setup` writes down.
    @Test func itsSocketsAreThoseOfTheConfiguration() async throws {
        let units = projectRoot + "/deploy/systemd"
        let socket = try String(contentsOfFile: units + "/homeport.socket", encoding: .utf8)
        let service = try String(contentsOfFile: units + "/homeport.service", encoding: .utf8)
        #expect(socket.contains("\nListenStream=443\nListenStream=80\n"))
        for line in ["Type=notify", "WatchdogSec=60", "ExecReload=/usr/bin/homeport reload"] {
            #expect(service.contains("\n\(line)\n"), "\(line)")
        }
        let folder = try TemporaryFolder()
        let program = folder.path + "/usr/bin/homeport"
        try FileManager.default.createDirectory(
            atPath: folder.path + "/usr/bin", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: program, withDestinationPath: try homeportPath())
        let analyze = Peer(program: "systemd-analyze", debianPackage: "systemd")
        try await Command(
            "/bin/sh",
            [
                "-ec",
                "cp \"$1\"/homeport.* \"$2\" && sed -i \"s,/usr/bin/homeport,$2/usr/bin/homeport,\" \"$2\"/homeport.service && \"$3\" verify --man=no \"$2/homeport.socket\" \"$2/homeport.service\"",
                "sh", units, folder.path, try analyze.path(),
            ]
        ).run().succeeded()
    }

    @Test func itIsInstalledUpgradedRemovedAndPurged() async throws {
        let folder = try TemporaryFolder()
        let package = try await makePackage(in: folder)
        let debian = try await BareDebian()
        try debian.copy(package, to: "/homeport.deb")
        let installed = try await debian.install("./homeport.deb")
        #expect(installed.output.contains("`homeport setup` makes its configuration"), "\(installed)")
        #expect(try await debian.run("/usr/bin/homeport", "version").output.hasPrefix("homeport"))
        let state = try await debian.run("/usr/bin/stat", "-c", "%U %a", "/var/lib/homeport")
        #expect(state.output == "homeport 700\n")
        let missing = try await debian.run(
            "/bin/sh", "-c", "ldd /usr/bin/homeport | grep -c 'not found' || true")
        #expect(missing.output == "0\n", "\(missing)")

        let setup = try await debian.run("/usr/bin/homeport", "setup", "--yes", "--listen", "127.0.0.1:5999")
        #expect(setup.output.contains("systemctl enable --now homeport"), "\(setup)")
        let rights = try await debian.run(
            "/usr/bin/stat", "-c", "%U:%G %a", "/etc/homeport/homeport.yaml", "/var/lib/homeport/homeport.db")
        #expect(rights.output == "root:homeport 640\nhomeport:homeport 600\n")
        let list = ["account", "list", "--config", "/etc/homeport/homeport.yaml"]
        let accounts = try await debian.command("/usr/bin/homeport", list, as: "homeport").run().succeeded()
        #expect(accounts.output.contains("admin"), "\(accounts)")

        // A newer version leaves what people have changed.
        try await debian.run("/bin/sh", "-c", "echo '# mine' >> /etc/ufw/applications.d/homeport")
        try await Command(
            "/bin/sh",
            [
                "-ec",
                """
                dpkg-deb -R "$1" "$2/tree"
                sed -i 's/^Version: .*/Version: 99.0/' "$2/tree/DEBIAN/control"
                dpkg-deb --root-owner-group -Zgzip -z1 --build "$2/tree" "$2/newer.deb"
                """, "sh", package, folder.path,
            ]
        ).run().succeeded()
        try debian.copy(folder.path + "/newer.deb", to: "/newer.deb")
        try await debian.install("./newer.deb")
        let kept = try await debian.run("/bin/cat", "/etc/ufw/applications.d/homeport")
        #expect(kept.output.hasSuffix("# mine\n"), "\(kept)")
        try await debian.command("/usr/bin/homeport", list, as: "homeport").run().succeeded()

        try await debian.run("/usr/bin/dpkg", "--remove", "homeport")
        let files = FileManager.default
        #expect(!files.fileExists(atPath: debian.root + "/usr/bin/homeport"))
        #expect(files.fileExists(atPath: debian.root + "/var/lib/homeport/homeport.db"))
        #expect(files.fileExists(atPath: debian.root + "/etc/homeport/homeport.yaml"))
        try await debian.run("/usr/bin/dpkg", "--purge", "homeport")
        for path in ["/var/lib/homeport", "/etc/homeport", "/etc/ufw/applications.d/homeport"] {
            #expect(!files.fileExists(atPath: debian.root + path), "\(path)")
        }
    }
}
