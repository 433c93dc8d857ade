import Accounts
import HTTPKit
import HTTPTypes
import Hummingbird
import OCI
import Registry
import ServerKit

/// An answer that is not what the client hoped for: a status, errors in the form of the distribution spec
/// ("Error Codes"), and header fields that help.
struct Failure: Error, Sendable {
    var status: HTTPResponse.Status
    var errors: [OCIError]
    var headers: HTTPFields = [:]
    /// What stands in `detail` instead of the first error's sentence: the access that was asked for.
    var accessDetail: [AccessDetail]?

    init(_ error: OCIError, status: HTTPResponse.Status? = nil, headers: HTTPFields = [:]) {
        self.status = status ?? error.code.status
        self.errors = [error]
        self.headers = headers
        if self.status == .tooManyRequests, headers[.retryAfter] == nil { self.headers[.retryAfter] = "5" }
    }

    /// Says by which identifier the operator finds the request.
    mutating func mention(request id: String) {
        errors = errors.map { OCIError($0.code, "\($0.detail) (request \(id))") }
    }

    /// One access that a challenge asks for, as Docker's registry writes it.
    struct AccessDetail: Encodable, Sendable, Hashable {
        let type: String
        let name: String
        let action: String

        private enum CodingKeys: String, CodingKey {
            case type = "Type"
            case name = "Name"
            case action = "Action"
        }
    }
}

extension OCIError.Code {
    /// The status that goes with a code. There is no default: a new code has to choose.
    var status: HTTPResponse.Status {
        switch self {
        case .blobUnknown, .blobUploadUnknown, .manifestUnknown, .manifestBlobUnknown, .nameUnknown: .notFound
        case .blobUploadInvalid, .digestInvalid, .manifestInvalid, .nameInvalid, .sizeInvalid, .tagInvalid,
            .paginationNumberInvalid:
            .badRequest
        case .unauthorized: .unauthorized
        case .denied: .forbidden
        case .unsupported: .methodNotAllowed
        case .tooManyRequests: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .unknown: .internalServerError
        }
    }
}

/// The one place where what was thrown becomes an answer.
extension Failure {
    /// What a client may know of an error; nil when that is nothing, which is then the log's.
    init?(explaining error: any Error) {
        switch error {
        case let failure as Failure:
            self = failure
        case let error as OCIError:
            self.init(error)
        case let missing as MissingReferences:
            self.init(missing: missing.digests)
        case let refusal as PolicyRefusal:
            // Clients show the message and not the detail, so the sentence is both.
            self.init(OCIError(.denied, "\(refusal)", message: "\(refusal)"))
        case let tooMany as TooManyTags:
            self.init(
                OCIError(.tagInvalid, "one push sets at most \(tooMany.limit) tags"), status: .uriTooLong)
        case let tooLarge as BlobTooLarge:
            self.init(
                OCIError(.sizeInvalid, "a blob has at most \(tooLarge.limit) bytes"), status: .contentTooLarge
            )
        case let mismatch as UploadOffsetMismatch:
            self.init(
                OCIError(.blobUploadInvalid, mismatch.detail), status: .rangeNotSatisfiable,
                headers: [.range: UploadRange.text(size: mismatch.size)])
        case is BodyInterrupted:
            self.init(
                OCIError(.sizeInvalid, "the body broke off; what came of it is kept if it was an upload"))
        case let error as StoreError:
            self.init(store: error)
        case is SignInError:
            self.init(
                OCIError(.unavailable, "access rights cannot be looked up for a moment"),
                headers: [.retryAfter: "1"])
        default:
            return nil
        }
    }

    /// The first missing references by name, and how many more there are.
    private init(missing digests: [Digest]) {
        let shown = digests.prefix(50)
        self.init(OCIError(.manifestBlobUnknown, ""))
        errors = shown.map { digest in
            OCIError(.manifestBlobUnknown, "the repository does not hold \(digest): push it first")
        }
        if shown.count < digests.count {
            errors.append(OCIError(.manifestBlobUnknown, "and \(digests.count - shown.count) more"))
        }
    }

    /// What the store says is the operator's; the client hears what it can do.
    private init(store error: StoreError) {
        switch error.kind {
        case .unavailable:
            self.init(
                OCIError(.unavailable, "the registry is busy: try again in a moment"),
                headers: [.retryAfter: "1"])
        case .full:
            self.init(
                OCIError(
                    .unavailable,
                    "the registry's disk is full and nothing of this was stored: pulls go on; its operator makes room by "
                        + "deleting what is not needed and `homeport gc`, or with a larger disk; then push again"
                ),
                status: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"))
        case .missing, .conflict, .refused, .damaged, .failed:
            self.init(OCIError(.unknown, "something went wrong here; the operator's log has more"))
        }
    }

    /// The answer, its errors as JSON.
    func response() throws -> Response {
        let items = errors.enumerated().map { index, error in
            ErrorBody.Item(error, access: index == 0 ? accessDetail : nil)
        }
        return try .json(ErrorBody(errors: items), status: status, headers: headers)
    }
}

/// `{"errors":[{"code","message","detail"}]}`
private struct ErrorBody: Encodable {
    let errors: [Item]

    struct Item: Encodable {
        let error: OCIError
        let access: [Failure.AccessDetail]?

        init(_ error: OCIError, access: [Failure.AccessDetail]?) {
            self.error = error
            self.access = access
        }

        private enum CodingKeys: String, CodingKey {
            case code, message, detail
        }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: CodingKeys.self)
            try fields.encode(error.code.rawValue, forKey: .code)
            try fields.encode(error.message, forKey: .message)
            if let access {
                try fields.encode(access, forKey: .detail)
            } else {
                try fields.encode(error.detail, forKey: .detail)
            }
        }
    }
}
