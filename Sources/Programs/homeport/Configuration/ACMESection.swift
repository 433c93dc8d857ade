internal import ACME
internal import FoundationEssentials
internal import ServerKit
internal import TLSKit

/// `acme:` certificates that the server gets itself.
struct ACMESection: ConfigurationSection {
    var names: [HostName] = []
    var email: String?
    var directory = ACMESettings.letsEncrypt
    var challenges = ACMESettings.Challenge.allCases
    var authorityFile: String?
    var customer: String?
    var customerSecret: Secret?

    static var keys: [Key<Self>] {
        [
            .value("names", \.names, .list(of: .hostName)),
            .value("email", \.email, .optional(.text("an address for mail"))),
            .value("directory", \.directory, .secureAddress),
            .value("challenges", \.challenges, .list(of: .choice)),
            .value(
                "authority_file", \.authorityFile, .optional(.path("the name of a file with certificates"))),
            .value("eab_kid", \.customer, .optional(.text("the number that the authority has given"))),
            .value("eab_key_file", \.customerSecret, .optional(.secretFile)),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        var problems: [(key: String, message: String)] = []
        if Set(names).count < names.count { problems.append(("names", "names a host twice")) }
        if challenges.isEmpty { problems.append(("challenges", "name at least one way")) }
        if (customer == nil) != (customerSecret == nil) {
            problems.append(("eab_kid", "`acme.eab_kid` and `acme.eab_key_file` belong together"))
        }
        return problems
    }

    /// How the authority is spoken to.
    var settings: ACMESettings {
        ACMESettings(
            directory: directory, email: email, challenges: challenges,
            customer: customer.flatMap { number in
                customerSecret.map { ACMESettings.Customer(number: number, secret: $0) }
            })
    }
}

extension ValueKind<HostName> {
    static var hostName: Self {
        ValueKind(
            text: "the name of a host such as `registry.example.com`",
            parse: { text, _ throws(ValueProblem) in
                if text.hasPrefix("*.") {
                    throw ValueProblem("`\(text)`: authorities give wildcards by DNS only; name each host")
                }
                return HostName(text)
            },
            show: { $0.text })
    }
}

extension ValueKind<String> {
    fileprivate static var secureAddress: Self {
        ValueKind(
            text: "an address such as `https://acme.example.com/directory`",
            parse: { text, _ in
                guard text.hasPrefix("https://"), let url = URL(string: text), url.host() != nil else {
                    return nil
                }
                return text
            },
            show: { $0 })
    }
}
