internal import Edge
internal import HTTPKit

/// One of the services that the program can be: what a server runs of it.
protocol ServerPart: Sendable {
    /// What answers requests.
    var faces: [any Face] { get }
    /// What has to be well for it.
    var checks: [HealthFace.Check] { get }
    /// What runs beside answering.
    var engines: [Engine] { get }

    /// Brings numbers up to date that are only known by asking.
    func measure()
}

extension ServerPart {
    func measure() {}
}
