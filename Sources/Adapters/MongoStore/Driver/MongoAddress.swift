import CMongo
import ServerKit

/// Settings as the driver wants them.
enum MongoAddress {
    /// Whether a host is written as it may stand in an address: `name`, `name:27017`, `[::1]:27017`. Nothing
    /// else gets into the one text that the driver reads by itself.
    static func isHost(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
            case UInt8(ascii: "["), UInt8(ascii: "]"): true
            default: false
            }
        }
        return allowed && !text.isEmpty
    }

    /// The settings as an address of the driver's own kind, which the caller destroys.
    ///
    /// Everything but the hosts is handed over as it is, so that nothing has to be quoted.
    static func uri(_ settings: MongoSettings) throws(StoreError) -> OpaquePointer {
        guard !settings.hosts.isEmpty, settings.hosts.allSatisfy(isHost) else {
            throw StoreError(.failed, "the hosts of MongoDB are not written as `name:27017`")
        }
        var reason = bson_error_t()
        let text = "mongodb://\(settings.hosts.joined(separator: ","))/"
        guard let uri = mongoc_uri_new_with_error(text, &reason) else {
            throw StoreError(.failed, "the hosts of MongoDB cannot be used: \(reason.words)")
        }
        guard apply(settings, to: uri) else {
            mongoc_uri_destroy(uri)
            throw StoreError(.failed, "the settings of MongoDB cannot be used by its driver")
        }
        return uri
    }

    private static func apply(_ settings: MongoSettings, to uri: OpaquePointer) -> Bool {
        func number(_ name: String, _ value: Duration) -> Bool {
            mongoc_uri_set_option_as_int32(uri, name, value.milliseconds)
        }
        func text(_ name: String, _ value: String) -> Bool {
            mongoc_uri_set_option_as_utf8(uri, name, value)
        }
        var isTaken =
            mongoc_uri_set_appname(uri, "homeport")
            && number(MONGOC_URI_CONNECTTIMEOUTMS, settings.connectTimeout)
            && number(MONGOC_URI_SERVERSELECTIONTIMEOUTMS, settings.timeout)
            && number(MONGOC_URI_SOCKETTIMEOUTMS, settings.timeout)
            && number(MONGOC_URI_HEARTBEATFREQUENCYMS, .seconds(1))
        if let name = settings.replicaSet {
            isTaken = isTaken && text(MONGOC_URI_REPLICASET, name)
        }
        if let tls = settings.tls {
            isTaken = isTaken && mongoc_uri_set_option_as_bool(uri, MONGOC_URI_TLS, true)
            if let file = tls.authorities { isTaken = isTaken && text(MONGOC_URI_TLSCAFILE, file) }
            if let file = tls.certificate {
                isTaken = isTaken && text(MONGOC_URI_TLSCERTIFICATEKEYFILE, file)
            }
        }
        if let login = settings.login { isTaken = isTaken && apply(login, to: uri) }
        return isTaken
    }

    private static func apply(_ login: MongoSettings.Login, to uri: OpaquePointer) -> Bool {
        var isTaken = mongoc_uri_set_username(uri, login.user)
        if let password = login.password {
            isTaken = isTaken && mongoc_uri_set_password(uri, password.revealed)
        }
        if let mechanism = login.mechanism {
            isTaken = isTaken && mongoc_uri_set_auth_mechanism(uri, mechanism.rawValue)
        }
        if let source = login.source { isTaken = isTaken && mongoc_uri_set_auth_source(uri, source) }
        return isTaken
    }
}

extension Duration {
    /// Whole milliseconds, as many as fit.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        return Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
