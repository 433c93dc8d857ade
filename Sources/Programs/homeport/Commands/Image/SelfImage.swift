internal import ArchiveKit
internal import CLinux
internal import FoundationEssentials
internal import Glibc

/// An image of the program that runs: itself, the libraries it has loaded, and the few files that it reads of a
/// system. The same program on the same system always makes the same bytes.
struct SelfImage: Sendable {
    let config: [UInt8]
    let layers: [[UInt8]]
    let manifest: [UInt8]

    /// The user in the image, who is not root and has no name elsewhere.
    private static let owner: UInt32 = 65532
    private static let authorities = "/etc/ssl/certs/ca-certificates.crt"
    private static let zones = "/usr/share/zoneinfo"
    private static let compression: Int32 = 6

    /// Blocks for as long as compressing takes.
    init() throws {
        let system = try Self.layer { archive in
            for (name, content) in Self.texts { try archive.add(Array(content.utf8), as: name) }
            for library in try Self.libraries() { try archive.add(file: library, mode: 0o755) }
            if access(Self.authorities, R_OK) == 0 { try archive.add(file: Self.authorities) }
            try archive.add(folder: "tmp", mode: 0o1777)
            try archive.add(folder: "etc/homeport")
            try archive.add(folder: "var/lib/homeport", mode: 0o700, owner: Self.owner)
            for zone in Self.zoneFiles() { try archive.add(file: zone) }
        }
        let program = try Self.layer { archive in
            try archive.add(file: "/proc/self/exe", as: "usr/bin/homeport", mode: 0o755)
        }
        layers = [system.bytes, program.bytes]
        config = OCIImage.encoded(
            ImageConfig(layers: [system.plainDigest, program.plainDigest], owner: Self.owner))
        manifest = OCIImage.manifest(
            config: (OCIImage.configType, config), layers: layers.map { (OCIImage.layerType, $0) })
    }

    private static let texts = [
        ("etc/group", "root:x:0:\nhomeport:x:\(owner):\n"),
        ("etc/nsswitch.conf", "hosts: files dns\n"),
        (
            "etc/passwd",
            "root:x:0:0:root:/:/sbin/nologin\nhomeport:x:\(owner):\(owner):homeport:/var/lib/homeport:/sbin/nologin\n"
        ),
    ]

    /// The libraries that this process has loaded, by the names they are found under.
    private static func libraries() throws -> [String] {
        var found: Set<String> = []
        var room = [CChar](repeating: 0, count: Int(PATH_MAX))
        var index: CInt = 0
        while homeport_library(index, &room, room.count) == 1 {
            found.insert(
                String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
            index += 1
        }
        return found.sorted()
    }

    /// Every zone once, without the folders that hold them all again.
    private static func zoneFiles() -> [String] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: zones)) ?? []
        return names.filter { !$0.hasPrefix("posix") && !$0.hasPrefix("right") }.sorted().map {
            "\(zones)/\($0)"
        }
        .filter { path in
            var isFolder = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
        }
    }

    /// A layer as it is sent, and the digest of what it unpacks to.
    private static func layer(_ fill: (ImageArchive) throws -> Void) throws -> (
        bytes: [UInt8], plainDigest: String
    ) {
        let archive = try ImageArchive(compression: compression)
        try fill(archive)
        return try archive.finish()
    }
}

/// What a container of the image is like.
private struct ImageConfig: Encodable {
    struct Run: Encodable {
        let user: String
        let environment = ["HOMEPORT_DATA=/var/lib/homeport", "HOMEPORT_LISTEN=:5000", "PATH=/usr/bin"]
        let entrypoint = ["/usr/bin/homeport"]
        let command = ["serve"]
        let folder = "/var/lib/homeport"
        let ports = ["5000/tcp": [String: String]()]
        let volumes = ["/var/lib/homeport": [String: String]()]
        let stopSignal = "SIGTERM"
        let labels = [
            "org.opencontainers.image.title": "Homeport",
            "org.opencontainers.image.description":
                "A container registry with accounts and rules, and weather calendars",
            "org.opencontainers.image.version": Version.current,
            "org.opencontainers.image.licenses": "Apache-2.0",
        ]

        enum CodingKeys: String, CodingKey {
            case user = "User"
            case environment = "Env"
            case entrypoint = "Entrypoint"
            case command = "Cmd"
            case folder = "WorkingDir"
            case ports = "ExposedPorts"
            case volumes = "Volumes"
            case stopSignal = "StopSignal"
            case labels = "Labels"
        }
    }

    struct Files: Encodable {
        let type = "layers"
        let digests: [String]

        enum CodingKeys: String, CodingKey {
            case type
            case digests = "diff_ids"
        }
    }

    #if arch(arm64)
    let architecture = "arm64"
    #else
    let architecture = "amd64"
    #endif
    let os = "linux"
    let created = "1970-01-01T00:00:00Z"
    let config: Run
    let rootfs: Files

    init(layers: [String], owner: UInt32) {
        config = Run(user: "\(owner):\(owner)")
        rootfs = Files(digests: layers)
    }
}
