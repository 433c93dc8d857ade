import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import ServerKit
import Synchronization
import TLSKit

/// One question to a bucket.
struct S3Request: Sendable {
    enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    let method: Method
    /// Nil for a question about the bucket.
    let key: String?
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var body: ByteBuffer?
    /// The hash of the body in hex, where it is known already.
    var payload: String?
    /// The most that is read of the answer, in bytes.
    var answerMax = 4 << 20
    /// How much the server has to move for it, which takes time.
    var weight = 0

    init(_ method: Method, _ key: String?) {
        self.method = method
        self.key = key
    }
}

struct S3Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: ByteBuffer
}

/// Asks a bucket: signed, with limits on time and size, again where that does no harm.
///
/// Redirects are not followed: a signature is for one place.
final class S3Client: Sendable {
    let settings: S3Settings
    private let client: HTTPClient
    private let now: @Sendable () -> Date
    /// Until when calls that hold up others do not even try, because the last has found nobody.
    private let awayUntil = Mutex<ContinuousClock.Instant?>(nil)

    /// How often a question is put at most.
    private static let attemptsMax = 4
    private static let pauses: [Duration] = [.milliseconds(50), .milliseconds(400), .seconds(2)]
    /// How long a call may take that holds up others.
    private static let urgentTime = Duration.seconds(5)
    private static let awayTime = Duration.seconds(3)

    /// Reads the file of the authorities, if there is one.
    init(_ settings: S3Settings, now: @escaping @Sendable () -> Date) throws(StoreError) {
        self.settings = settings
        self.now = now
        do {
            let tls = settings.endpoint.isSecure ? try settings.tls.configuration(now: now()) : nil
            var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
            configuration.redirectConfiguration = .disallow
            configuration.httpVersion = .http1Only
            configuration.timeout.connect = TimeAmount(settings.connectTime)
            configuration.connectionPool.idleTimeout = .seconds(15)
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connections
            client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        } catch {
            throw StoreError(.failed, "the certificates for asking S3 cannot be taken", cause: error)
        }
    }

    deinit {
        let client = client
        Task { try? await client.shutdown() }
    }

    /// Puts a question. Throws for every status that is not one of success.
    func ask(_ request: S3Request) async throws(S3Failure) -> S3Answer {
        var attempt = 0
        while true {
            do {
                let time =
                    settings.time + .seconds(max(request.weight, request.body?.readableBytes ?? 0) >> 20)
                return try await answer(to: request, within: time)
            } catch {
                // Who has been waited for once in vain is not waited for three times.
                guard error.isPassing, attempt < (error.isTimeout ? 1 : Self.attemptsMax - 1) else {
                    throw error
                }
                let pause = Self.pauses[min(attempt, Self.pauses.count - 1)]
                attempt += 1
                S3Metrics.repeated()
                do {
                    try await ContinuousClock().sleep(for: pause * Double.random(in: 0.5...1.5))
                } catch {
                    throw .away("waiting was given up", isTimeout: false)
                }
            }
        }
    }

    private func answer(to request: S3Request, within time: Duration) async throws(S3Failure) -> S3Answer {
        let start = ContinuousClock.now
        let result: Result<HTTPClient.Response, any Error>
        do {
            let task = try send(request, within: time)
            result = .success(
                try await withTaskCancellationHandler {
                    try await task.futureResult.get()
                } onCancel: {
                    task.cancel()
                })
        } catch {
            result = .failure(error)
        }
        return try conclude(result, request, start, within: time)
    }

    /// Puts a question from a thread that may block, while somebody waits with a lock in hand: at most twice, and not
    /// at all when the server was found away a moment ago.
    func askNow(_ request: S3Request) throws(S3Failure) -> S3Answer {
        if let until = awayUntil.withLock(\.self), ContinuousClock.now < until {
            throw .away("it could not be reached a moment ago", isTimeout: false)
        }
        let time = min(settings.time, Self.urgentTime)
        do {
            return try answerNow(to: request, within: time)
        } catch {
            guard error.isPassing, !error.isTimeout else { throw error }
            S3Metrics.repeated()
            return try answerNow(to: request, within: time)
        }
    }

