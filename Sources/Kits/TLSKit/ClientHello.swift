package import NIOCore

/// What a client says before a TLS connection is encrypted: the name it wants, and what it would speak.
package struct ClientHello: Hashable, Sendable {
    package var serverName: String?
    package var protocols: [String]

    package init(serverName: String? = nil, protocols: [String] = []) {
        self.serverName = serverName
        self.protocols = protocols
    }

    /// What came of the first bytes of a connection.
    package enum Reading: Hashable, Sendable {
        case whole(ClientHello)
        case unfinished
        /// Not TLS, or not as RFC 8446 has it.
        case unknown
    }

    /// The most a hello may take, with post-quantum keys and much else in it, in bytes.
    package static let sizeMax = 32 << 10

    /// Reads a hello from the first bytes of a connection, which stay where they are.
    package static func read(_ bytes: ByteBuffer) -> Reading {
        var records = bytes
        var message = ByteBuffer()
        while message.readableBytes < 4 || message.readableBytes < 4 + length(of: message) {
            guard let kind = records.readInteger(as: UInt8.self) else { return .unfinished }
            guard kind == handshakeRecord else { return .unknown }
            guard let version = records.readInteger(as: UInt16.self) else { return .unfinished }
            guard version >> 8 == 3 else { return .unknown }
            guard let length = records.readInteger(as: UInt16.self) else { return .unfinished }
            guard (1...recordMax).contains(Int(length)) else { return .unknown }
            guard var piece = records.readSlice(length: min(Int(length), records.readableBytes)) else {
                return .unknown
            }
            let isWhole = piece.readableBytes == Int(length)
            message.writeBuffer(&piece)
            if let first = message.getInteger(at: message.readerIndex, as: UInt8.self), first != clientHello {
                return .unknown
            }
            if message.readableBytes >= 4, self.length(of: message) > sizeMax { return .unknown }
            guard isWhole else { return .unfinished }
        }
        guard message.readInteger(as: UInt8.self) != nil, var body = message.readSlice24() else {
            return .unknown
        }
        return hello(&body).map(Reading.whole) ?? .unknown
    }

    private static let handshakeRecord: UInt8 = 22
    private static let clientHello: UInt8 = 1
    private static let recordMax = 1 << 14
    private static let serverNameExtension: UInt16 = 0
    private static let protocolsExtension: UInt16 = 16

    /// The length that a handshake message says it has.
    private static func length(of message: ByteBuffer) -> Int {
        message.getInteger(at: message.readerIndex, as: UInt32.self).map { Int($0 & 0xFF_FFFF) } ?? 0
    }

    /// Version, random, session, ciphers, compression; then the extensions.
    private static func hello(_ body: inout ByteBuffer) -> ClientHello? {
        guard
            body.readSlice(length: 34) != nil,
            body.readLengthPrefixedSlice(as: UInt8.self) != nil,
            body.readLengthPrefixedSlice(as: UInt16.self) != nil,
            body.readLengthPrefixedSlice(as: UInt8.self) != nil
        else { return nil }
        var hello = ClientHello()
        guard body.readableBytes > 0 else { return hello }
        guard var extensions = body.readLengthPrefixedSlice(as: UInt16.self) else { return nil }
        while extensions.readableBytes > 0 {
            guard let kind = extensions.readInteger(as: UInt16.self),
                var content = extensions.readLengthPrefixedSlice(as: UInt16.self)
            else { return nil }
            switch kind {
            case serverNameExtension:
                guard let name = serverName(&content) else { return nil }
                hello.serverName = name
            case protocolsExtension:
                guard let protocols = protocols(&content) else { return nil }
                hello.protocols = protocols
            default: break
            }
        }
        return hello
    }

    /// The one kind of name there is (RFC 6066, 3).
    private static func serverName(_ content: inout ByteBuffer) -> String? {
        guard var list = content.readLengthPrefixedSlice(as: UInt16.self),
            list.readInteger(as: UInt8.self) == 0,
            let name = list.readLengthPrefixedSlice(as: UInt16.self)
        else { return nil }
        return String(buffer: name)
    }

    private static func protocols(_ content: inout ByteBuffer) -> [String]? {
        guard var list = content.readLengthPrefixedSlice(as: UInt16.self) else { return nil }
        var protocols: [String] = []
        while list.readableBytes > 0 {
            guard let name = list.readLengthPrefixedSlice(as: UInt8.self) else { return nil }
            protocols.append(String(buffer: name))
        }
        return protocols
    }
}

extension ByteBuffer {
    /// A slice led by its length in three bytes.
    fileprivate mutating func readSlice24() -> ByteBuffer? {
        guard let high = readInteger(as: UInt8.self), let low = readInteger(as: UInt16.self) else {
            return nil
        }
        return readSlice(length: Int(high) << 16 | Int(low))
    }
}
