import CMongo
import ServerKit

extension StoreError {
    /// What an error of the driver or of a server means to callers.
    init(_ reason: bson_error_t) {
        let domain = reason.domain
        let isAnswer =
            domain == UInt32(MONGOC_ERROR_SERVER.rawValue)
            || domain == UInt32(MONGOC_ERROR_WRITE_CONCERN.rawValue)
        let kind = isAnswer ? Self.kind(ofCode: Int64(reason.code)) : .unavailable
        self.init(kind, "\(reason.words) (\(domain).\(reason.code))")
    }

    /// What a server says of a write that it has looked at; nil when all of it was done.
    init?(reply: BSONDocument) {
        if case .array(let errors)? = reply["writeErrors"], case .document(let first)? = errors.first {
            let code = first["code"]?.wholeNumber ?? 0
            self.init(Self.kind(ofCode: code), Self.words(first, code))
        } else if case .document(let concern)? = reply["writeConcernError"] {
            let code = concern["code"]?.wholeNumber ?? 0
            self.init(.unavailable, "the change may not last: \(Self.words(concern, code))")
        } else {
            return nil
        }
    }

    /// A message of a duplicate names the value, which was the caller's; other messages speak of commands.
    private static func words(_ error: BSONDocument, _ code: Int64) -> String {
        guard !duplicates.contains(code) else { return "there is one already" }
        guard case .string(let text)? = error["errmsg"] else { return "error \(code)" }
        return "\(text) (\(code))"
    }

    private static func kind(ofCode code: Int64) -> Kind {
        if duplicates.contains(code) { return .conflict }
        return passing.contains(code) ? .unavailable : .failed
    }

    private static let duplicates: Set<Int64> = [11_000, 11_001, 12_582]

    /// Codes after which the same call may succeed: servers that stop, change roles, or cannot be reached by each
    /// other, and time that is over.
    private static let passing: Set<Int64> = [
        6, 7, 50, 64, 89, 91, 112, 134, 189, 262, 317, 358, 384, 9001, 10_107, 11_600, 11_602, 13_435, 13_436,
    ]
}
