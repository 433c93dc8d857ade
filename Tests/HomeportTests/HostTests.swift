import Testing

@testable import homeport

/// Where clients are sent for their tokens.
@Suite struct HostTests {
    private func realm(_ settings: String) throws -> String? {
        let file = try TextFile(settings)
        return try LoadedConfiguration.load(file: file.path, environment: [:]).values.tokenRealm
    }

    @Test(
        arguments: [
            ("", nil), ("public_url: https://a.example", "https://a.example/auth/token"),
            ("hosts: {auth: [auth.example]}", "http://auth.example:5000/auth/token"),
            ("listen: 127.0.0.1:80\nhosts: {auth: [auth.example]}", "http://auth.example/auth/token"),
            (
                "tls: {listen: [':443']}\nacme: {names: [auth.example]}\nhosts: {auth: [auth.example]}",
                "https://auth.example/auth/token"
            ),
            (
                "tls: {listen: [':8443']}\nacme: {names: [auth.example]}\nhosts: {auth: [auth.example]}",
                "https://auth.example:8443/auth/token"
            ),
            (
                "public_url: https://a.example:444\nhosts: {auth: [auth.example, b.example]}",
                "https://auth.example:444/auth/token"
            ),
            (
                "public_url: https://a.example\nhosts: {auth: [auth.example]}",
                "https://auth.example/auth/token"
            ),
        ] as [(String, String?)])
    func theRealmFollowsFromTheNames(_ settings: String, _ expected: String?) throws {
        #expect(try realm(settings) == expected)
    }

    @Test(arguments: [
        ("acme: {names: [a.example]}", "acme.names: nobody is shown them"),
        ("tls: {listen: [':443']}", "tls.listen: there is nothing to show"),
        ("redirect: {listen: [':80']}", "redirect.listen: there is no TLS to be sent to"),
        ("tls: {listen: [':443']}\nacme: {names: ['*.a.example']}", "give wildcards by DNS only"),
        (
            "tls: {listen: [':443']}\nacme: {names: [127.0.0.1]}",
            "`127.0.0.1` cannot be taken; expected the name of a host"
        ),
        ("tls: {listen: [':443']}\nacme: {names: [a.example, A.example]}", "acme.names: names a host twice"),
        ("tls: {listen: [':443']}\nacme: {names: [a.example], directory: 'http://x'}", "acme.directory:"),
        ("tls: {listen: [':443']}\nacme: {names: [a.example], eab_kid: x}", "belong together"),
        ("tls: {certificates: [{certificate_file: a}]}", "tls.certificates[0].key_file: is missing"),
        ("headers: {hsts_subdomains: true}", "says nothing without `headers.hsts_age`"),
        ("headers: {referrer_policy: \"a\\r\\nb\"}", "expected visible ASCII characters"),
    ])
    func whatContradictsItselfIsSaid(_ settings: String, _ message: String) throws {
        let file = try TextFile(settings)
        let error = #expect(throws: ConfigurationError.self) {
            try LoadedConfiguration.load(file: file.path, environment: [:])
        }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
}
