package import HTTPKit
import Synchronization

/// What the door does with those who come: what answers them, whom it believes, what it puts up with.
///
/// It is replaced as a whole while the door is open. A connection is set up as things stand when it comes; a request is
/// answered to its end by what stood when it began.
package final class EdgeDesk: Sendable {
    private struct Standing: Sendable {
        /// Counts how often it has been replaced.
        let edition: Int
        let configuration: EdgeConfiguration
        /// One for each listener.
        let responders: [EdgeResponder]
    }

    let connections: ConnectionTable
    private let requests: RequestTable
    private let standing: Mutex<Standing>

    /// - Parameters:
    ///   - faces: what answers where a listener has no faces of its own.
    ///   - tenure: ends when the last request has been answered by these faces.
    package init(_ configuration: EdgeConfiguration, faces: [any Face], tenure: Tenure? = nil) {
        connections = ConnectionTable(configuration.terms)
        let requests = RequestTable(countMax: configuration.limits.requests)
        self.requests = requests
        standing = Mutex(Self.standing(configuration, faces, tenure, requests, edition: 0))
    }

    /// Counts for connections and requests from now on. Where the door listens, and which certificates are shown there,
    /// stays as it was.
    ///
    /// To be called by one at a time.
    ///
    /// - Parameter configuration: its listeners are those from before, each with the faces that it has from now on.
    package func replace(with configuration: EdgeConfiguration, faces: [any Face], tenure: Tenure? = nil) {
        let new = Self.standing(configuration, faces, tenure, requests, edition: edition + 1)
        connections.use(configuration.terms)
        requests.use(countMax: configuration.limits.requests)
        // What it held goes outside the lock.
        let old = standing.withLock { standing in
            precondition(standing.responders.count == new.responders.count, "the listeners stay")
            defer { standing = new }
            return standing
        }
        withExtendedLifetime(old) {}
    }

    var edition: Int { standing.withLock(\.edition) }
    var configuration: EdgeConfiguration { standing.withLock(\.configuration) }
    var limits: EdgeConfiguration.Limits { standing.withLock(\.configuration.limits) }

    /// Who answers at a listener now.
    func responder(at index: Int) -> EdgeResponder { standing.withLock { $0.responders[index] } }

    private static func standing(
        _ configuration: EdgeConfiguration, _ faces: [any Face], _ tenure: Tenure?, _ requests: RequestTable,
        edition: Int
    ) -> Standing {
        Standing(
            edition: edition, configuration: configuration,
            responders: configuration.listeners.map { listener in
                EdgeResponder(
                    faces: listener.faces ?? faces, trustedProxies: configuration.trustedProxies,
                    addressHeader: configuration.addressHeader, nameHeader: configuration.nameHeader,
                    isSecure: listener.certificates != nil,
                    headers: configuration.headers, requests: requests,
                    doorkeeper: configuration.doorkeeper, tenure: tenure)
            })
    }
}

/// How long something is answered by: from its beginning until the last request that began with it has its answer.
package final class Tenure: Sendable {
    private let onEnd: @Sendable () -> Void

    /// - Parameter onEnd: called once, wherever the last answer ended; it must not wait.
    package init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }

    deinit { onEnd() }
}

extension EdgeConfiguration {
    fileprivate var terms: ConnectionTable.Terms {
        ConnectionTable.Terms(
            perAddressMax: limits.connectionsPerAddress, exempt: trustedProxies, doorkeeper: doorkeeper)
    }
}
