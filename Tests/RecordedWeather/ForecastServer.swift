import Almanac
import CalendarPeers
package import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import TimeKit
import Weather

/// A weather service on this machine: answers what Open-Meteo is asked with a recording whose days have been
/// moved, so that the first of them is today.
package final class ForecastServer: Sendable {
    private struct State {
        var asked = 0
        var isFailing = false
        /// Hours, counted from the first, in which a storm blows.
        var storms: Set<Int> = []
        var isHeld = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let recording: Data

    package init() { recording = Data(InventedWeather.spring.openMeteo[0].utf8) }

    /// How often a forecast has been asked for.
    package var asked: Int { state.withLock { $0.asked } }

    /// Whether every question is answered with an error of the server.
    package var isFailing: Bool {
        get { state.withLock { $0.isFailing } }
        set { state.withLock { $0.isFailing = newValue } }
    }

    /// Has a storm blow in these hours, counted from the first of the recording.
    package func blow(in hours: Set<Int>) { state.withLock { $0.storms = hours } }

    /// Lets questions wait until `release`.
    package func hold() { state.withLock { $0.isHeld = true } }

    package func release() {
        let waiting = state.withLock { state in
            state.isHeld = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Serves while `body` runs.
    package func serve<Value: Sendable>(
        _ body: @Sendable @escaping (_ address: String) async throws -> Value
    ) async throws -> Value {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        var log = Logger(label: "forecast-server")
        log.logLevel = .critical
        let app = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                try await self.respond(to: request)
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                continuation.yield(channel.localAddress?.port ?? 0)
                continuation.finish()
            }, logger: log)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.runService(gracefulShutdownSignals: []) }
            var port: Int?
            for await number in ports { port = number }
            defer { release() }
            let value = try await body("http://127.0.0.1:\(port ?? 0)")
            group.cancelAll()
            return value
        }
    }

    private func respond(to request: Request) async throws -> Response {
        if request.uri.path == "/v1/search" { return place(named: request.uri.queryParameters["name"]) }
        guard request.uri.path == "/v1/forecast" else { return Response(status: .notFound) }
        let isHeld = state.withLock { state in
            state.asked += 1
            return state.isHeld
        }
        if isHeld { await wait() }
        guard !isFailing else { return Response(status: .internalServerError) }
        let body = try answer(now: Date())
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// Knows one town.
    private func place(named name: Substring?) -> Response {
        let york = """
            {"results":[{"id":1,"name":"York","latitude":53.95763,"longitude":-1.08271,"country":"United Kingdom",\
            "admin1":"England","timezone":"Europe/London"}],"generationtime_ms":0.4}
            """
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(
                byteBuffer: ByteBuffer(string: name == "York" ? york : #"{"generationtime_ms":0.4}"#)))
    }

    private func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isHeld { state.waiting.append(continuation) }
                return !state.isHeld
            }
            if isOver { continuation.resume() }
        }
    }

    /// The recording with its times counted in seconds from the beginning of today.
    private func answer(now: Date) throws -> Data {
        guard var answer = try JSONSerialization.jsonObject(with: recording) as? [String: Any],
            var hourly = answer["hourly"] as? [String: Any], let times = hourly["time"] as? [Any],
            var winds = hourly["wind_speed_10m"] as? [Any]
        else { throw CocoaError(.coderInvalidValue) }
        let today = Int(now.timeIntervalSince1970) / 86_400 * 86_400
        hourly["time"] = times.indices.map { today + $0 * 3600 }
        for hour in state.withLock({ $0.storms }) where winds.indices.contains(hour) { winds[hour] = 90 }
        hourly["wind_speed_10m"] = winds
        answer["hourly"] = hourly
        return try JSONSerialization.data(withJSONObject: answer)
    }
}

/// Makes the forecast that a program has kept as old as a test wants it.
package func ageForecast(of place: String, in data: String, by seconds: TimeInterval) throws {
    let file = URL(filePath: "\(data)/forecasts/\(place).forecast")
    guard let id = PlaceID(place), let somewhere = Place(id: id, name: place, latitude: 0, longitude: 0),
        let record = OutlookRecord(Array(try Data(contentsOf: file)), of: somewhere)
    else { throw CocoaError(.fileReadCorruptFile) }
    let aged = OutlookRecord(
        forecast: record.forecast, history: record.history,
        confirmed: record.confirmed.addingTimeInterval(-seconds),
        changed: record.changed.addingTimeInterval(-seconds), expires: nil, mark: record.mark)
    try Data(aged.bytes).write(to: file)
}
