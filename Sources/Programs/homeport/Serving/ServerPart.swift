internal import Edge
internal import HTTPKit
internal import ServiceLifecycle

/// One of the services that the program can be: what a server runs of it.
protocol ServerPart: Sendable {
    /// What answers requests.
    var faces: [any Face] { get }
    /// What has to be well for it.
    var checks: [HealthFace.Check] { get }
    /// What runs beside answering, until the server stops.
    var services: [any Service] { get }

    /// Brings numbers up to date that are only known by asking.
    func measure()

    /// Lets go of what it holds, once nothing runs any more.
    func close() async throws
}

extension ServerPart {
    func measure() {}
    func close() async throws {}
}
