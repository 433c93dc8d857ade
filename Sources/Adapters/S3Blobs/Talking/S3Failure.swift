import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OCI
import ServerKit
import TLSKit
import XMLKit

/// Why a bucket did not do what it was asked.
enum S3Failure: Error, Sendable {
    /// It answered with this status and, where it told, S3's own code and words.
    case refused(status: Int, code: String, message: String)
    /// Nothing that can be read came back within the time.
    case away(String, isTimeout: Bool)
    /// What came back is not what S3 says.
    case senseless(String)

    private static let wordsMax = 300

    /// Reads the answer that S3 gives when it refuses: a document with a code, or nothing but a status.
    init(status: Int, body: ByteBuffer) {
        let root = try? XMLReader.root(of: Array(body.readableBytesView.prefix(64 << 10)))
        let isError = root?.name.local == "Error"
        let code = isError ? root?.text("Code") ?? "" : ""
        let message = isError ? root?.text("Message") ?? "" : ""
        self = .refused(
            status: status, code: Self.plain(code, 64), message: Self.plain(message, Self.wordsMax))
    }

    /// What a server says, without what would spoil a line of the log.
    private static func plain(_ text: String, _ count: Int) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
                .prefix(count))
    }

    /// Whether the key, and not the bucket, is not there.
    var isMissing: Bool {
        guard case .refused(404, let code, _) = self else { return false }
        return code != "NoSuchBucket"
    }

    /// Whether an upload in parts is not there.
    var isGone: Bool {
        guard case .refused(404, let code, _) = self else { return false }
        return code == "NoSuchUpload"
    }

    /// Whether what was asked for on a condition is no longer so.
    var isChanged: Bool {
        guard case .refused(let status, let code, _) = self else { return false }
        return status == 412 || code == "PreconditionFailed" || code == "ConditionalRequestConflict"
    }

    /// Whether the server does not know the condition, rather than that it does not hold.
    var isUnknownCondition: Bool {
        guard case .refused(let status, let code, _) = self else { return false }
        return status == 501 || code == "NotImplemented" || status == 400 && code == "InvalidArgument"
    }

    /// Whether the same question may have a better answer soon.
    var isPassing: Bool {
        switch self {
        case .refused(let status, let code, _):
            let codes = [
                "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted",
            ]
            return [429, 500, 502, 503, 504].contains(status) || codes.contains(code)
        case .away: return true
        case .senseless: return false
        }
    }

    var kind: StoreError.Kind {
        guard case .refused(let status, let code, _) = self else { return .unavailable }
        if ["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"].contains(code) || status == 507 {
            return .full
        }
        if isMissing { return .missing }
        if isChanged { return .conflict }
        if isPassing || status == 403 || status == 401 || code == "NoSuchBucket" { return .unavailable }
        return .failed
    }

    /// A sentence for the operator.
    var words: String {
        switch self {
        case .away(let words, _), .senseless(let words): return words
        case .refused(let status, let code, let message):
            let told = [code, message].filter { !$0.isEmpty }.joined(separator: ": ")
            return "it answers \(status)\(told.isEmpty ? "" : ", \(told)")\(Self.cure(code, status))"
        }
    }

    private static func cure(_ code: String, _ status: Int) -> String {
        switch code {
        case "RequestTimeTooSkewed":
            " (the clock of this machine and that of S3 differ by too much: set the clock)"
        case "SignatureDoesNotMatch": " (s3.secret_key_file does not hold the secret of this key)"
        case "InvalidAccessKeyId": " (it does not know the key in s3.access_key_file)"
        case "ExpiredToken", "InvalidToken": " (the keys were for a while, which is over: give it new ones)"
        case "NoSuchBucket": " (make the bucket, or mend s3.bucket)"
        case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
            " (see s3.region and s3.endpoint: the bucket is somewhere else)"
        case "AccessDenied":
            " (the key needs to list the bucket, and to get, put and delete what is in it)"
        case "" where status == 403: " (the key may be wrong, or may not list the bucket)"
        default: ""
        }
    }

    /// What kept an answer from coming; without headers and addresses, which hold signatures.
    init(_ error: any Error, time: Duration) {
        switch error {
        case let error as HTTPClientError where Self.timeouts.contains(error):
            self = .away("it has not answered within \(time)", isTimeout: true)
        case let error as HTTPClientError:
            self = .away("it cannot be reached: \(error.shortDescription)", isTimeout: false)
        case is ResponseAccumulator.ResponseTooBigError: self = .senseless("its answer is too long")
        case is HTTPParserError: self = .senseless("its answer is no HTTP: \(error)")
        default:
            let words = ClientTLS.words(error) ?? "\(error)"
            self = .away("it cannot be reached: \(words.prefix(Self.wordsMax))", isTimeout: false)
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout,
    ]
}

extension XMLElement {
    /// The first element of this name inside, whatever its namespace: servers differ there.
    func child(_ local: String) -> XMLElement? { children.first { $0.name.local == local } }
    func children(_ local: String) -> [XMLElement] { children.filter { $0.name.local == local } }
    func text(_ local: String) -> String? { child(local)?.text }
}
