import Access
import Accounts
import Almanac
import AsyncHTTPClient
import Contracts
import Edge
import FeedAPI
import Foundation
import HTTPKit
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import RecordedWeather
import ServerKit
import ServiceLifecycle
import Synchronization

/// The face behind a real door, over a recorded forecast and accounts in memory.
final class FeedDoor: Sendable {
    let office: RecordedOffice
    let accounts: AccountServices
    let address: String

    private init(office: RecordedOffice, accounts: AccountServices, port: Int) {
        self.office = office
        self.accounts = accounts
        self.address = "http://127.0.0.1:\(port)"
    }

    /// Serves while `body` runs.
    ///
    /// - Parameter alter: changes the calendars that the place has anyway.
    static func open<Value: Sendable>(
        _ office: RecordedOffice, publicURL: String? = "https://weather.example.com",
        alter: (inout [CalendarPlan]) -> Void = { _ in },
        _ body: @Sendable @escaping (FeedDoor) async throws -> Value
    ) async throws -> Value {
        var calendars = office.plan.usualCalendars
        alter(&calendars)
        let threads = BlockingThreads(count: 1, queueMax: 16)
        var accountSettings = AccountServices.Settings(issuer: .init(issuer: "homeport"), services: ["test"])
        accountSettings.hashCost = 8
        let accounts = AccountServices(
            AccountStores(InMemoryAccounts()), settings: accountSettings, threads: threads,
            now: { office.now })
        let settings = FeedSettings(publicURL: publicURL, calendars: calendars, now: { office.now })
        let face = FeedFace(office: office.office, settings: settings, tokens: accounts.tokens)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = EdgeServer(
            configuration: EdgeConfiguration(
                address: .hostname("127.0.0.1", port: 0),
                limits: .init(connections: 3000, connectionsPerAddress: 3000)), faces: [face]
        ) { address in
            continuation.yield(address.port ?? 0)
            continuation.finish()
        }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await server.run() }
            var port: Int?
            for await number in ports { port = number }
            let door = FeedDoor(office: office, accounts: accounts, port: port ?? 0)
            let value = try await body(door)
            tasks.cancelAll()
            return value
        }
    }

    /// Shows answers as they came, compressed or not.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.decompression = .disabled
        // A thousand at once wait for a connection, on a busy machine for longer than the default.
        configuration.timeout.connect = .seconds(60)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        subscript(header: String) -> String? { headers.first(name: header) }
    }

    func get(_ path: String, _ headers: HTTPHeaders = [:], method: HTTPMethod = .GET) async throws -> Answer {
        var request = HTTPClientRequest(url: address + path)
        request.method = method
        request.headers = headers
        let response = try await Self.client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 8 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
    }
}
