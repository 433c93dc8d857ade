import HTTPTypes

/// What answers tell browsers to be careful about.
package struct SecurityHeaders: Sendable {
    /// How long a browser is to come by TLS only (RFC 6797); zero says nothing.
    package var strictTransportAge: Int
    /// Whether that holds for the names below, too.
    package var strictTransportSubdomains: Bool
    /// What pages may load and do, where a face has not said it more exactly.
    package var contentPolicy: String
    package var referrerPolicy: String

    package init(
        strictTransportAge: Int = 0, strictTransportSubdomains: Bool = false,
        contentPolicy: String =
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        referrerPolicy: String = "no-referrer"
    ) {
        self.strictTransportAge = strictTransportAge
        self.strictTransportSubdomains = strictTransportSubdomains
        self.contentPolicy = contentPolicy
        self.referrerPolicy = referrerPolicy
    }

    /// - Parameter isSecure: whether the client came by TLS; a browser ignores the first header otherwise.
    func add(to fields: inout HTTPFields, isSecure: Bool) {
        if isSecure, strictTransportAge > 0 {
            fields[.strictTransportSecurity] =
                "max-age=\(strictTransportAge)" + (strictTransportSubdomains ? "; includeSubDomains" : "")
        }
        fields[.xContentTypeOptions] = "nosniff"
        guard fields[.contentType]?.hasPrefix("text/html") == true else { return }
        setUnlessThere(&fields, .contentSecurityPolicy, contentPolicy)
        setUnlessThere(&fields, HTTPField.Name("Referrer-Policy")!, referrerPolicy)
        setUnlessThere(&fields, HTTPField.Name("X-Frame-Options")!, "DENY")
    }

    private func setUnlessThere(_ fields: inout HTTPFields, _ name: HTTPField.Name, _ value: String) {
        if fields[name] == nil, !value.isEmpty { fields[name] = value }
    }
}
