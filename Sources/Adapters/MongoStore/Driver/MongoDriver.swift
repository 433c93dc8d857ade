import CMongo
import Logging
import ServerKit

/// The official driver: connections to a MongoDB, and threads to wait for it on.
///
/// libmongoc's calls block, so they run on threads of their own. There are as many threads as connections: a
/// call that has a thread never waits for a connection, so the two cannot wait for each other.
final class MongoDriver: Sendable {
    // A mongoc_client_pool_t may be used from any thread; a client taken from it, from one at a time. It is
    // destroyed with this object, which every running call holds.
    private nonisolated(unsafe) let pool: OpaquePointer
    private let threads: BlockingThreads
    let database: String
    let timeout: Duration

    /// Makes ready to connect; nothing is sent yet.
    init(_ settings: MongoSettings) throws(StoreError) {
        _ = Self.library
        let uri = try MongoAddress.uri(settings)
        defer { mongoc_uri_destroy(uri) }
        var reason = bson_error_t()
        guard let pool = mongoc_client_pool_new_with_error(uri, &reason) else {
            throw StoreError(.failed, "MongoDB cannot be used: \(reason.words)")
        }
        mongoc_client_pool_set_error_api(pool, 2)
        mongoc_client_pool_max_size(pool, UInt32(settings.connections))
        self.pool = pool
        self.threads = BlockingThreads(
            count: settings.connections, queueMax: settings.connections * Self.waitingPerConnection)
        self.database = settings.database
        self.timeout = settings.timeout
    }

    deinit {
        // It waits for threads of its own, which may be waiting for a server.
        nonisolated(unsafe) let pool = pool
        let threads = threads
        Task { try? await threads.run { mongoc_client_pool_destroy(pool) } }
    }

    /// Runs `body` with a connection of its own, for as long as a call may take.
    ///
    /// When the time is over the call goes on by itself, until the driver's own limits end it, and its answer
    /// is nobody's: a change may then have been made.
    func call<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await withDeadline(timeout) { [self] in
                try await threads.run { [self] in try withClient(body) }
            }
        } catch let error as StoreError {
            throw StoreError(error.kind, "\(doing) (MongoDB): \(error.description)")
        } catch is DeadlineExceeded {
            throw StoreError(.unavailable, "\(doing): MongoDB has not answered in time")
        } catch {
            throw StoreError(error is CancellationError ? .unavailable : .failed, doing, cause: error)
        }
    }

    /// Like `call`, on the thread of the caller, which waits until the driver's own limits end it.
    func callHere<Value>(_ doing: String, _ body: (MongoClient) throws -> Value) throws(StoreError) -> Value {
        do {
            return try withClient(body)
        } catch let error as StoreError {
            throw StoreError(error.kind, "\(doing) (MongoDB): \(error.description)")
        } catch {
            throw StoreError(.failed, doing, cause: error)
        }
    }

    private func withClient<Value>(_ body: (MongoClient) throws -> Value) throws -> Value {
        guard let client = mongoc_client_pool_pop(pool) else {
            throw StoreError(.unavailable, "there is no connection")
        }
        defer { mongoc_client_pool_push(pool, client) }
        return try body(MongoClient(client, database: database, timeout: timeout))
    }

    private static let waitingPerConnection = 64

    /// Starts the library, once for the process.
    private static let library: Void = {
        mongoc_init()
        mongoc_log_set_handler(
            { level, domain, message, _ in
                guard level.rawValue <= MONGOC_LOG_LEVEL_WARNING.rawValue else { return }
                Logger(label: "homeport.mongodb").warning(
                    "the driver says",
                    metadata: [
                        "domain": "\(domain.map { String(cString: $0) } ?? "")",
                        "message": "\(message.map { String(cString: $0) } ?? "")",
                    ])
            }, nil)
    }()
}

extension bson_error_t {
    /// What went wrong. The driver names hosts and reasons, never credentials.
    var words: String {
        withUnsafePointer(to: self) { String(cString: homeport_bson_error_message($0)) }
    }
}
