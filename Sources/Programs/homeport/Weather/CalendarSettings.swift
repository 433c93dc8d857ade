internal import CalendarServers
internal import FoundationEssentials
internal import ServerKit
internal import Weather

/// One of `weather.calendars`: a calendar on a server that is written to.
struct CalendarSettings: ConfigurationSection {
    enum Kind: String, CaseIterable {
        case caldav, google
    }

    var name = ""
    var kind = Kind.caldav
    var place = ""
    var only: [String] = []
    var title: String?
    var color: EventColor?
    var keepsPast = false
    var url: String?
    var user: String?
    var password: Secret?
    var credentials: GoogleCredentialsFile?
    var tokenFile: String?
    var calendarID: String?
    var onBehalfOf: String?

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .ruleName, isRequired: true),
            .value("kind", \.kind, .choice, isRequired: true),
            .value("place", \.place, .placeName, isRequired: true),
            .value("only", \.only, .list(of: .ruleName)),
            .value("title", \.title, .optional(.text("what people call the calendar"))),
            .value("color", \.color, .optional(.choice)),
            .value("keep_past", \.keepsPast, .flag),
            .value("url", \.url, .optional(.serviceURL)),
            .value("user", \.user, .optional(.text("the name of an account"))),
            .value("password_file", \.password, .optional(.secretFile)),
            .value("credentials_file", \.credentials, .optional(.googleCredentials)),
            .value("token_file", \.tokenFile, .optional(.path("the name of a file"))),
            .value("calendar_id", \.calendarID, .optional(.text("the identifier of a calendar"))),
            .value("on_behalf_of", \.onBehalfOf, .optional(.text("the address of a person"))),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        switch kind {
        case .caldav:
            missing([
                ("url", url == nil, "the address of the calendar or of the account"),
                ("user", user == nil, "the name that signs in there"),
                ("password_file", password == nil, "a file with the password, best one for this alone"),
            ])
                + strange([
                    ("credentials_file", credentials != nil), ("token_file", tokenFile != nil),
                    ("calendar_id", calendarID != nil), ("on_behalf_of", onBehalfOf != nil),
                ])
        case .google:
            missing([
                (
                    "credentials_file", credentials == nil && tokenFile == nil,
                    "the credentials.json that Google's console hands out"
                )
            ]) + strange([("user", user != nil), ("password_file", password != nil)])
                + (onBehalfOf != nil && credentials?.isOfProgram == true
                    ? [("on_behalf_of", "only a service account can act for somebody")] : [])
        }
    }

    private func missing(_ keys: [(key: String, isMissing: Bool, cure: String)]) -> [(
        key: String, message: String
    )] {
        keys.filter(\.isMissing).map {
            ($0.key, "is missing; a calendar of the kind \(kind.rawValue) needs \($0.cure)")
        }
    }

    private func strange(_ keys: [(key: String, isSet: Bool)]) -> [(key: String, message: String)] {
        keys.filter(\.isSet).map { ($0.key, "means nothing for a calendar of the kind \(kind.rawValue)") }
    }
}

/// A `credentials.json` that has been read.
struct GoogleCredentialsFile: Equatable, Sendable {
    let credentials: GoogleCredentials

    var isOfProgram: Bool { program != nil }

    var program: GoogleCredentials.Program? {
        if case .program(let program) = credentials { program } else { nil }
    }
}

extension ValueKind<GoogleCredentialsFile> {
    static var googleCredentials: Self {
        ValueKind(
            text: "the name of a credentials.json from Google's console",
            parse: { text, place throws(ValueProblem) in
                let path = text.hasPrefix("/") || place.folder.isEmpty ? text : "\(place.folder)/\(text)"
                let content = try SecretFile.read(path)
                do throws(GoogleFileError) {
                    return GoogleCredentialsFile(
                        credentials: try GoogleCredentials(json: Array(content.revealed.utf8)))
                } catch {
                    throw ValueProblem("`\(path)`: \(error)")
                }
            },
            show: { _ in "(read from its file)" })
    }
}

extension ValueKind<String> {
    /// Where a service is on the web: a scheme and a host, perhaps with a path.
    static var serviceURL: Self {
        ValueKind(
            text: "the address of a service such as `https://weather.lan`",
            parse: { text, _ throws(ValueProblem) in
                guard let url = URL(string: text), let scheme = url.scheme?.lowercased(),
                    ["http", "https"].contains(scheme), url.host()?.isEmpty == false, url.query() == nil,
                    url.fragment() == nil
                else { return nil }
                // What is typed may be a password: the message does not repeat it.
                guard url.user() == nil, url.password() == nil else {
                    throw ValueProblem("holds a name or a password; they have keys of their own")
                }
                return text
            },
            show: { $0 })
    }

    static var mailAddress: Self {
        ValueKind(
            text: "an address such as `mailto:weather@example.com`",
            parse: { text, _ in
                let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
                return text.hasPrefix("mailto:") && text.contains("@") && isPlain ? text : nil
            },
            show: { $0 })
    }
}
