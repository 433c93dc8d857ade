import CLDAP

/// Why a directory has not answered as it was asked.
struct LDAPFailure: Error, CustomStringConvertible {
    let description: String
    let code: CInt

    init(_ description: String, _ code: CInt = CInt(LDAP_OTHER)) {
        self.description = description
        self.code = code
    }

    /// - Parameter detail: what the server or the library says beside the code.
    init(_ doing: String, _ code: CInt, detail: String) {
        let reason = String(cString: ldap_err2string(code))
        // It is a stranger's text: one line of it is enough.
        let words = detail.unicodeScalars.prefix(200).filter { $0.value >= 0x20 && $0.value != 0x7F }
        let more = String(String.UnicodeScalarView(words))
        self.init("\(doing): \(reason)" + (more.isEmpty ? "" : " (\(more))"), code)
    }

    /// Whether the server is away, and another may not be.
    var isAway: Bool {
        switch code {
        case CInt(LDAP_SERVER_DOWN), CInt(LDAP_CONNECT_ERROR), CInt(LDAP_TIMEOUT), CInt(LDAP_UNAVAILABLE),
            CInt(LDAP_BUSY):
            true
        default: false
        }
    }

    /// Whether it says that a name and a password do not belong together, or that the account may not sign in.
    var isRefusal: Bool {
        switch code {
        case CInt(LDAP_INVALID_CREDENTIALS), CInt(LDAP_INAPPROPRIATE_AUTH), CInt(LDAP_CONSTRAINT_VIOLATION),
            CInt(LDAP_NO_SUCH_OBJECT), CInt(LDAP_INVALID_DN_SYNTAX), CInt(LDAP_UNWILLING_TO_PERFORM):
            true
        default: false
        }
    }

    /// The same, once all servers were tried: nobody need try again.
    var settled: LDAPFailure { isAway ? LDAPFailure(description) : self }
}
