package import AsyncHTTPClient
import NIOCore
import NIOHTTPCompression

/// The client for servers of calendars: it follows no redirect by itself, for credentials would follow along,
/// and does not try for long to reach a server that is not there.
package enum CalendarClient {
    /// Whoever makes it shuts it down.
    package static func make() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .enabled(limit: .size(WebClient.answerMax))
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(30))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
