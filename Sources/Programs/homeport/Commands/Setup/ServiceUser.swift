internal import Glibc

/// The user of the system that a server runs as, when root sets it up.
struct ServiceUser: Sendable {
    let name: String
    let user: uid_t
    let group: gid_t

    /// What packages call it.
    static let usualName = "homeport"

    /// The one that is named, or `homeport` if there is one. Nil when this is not root: everything belongs to who
    /// runs the program.
    static func find(named name: String?) throws(CommandFailure) -> ServiceUser? {
        guard geteuid() == 0 else {
            if name != nil { throw .usage("only root can make data for another user: run this with sudo") }
            return nil
        }
        guard let entry = getpwnam(name ?? usualName) else {
            if let name { throw .usage("--user: there is no user `\(printable(name))`") }
            return nil
        }
        return ServiceUser(name: name ?? usualName, user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    /// Gives a file, a folder or a link to the user.
    func take(_ path: String) throws(CommandFailure) {
        guard lchown(path, user, group) == 0 else {
            throw .unreachable("\(path) cannot be given to \(name): \(String(cString: strerror(errno)))")
        }
    }
}
