import Metrics

/// Every number about sign-ins by browser.
enum BrowserMetrics {
    enum Outcome: String, CaseIterable {
        case signedIn = "signed_in"
        case refused
        case unavailable
        /// A provider has vouched again.
        case confirmed
        case left
        case mustSignIn = "must_sign_in"
    }

    /// Has every number of a provider shown from the beginning.
    static func begin(_ provider: String) {
        for outcome in Outcome.allCases { counter(provider, outcome).increment(by: 0) }
        people(0)
    }

    static func count(_ provider: String, _ outcome: Outcome) { counter(provider, outcome).increment() }

    static func people(_ count: Int) { Meter(label: "homeport_browser_people").set(count) }

    private static func counter(_ provider: String, _ outcome: Outcome) -> Counter {
        Counter(
            label: "homeport_browser_sign_ins_total",
            dimensions: [("provider", provider), ("outcome", outcome.rawValue)])
    }
}
