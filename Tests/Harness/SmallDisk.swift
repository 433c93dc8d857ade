import Foundation

/// A file system in memory that only one program and those beside it see, so that it can be filled.
struct SmallDisk {
    private let size: String
    private let path: String
    private let unshare: String
    private let nsenter: String

    init(size: String, at path: String) throws {
        self.size = size
        self.path = path
        unshare = try Peer(program: "unshare", debianPackage: "util-linux").path()
        nsenter = try Peer(program: "nsenter", debianPackage: "util-linux").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Where nobody is root, somebody may be it for a while.
    private static var isRoot: Bool { geteuid() == 0 }

    /// What stands before a program that is to see the disk.
    var mounting: [String] {
        [unshare, "--mount", "--propagation", "private"] + (Self.isRoot ? [] : ["--map-root-user"])
            + [
                "sh", "-c",
                "size=$1 path=$2; shift 2; mount -t tmpfs -o size=$size,mode=0700 disk $path && exec \"$@\"",
                "sh", size, path,
            ]
    }

    /// What stands before a program that is to see it too.
    func entering(_ pid: Int) -> [String] {
        [nsenter, "--target", "\(pid)", "--mount"]
            + (Self.isRoot ? [] : ["--user", "--preserve-credentials"]) + ["--"]
    }
}
