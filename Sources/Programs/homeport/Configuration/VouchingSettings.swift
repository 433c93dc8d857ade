internal import Access
internal import Accounts
internal import Edge
internal import FoundationEssentials
internal import ServerKit
internal import TLSKit

/// `accounts.proxy_header`: proxies that say who the caller is.
struct ProxyHeaderSettings: ConfigurationSection {
    var name: String?
    var senders: [NameSender] = []
    var groupsHeader: String?
    var groupsLabel: String?
    var labels: [String: [String]] = [:]
    var accountPrefix: String?
    var ownAccounts = OwnAccountsChoice.refuse

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .optional(.headerName)),
            .value("from", \.senders, .list(of: .nameSender)),
            .value("groups_header", \.groupsHeader, .optional(.headerName)),
            .value("groups_label", \.groupsLabel, .optional(.text("the name of a label"))),
            .named("labels", \.labels, .list(of: .text("a value"))),
            .value("account_prefix", \.accountPrefix, .optional(.accountPrefix)),
            .value("own_accounts", \.ownAccounts, .choice),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard let name else {
            let isSaid =
                !senders.isEmpty || groupsHeader != nil || groupsLabel != nil || !labels.isEmpty
                || accountPrefix != nil || ownAccounts != .refuse
            return isSaid ? [("name", "is missing; name the header, such as `X-Forwarded-User`")] : []
        }
        if senders.isEmpty {
            return [("from", "nobody is believed: name the addresses of the proxies, or `unix`")]
        }
        if (groupsHeader == nil) != (groupsLabel == nil) {
            let key = groupsHeader == nil ? "groups_label" : "groups_header"
            return [(key, "`groups_header` and `groups_label` belong together")]
        }
        if groupsHeader?.lowercased() == name.lowercased() {
            return [("groups_header", "is the header with the name")]
        }
        return []
    }

    /// Nil where no header is named.
    var header: NameHeader? {
        guard let name else { return nil }
        return NameHeader(
            name, groups: groupsHeader, senders: senders.compactMap(\.range),
            trustsSockets: senders.contains { $0.range == nil })
    }

    var terms: VouchingTerms {
        var terms = VouchingTerms()
        terms.accountPrefix = accountPrefix ?? ""
        terms.labels = labels.mapValues { $0.map { LabelValue($0) } }
        terms.groupsLabel = groupsLabel
        terms.takesOwnAccounts = ownAccounts == .take
        return terms
    }
}

/// `accounts.client_certificates`: certificates by which clients say who they are.
struct ClientCertificateSettings: ConfigurationSection {
    var authorityFile: String?
    var isRequired = false
    var field = ClientCertificates.Field.commonName
    var labels: [String: [String]] = [:]
    var accountPrefix: String?
    var ownAccounts = OwnAccountsChoice.refuse

    static var keys: [Key<Self>] {
        [
            .value(
                "authority_file", \.authorityFile, .optional(.path("the name of a file with certificates"))),
            .value("required", \.isRequired, .flag),
            .value("account", \.field, .choice),
            .named("labels", \.labels, .list(of: .text("a value"))),
            .value("account_prefix", \.accountPrefix, .optional(.accountPrefix)),
            .value("own_accounts", \.ownAccounts, .choice),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        if authorityFile == nil {
            let isSaid =
                isRequired || field != .commonName || !labels.isEmpty || accountPrefix != nil
                || ownAccounts != .refuse
            return isSaid ? [("authority_file", "is missing; say whose certificates are good")] : []
        }
        do throws(CertificateFileError) {
            _ = try asked()
            return []
        } catch {
            return [("authority_file", error.description)]
        }
    }

    /// What clients are asked for; nil for nothing. Blocks for as long as the disk takes.
    func asked() throws(CertificateFileError) -> ClientCertificates? {
        guard let authorityFile else { return nil }
        return try ClientCertificates(authorityFile: authorityFile, isRequired: isRequired, field: field)
    }

    var terms: VouchingTerms {
        var terms = VouchingTerms()
        terms.accountPrefix = accountPrefix ?? ""
        terms.labels = labels.mapValues { $0.map { LabelValue($0) } }
        terms.takesOwnAccounts = ownAccounts == .take
        return terms
    }
}

/// What becomes of somebody who is named as an own account is.
enum OwnAccountsChoice: String, CaseIterable {
    case refuse, take
}

/// Whose header is believed: an address, a range, or whoever may write to a unix socket.
struct NameSender: Hashable, Sendable {
    let text: String
    /// Nil for sockets.
    let range: AddressRange?
}

extension AccountSettings {
    /// What those may say who vouch for callers.
    var vouching: [Vouched.Way: VouchingTerms] {
        var vouching: [Vouched.Way: VouchingTerms] = [:]
        if proxyHeader.name != nil { vouching[.header] = proxyHeader.terms }
        if clientCertificates.authorityFile != nil { vouching[.certificate] = clientCertificates.terms }
        return vouching
    }

    /// What `homeport check` says of them, a line for each.
    var vouchingLines: [String] {
        var lines: [String] = []
        if let name = proxyHeader.name {
            let senders = proxyHeader.senders.map(\.text).joined(separator: ", ")
            lines.append("Whoever connects from \(senders) says who the caller is, by \(name).")
        }
        if clientCertificates.authorityFile != nil {
            let need =
                clientCertificates.isRequired ? "Every client with TLS needs" : "Clients with TLS may show"
            lines.append("\(need) a certificate, whose \(clientCertificates.field.words) names the account.")
        }
        return lines
    }
}

extension ClientCertificates.Field {
    fileprivate var words: String {
        switch self {
        case .commonName: "common name"
        case .email: "e-mail address"
        }
    }
}

extension ValueKind<NameSender> {
    fileprivate static var nameSender: Self {
        ValueKind(
            text: "an address or a range such as `10.0.0.2` or `::1`, or `unix`",
            parse: { text, _ in
                if text == "unix" { return NameSender(text: text, range: nil) }
                return AddressRange(text).map { NameSender(text: text, range: $0) }
            },
            show: { $0.text })
    }
}

extension ValueKind<String> {
    /// A header of one's own. Those that mean something already name nobody.
    fileprivate static var headerName: Self {
        ValueKind(
            text: "the name of a header such as `X-Forwarded-User`",
            parse: { text, _ throws(ValueProblem) in
                let isPlain = text.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || byte == UInt8(ascii: "-")
                }
                guard isPlain, !text.isEmpty, text.utf8.count <= 100 else { return nil }
                guard !taken.contains(text.lowercased()) else {
                    throw ValueProblem("`\(text)` means something else already; take a header of its own")
                }
                return text
            },
            show: { $0 })
    }

    private static var taken: Set<String> {
        [
            "authorization", "cookie", "host", "content-length", "content-type", "transfer-encoding", "range",
            "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-request-id",
            "user-agent",
            "accept", "connection",
        ]
    }
}
