import CLDAP
import Glibc

/// What is set once for the whole process before the library is used.
enum LDAPLibrary {
    /// GnuTLS, which Debian builds it with, takes the oldest version from its list of ciphers alone.
    private static let newOnly = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
    private static let oldestVersion: CInt = (3 << 8) + 3

    private static let isReady: Bool = {
        // Files and variables of whoever runs the program would say whose certificates are believed.
        setenv("LDAPNOINIT", "1", 1)
        // It writes to connections that may be closed.
        signal(SIGPIPE, SIG_IGN)
        // The first handle sets up what all share, which is not made for two threads at once.
        var handle: OpaquePointer?
        guard ldap_initialize(&handle, "ldap://127.0.0.1") == LDAP_SUCCESS else { return false }
        var isServer: CInt = 0
        ldap_set_option(handle, CInt(LDAP_OPT_X_TLS_NEWCTX), &isServer)
        ldap_unbind_ext_s(handle, nil, nil)
        return true
    }()

    private static let usesGnuTLS: Bool = {
        var name: UnsafeMutablePointer<CChar>?
        guard ldap_get_option(nil, CInt(LDAP_OPT_X_TLS_PACKAGE), &name) == LDAP_SUCCESS, let name else {
            return false
        }
        defer { ldap_memfree(name) }
        return String(cString: name) == "GnuTLS"
    }()

    static func prepare() { precondition(isReady, "libldap makes no handles") }

    /// Has this handle alone speak TLS so; nothing is set for others.
    static func setTLS(of handle: OpaquePointer, authorityFile: String?) -> Bool {
        var demand = CInt(authorityFile == nil ? LDAP_OPT_X_TLS_NEVER : LDAP_OPT_X_TLS_DEMAND)
        var oldest = oldestVersion
        var isServer: CInt = 0
        var codes = [
            ldap_set_option(handle, CInt(LDAP_OPT_X_TLS_REQUIRE_CERT), &demand),
            ldap_set_option(handle, CInt(LDAP_OPT_X_TLS_PROTOCOL_MIN), &oldest),
        ]
        if let authorityFile {
            codes.append(ldap_set_option(handle, CInt(LDAP_OPT_X_TLS_CACERTFILE), authorityFile))
        }
        if usesGnuTLS { codes.append(ldap_set_option(handle, CInt(LDAP_OPT_X_TLS_CIPHER_SUITE), newOnly)) }
        // Counts only now that all is said.
        codes.append(ldap_set_option(handle, CInt(LDAP_OPT_X_TLS_NEWCTX), &isServer))
        return codes.allSatisfy { $0 == LDAP_SUCCESS }
    }
}
