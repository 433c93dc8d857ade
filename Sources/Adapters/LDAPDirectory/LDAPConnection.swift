import CLDAP
import Glibc
import ServerKit

/// What was found: a name, and the values of the attributes that were asked for.
struct LDAPEntry: Sendable {
    let name: String
    let values: [String: [String]]
}

/// A connection to one server. Its calls block.
// libldap's handle may be used by any thread, one at a time: whoever holds a connection has taken it from the pool.
final class LDAPConnection: @unchecked Sendable {
    enum Scope: CInt {
        case base = 0
        case subtree = 2
    }

    /// Which of the servers it goes to.
    let server: Int
    /// When whoever uses it now has no more time.
    var deadline: ContinuousClock.Instant
    private let handle: OpaquePointer
    private let limit: UnsafeMutablePointer<homeport_ldap_limit>
    private let attemptTime: Duration

    /// The largest answer that is taken, in bytes.
    private static let answerMax: UInt = 16 << 20

    /// Connects, with TLS where that is wanted.
    init(
        _ server: Int, _ settings: LDAPSettings, until deadline: ContinuousClock.Instant
    ) throws(LDAPFailure) {
        LDAPLibrary.prepare()
        let name = settings.servers[server]
        var made: OpaquePointer?
        let code = ldap_initialize(&made, name)
        guard code == LDAP_SUCCESS, let made else { throw LDAPFailure(name, code, detail: "") }
        self.server = server
        self.deadline = deadline
        handle = made
        limit = .allocate(capacity: 1)
        limit.initialize(to: homeport_ldap_limit())
        attemptTime = settings.attemptTime
        try setUp(settings, isSecure: settings.startsTLS || name.hasPrefix("ldaps:"))
        if settings.startsTLS {
            try check(ldap_start_tls_s(made, nil, nil), "StartTLS with \(name)")
        } else {
            try check(ldap_connect(made), name)
        }
    }

    deinit {
        ldap_unbind_ext_s(handle, nil, nil)
        limit.deallocate()
    }

    private func setUp(_ settings: LDAPSettings, isSecure: Bool) throws(LDAPFailure) {
        var version = CInt(LDAP_VERSION3)
        var time = try timeLeft()
        let codes = [
            ldap_set_option(handle, CInt(LDAP_OPT_PROTOCOL_VERSION), &version),
            ldap_set_option(handle, CInt(LDAP_OPT_NETWORK_TIMEOUT), &time),
            ldap_set_option(handle, CInt(LDAP_OPT_TIMEOUT), &time),
            // Another server that this one names would be shown the password too.
            ldap_set_option(handle, CInt(LDAP_OPT_REFERRALS), nil),
            homeport_ldap_limit_attach(handle, limit),
        ]
        precondition(codes.allSatisfy { $0 == LDAP_SUCCESS }, "every libldap knows these")
        var socket: OpaquePointer?
        if ldap_get_option(handle, CInt(LDAP_OPT_SOCKBUF), &socket) == LDAP_SUCCESS, let socket {
            var bytes = ber_len_t(Self.answerMax)
            ber_sockbuf_ctrl(socket, CInt(LBER_SB_OPT_SET_MAX_INCOMING), &bytes)
        }
        guard isSecure else { return }
        let authorities = settings.trustsAnybody ? nil : settings.authorityFile
        guard LDAPLibrary.setTLS(of: handle, authorityFile: authorities) else {
            throw LDAPFailure("TLS cannot be set up; is `\(settings.authorityFile)` a file of certificates?")
        }
    }

    /// Proves a name by a password. An empty one would prove nothing, and the server say yes.
    func bind(_ name: String, _ password: Secret) throws(LDAPFailure) {
        guard !name.isEmpty, !password.revealed.isEmpty else {
            throw LDAPFailure("a name or a password is empty", CInt(LDAP_INVALID_CREDENTIALS))
        }
        try limitTime()
        var bytes = Array(password.revealed.utf8CString)
        let code = bytes.withUnsafeMutableBufferPointer { bytes in
            var value = berval(bv_len: ber_len_t(bytes.count - 1), bv_val: bytes.baseAddress)
            return ldap_sasl_bind_s(handle, name, nil, &value, nil, nil, nil)
        }
        try check(code, "signing in")
    }

    /// Has it look things up as nobody from now on.
    func bindAsNobody() throws(LDAPFailure) {
        try limitTime()
        var value = berval(bv_len: 0, bv_val: nil)
        try check(ldap_sasl_bind_s(handle, "", nil, &value, nil, nil, nil), "signing in as nobody")
    }

    /// The entries at or below `base` that match; of more than `countMax` one more.
    func search(
        _ base: String, _ filter: String, _ attributes: [String], countMax: Int,
        scope: Scope = .subtree
    ) throws(LDAPFailure) -> [LDAPEntry] {
        // 1.1 is no attribute: only names are wanted.
        var words = (attributes.isEmpty ? ["1.1"] : attributes).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var time = try timeLeft()
        var found: OpaquePointer?
        let code = ldap_search_ext_s(
            handle, base, scope.rawValue, filter, &words, 0, nil, nil, &time, CInt(countMax + 1), &found)
        defer { ldap_msgfree(found) }
        let isCut = code == LDAP_SIZELIMIT_EXCEEDED
        if !isCut { try check(code, "searching below `\(base)`") }
        var entries: [LDAPEntry] = []
        var next = ldap_first_entry(handle, found)
        while let entry = next {
            entries.append(read(entry, attributes))
            next = ldap_next_entry(handle, entry)
        }
        // A server that gives fewer than there are would make somebody less, or more, than they are.
        if isCut, entries.count <= countMax { try check(code, "searching below `\(base)`") }
        return entries
    }

    private func read(_ entry: OpaquePointer, _ attributes: [String]) -> LDAPEntry {
        let name = ldap_get_dn(handle, entry)
        defer { ldap_memfree(name) }
        var values: [String: [String]] = [:]
        for attribute in Set(attributes) {
            guard let list = ldap_get_values_len(handle, entry, attribute) else { continue }
            defer { ldap_value_free_len(list) }
            var index = 0
            while let value = list[index]?.pointee {
                if let text = LDAPText.text(value) { values[attribute, default: []].append(text) }
                index += 1
            }
        }
        return LDAPEntry(name: name.map { String(cString: $0) } ?? "", values: values)
    }

    /// How long the next call may take, from now on; never nothing, which would mean for ever.
    private func timeLeft() throws(LDAPFailure) -> timeval {
        let left = min(deadline - .now, attemptTime)
        guard left > .milliseconds(1) else {
            throw LDAPFailure("it takes too long", CInt(LDAP_TIMEOUT))
        }
        let (seconds, attoseconds) = left.components
        homeport_ldap_limit_set(limit, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        return timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }

    private func limitTime() throws(LDAPFailure) {
        var time = try timeLeft()
        ldap_set_option(handle, CInt(LDAP_OPT_TIMEOUT), &time)
    }

    private func check(_ code: CInt, _ doing: String) throws(LDAPFailure) {
        guard code != LDAP_SUCCESS else { return }
        var detail: UnsafeMutablePointer<CChar>?
        ldap_get_option(handle, CInt(LDAP_OPT_DIAGNOSTIC_MESSAGE), &detail)
        defer { ldap_memfree(detail) }
        throw LDAPFailure(doing, code, detail: detail.map { String(cString: $0) } ?? "")
    }
}
