internal import Edge
internal import Glibc
internal import Logging
internal import ServerKit

/// The sockets that systemd hands over, and which listener each is for: the one that names it, or the one whose
/// address it has.
struct HandedSockets {
    private let sockets: [InheritedSocket]
    private var claimed: Set<CInt> = []

    init(_ sockets: [InheritedSocket]) { self.sockets = sockets }

    /// Where the listeners of a configuration take their connections from, in the order of `listenPlaces`.
    ///
    /// - Parameter environment: that of this process.
    static func places(_ values: Configuration, _ environment: [String: String]) throws(CommandFailure)
        -> [Listener.Place]
    {
        var sockets: HandedSockets
        do {
            sockets = HandedSockets(
                try InheritedSocket.all(environment: environment, process: Int(getpid())))
        } catch {
            throw .usage("systemd hands over what cannot be used: \(error.description)")
        }
        var places: [Listener.Place] = []
        for place in values.listenPlaces {
            places.append(try sockets.place(for: place, mode: values.socketMode))
        }
        sockets.close()
        return places
    }

    /// Where a listener takes its connections from. A socket may be for two: one for IPv6 takes IPv4, too.
    mutating func place(for meant: ListeningPlace, mode: mode_t) throws(CommandFailure) -> Listener.Place {
        if let socket = sockets.first(where: { Self.fits($0, meant) }) {
            claimed.insert(socket.descriptor)
            let copy = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, socket.descriptor)
            guard copy >= 0 else {
                throw .unreachable(
                    "the socket for \(meant) cannot be used: \(String(cString: strerror(errno)))")
            }
            return .inherited(descriptor: copy)
        }
        guard let place = meant.listenerPlace(mode: mode) else { throw Self.missing(meant, sockets) }
        return place
    }

    /// Lets go of what was handed over, once every listener has its own, and says which nobody wants.
    func close() {
        for socket in sockets {
            if !claimed.contains(socket.descriptor) {
                Logger(label: "homeport").warning(
                    "systemd hands over a socket that no listener of the configuration is for; clients that come there wait in vain",
                    metadata: ["name": "\(socket.name)", "address": "\(socket.place)"])
            }
            Glibc.close(socket.descriptor)
        }
    }

    private static func fits(_ socket: InheritedSocket, _ meant: ListeningPlace) -> Bool {
        switch (meant, socket.place) {
        case (.systemd(let name), _): socket.name == name
        case (.unix(let path), .unixSocket(let other)): path == other
        case (.address(let address), .address(let host, let port, let takesBoth)):
            port == address.port && port != 0
                && (host == address.host || takesBoth && address.host == "0.0.0.0")
        default: false
        }
    }

    private static func missing(_ meant: ListeningPlace, _ sockets: [InheritedSocket]) -> CommandFailure {
        guard case .systemd(let name) = meant else {
            preconditionFailure("every other place is one by itself")
        }
        let names = sockets.map { "`\($0.name)`" }.joined(separator: ", ")
        let there = sockets.isEmpty ? "it hands over none" : "it hands over \(names)"
        return .usage(
            "systemd hands over no socket called `\(name)`, \(there): set `FileDescriptorName=\(name)` in the "
                + "socket unit and start by it, or write an address for `\(meant)`")
    }
}
