internal import FoundationEssentials
internal import Glibc
internal import ServerKit
internal import TLSKit

/// Looks whether the machine is as a new installation needs it.
struct SetupChecks: Sendable {
    let plan: SetupPlan
    let owner: ServiceUser?

    func run() async -> [Finding] {
        var findings = plan.addresses.map(port)
        for host in plan.hosts { findings.append(await Names.check(host.text)) }
        findings.append(room)
        if let finding = await bucket { findings.append(finding) }
        return findings
    }

    private func port(_ address: ListenAddress) -> Finding {
        let name = "port \(address.port)"
        switch Ports.tryListening(address) {
        case 0: break
        case EADDRINUSE:
            return .wrong(
                name, "another program listens on \(address) already",
                cure:
                    "end it (`ss -ltnp 'sport = :\(address.port)'` says which it is), or choose another port")
        case EACCES:
            return .wrong(
                name, "only root may listen on it",
                cure:
                    "let systemd start Homeport, which gives it CAP_NET_BIND_SERVICE, or choose a port above 1023"
            )
        case let code:
            return .wrong(
                name, "\(address): \(String(cString: strerror(code)))",
                cure: "choose an address that this machine has")
        }
        return .fine(name, "\(address) is free")
    }

    private var room: Finding {
        var folder = DataFolder(plan.data).path
        while !FileManager.default.fileExists(atPath: folder), let slash = folder.lastIndex(of: "/"),
            folder != "/"
        {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
        guard access(folder, W_OK) == 0 else {
            return .wrong(
                "data", "\(folder) cannot be written by this user",
                cure: "run this as root, or name another folder with --data")
        }
        guard let disk = DiskSpace(of: folder) else { return .fine("data", "\(folder) can be written") }
        guard disk.free >= Self.roomMin else {
            return .noted(
                "data", "\(SizeText.rounded(disk.free)) are free for \(DataFolder(plan.data).path)",
                cure: "images need room: name a folder on a larger disk with --data")
        }
        return .fine("data", "\(folder) can be written, \(SizeText.rounded(disk.free)) are free")
    }

    /// Less is soon full of images.
    private static let roomMin: Int64 = 10 << 30
}
