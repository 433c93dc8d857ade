internal import Edge
internal import Glibc

/// Where a server listens: an address and a port, a unix socket (`unix:/run/homeport/socket`), or a socket that
/// systemd hands over by its name (`systemd:https`).
enum ListeningPlace: Hashable, Sendable {
    case address(ListenAddress)
    /// The path is absolute.
    case unix(String)
    case systemd(String)

    /// The registry's customary port, for this machine alone.
    static let standard = Self.address(.standard)

    /// The port, where the configuration says one.
    var port: Int? {
        if case .address(let address) = self { address.port } else { nil }
    }

    /// The address, where the configuration says one.
    var address: ListenAddress? {
        if case .address(let address) = self { address } else { nil }
    }

    /// As the door takes it, without anybody's help.
    ///
    /// - Parameter mode: the rights of unix sockets.
    func listenerPlace(mode: mode_t) -> Listener.Place? {
        switch self {
        case .address(let address): .hostname(address.host, port: address.port)
        case .unix(let path): .unixSocket(path: path, mode: mode)
        case .systemd: nil
        }
    }
}

extension ListeningPlace: CustomStringConvertible {
    var description: String {
        switch self {
        case .address(let address): address.description
        case .unix(let path): "unix:\(path)"
        case .systemd(let name): "systemd:\(name)"
        }
    }
}

extension ValueKind<ListeningPlace> {
    /// The most bytes that the path of a unix socket may have.
    private static var pathMax: Int { 107 }

    static var listenPlace: Self {
        let addresses = ValueKind<ListenAddress>.listenAddress
        return ValueKind(
            text: addresses.expected + ", `unix:/run/homeport/socket`, or `systemd:NAME`",
            parse: { text, place throws(ValueProblem) in
                if text.hasPrefix("unix:") {
                    let path = try path(String(text.dropFirst(5)), place)
                    return .unix(path)
                }
                if text.hasPrefix("systemd:") {
                    let name = String(text.dropFirst(8))
                    guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: ":")) else { return nil }
                    return .systemd(name)
                }
                return .address(try addresses.read(.text(text), place))
            },
            show: { $0.description })
    }

    private static func path(_ text: String, _ place: Place) throws(ValueProblem) -> String {
        guard text.hasPrefix("/") else {
            throw ValueProblem(
                "`unix:\(text)` names no socket; write the whole path: `unix:/run/homeport/socket`")
        }
        guard text.utf8.count <= pathMax else {
            throw ValueProblem(
                "`unix:\(text)` is too long for a unix socket, whose path has at most \(pathMax) bytes; "
                    + "choose a shorter one")
        }
        return text
    }
}

extension ValueKind<mode_t> {
    /// The rights of a file, in octal.
    static var fileMode: Self {
        ValueKind(
            text: "the rights of a file in octal, such as `0660`",
            parse: { text, _ in
                guard text.utf8.allSatisfy({ (48...55).contains($0) }), (3...4).contains(text.utf8.count)
                else { return nil }
                return mode_t(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
            },
            show: { mode in
                let digits = String(mode, radix: 8)
                return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            })
    }
}