    private func answerNow(to request: S3Request, within time: Duration) throws(S3Failure) -> S3Answer {
        let start = ContinuousClock.now
        let result = Result { try send(request, within: time).futureResult.wait() }
        return try conclude(result, request, start, within: time)
    }

    private func conclude(
        _ result: Result<HTTPClient.Response, any Error>, _ request: S3Request,
        _ start: ContinuousClock.Instant, within time: Duration
    ) throws(S3Failure) -> S3Answer {
        do throws(S3Failure) {
            let response: HTTPClient.Response
            switch result {
            case .success(let value): response = value
            case .failure(let error): throw S3Failure(error, time: time)
            }
            awayUntil.withLock { $0 = nil }
            let status = Int(response.status.code)
            let body = response.body ?? ByteBuffer()
            guard (200..<300).contains(status) else { throw S3Failure(status: status, body: body) }
            S3Metrics.answered(request.method, nil, took: start.duration(to: .now))
            return S3Answer(status: status, headers: response.headers, body: body)
        } catch {
            if case .away = error { awayUntil.withLock { $0 = ContinuousClock.now + Self.awayTime } }
            S3Metrics.answered(request.method, error, took: start.duration(to: .now))
            throw error
        }
    }

    private func send(_ request: S3Request, within time: Duration) throws
        -> HTTPClient.Task<HTTPClient.Response>
    {
        let (url, headers) = signed(request)
        let outgoing = try HTTPClient.Request(
            url: url, method: HTTPMethod(rawValue: request.method.rawValue), headers: headers,
            body: request.body.map { .byteBuffer($0) })
        return client.execute(
            request: outgoing,
            delegate: ResponseAccumulator(request: outgoing, maxBodySize: request.answerMax),
            deadline: .now() + TimeAmount(time))
    }

    // MARK: Addresses and signatures

    /// The address of a question and the headers that go with it, signed at this moment.
    func signed(_ request: S3Request) -> (url: String, headers: HTTPHeaders) {
        let payload = request.payload ?? Signature.hash(of: request.body ?? ByteBuffer())
        let signature = Signature(keys: settings.keys, region: settings.region, at: now())
        let path = path(of: request.key)
        var fields = request.headers
        fields += [("host", host), ("x-amz-content-sha256", payload), ("x-amz-date", signature.moment)]
        if let token = settings.keys.token { fields.append(("x-amz-security-token", token.revealed)) }
        let authorization = signature.authorization(
            request.method.rawValue, path, query: request.query, headers: fields, payload: payload)
        var headers = HTTPHeaders(fields)
        headers.add(name: "authorization", value: authorization)
        headers.add(name: "user-agent", value: "Homeport")
        let query = URLText.query(request.query)
        let url = "\(settings.endpoint.scheme)://\(host)\(path)\(query.isEmpty ? "" : "?\(query)")"
        return (url, headers)
    }

    /// An address by which whoever has it may get an object for a while, and do nothing else.
    func address(of key: String) -> String {
        let signature = Signature(keys: settings.keys, region: settings.region, at: now())
        let path = path(of: key)
        let query = signature.presigned(
            "GET", path, host: host, seconds: settings.addressTime.components.seconds)
        return "\(settings.endpoint.scheme)://\(host)\(path)?\(query)"
    }

    private var host: String {
        settings.usesPathStyle
            ? settings.endpoint.authority : "\(settings.bucket).\(settings.endpoint.authority)"
    }

    private func path(of key: String?) -> String {
        let bucket = settings.usesPathStyle ? "/\(URLText.encode(settings.bucket))" : ""
        return "\(bucket)/\(key.map { URLText.encode($0, keepingSlashes: true) } ?? "")"
    }
}

extension S3Failure {
    fileprivate var isTimeout: Bool {
        if case .away(_, true) = self { true } else { false }
    }
}
