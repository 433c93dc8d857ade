/// A failure that a registry client may see: a code of the distribution spec and a sentence about this case.
///
/// `detail` goes to the client. What only the operator may see (paths, SQL, peers) belongs in the log.
package struct OCIError: Error, Hashable, Sendable {
    /// The error codes of the distribution spec (section "Error Codes"), and those of Docker's registry
    /// beside them.
    package enum Code: String, Sendable, CaseIterable {
        case blobUnknown = "BLOB_UNKNOWN"
        case blobUploadInvalid = "BLOB_UPLOAD_INVALID"
        case blobUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
        case digestInvalid = "DIGEST_INVALID"
        case manifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
        case manifestInvalid = "MANIFEST_INVALID"
        case manifestUnknown = "MANIFEST_UNKNOWN"
        case nameInvalid = "NAME_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case sizeInvalid = "SIZE_INVALID"
        case tagInvalid = "TAG_INVALID"
        case unauthorized = "UNAUTHORIZED"
        case denied = "DENIED"
        case unsupported = "UNSUPPORTED"
        case tooManyRequests = "TOOMANYREQUESTS"
        case paginationNumberInvalid = "PAGINATION_NUMBER_INVALID"
        case unavailable = "UNAVAILABLE"
        case unknown = "UNKNOWN"
    }

    package let code: Code
    package let detail: String
    /// What clients print: the code's own words, unless this case needs others.
    package let message: String

    package init(_ code: Code, _ detail: String, message: String? = nil) {
        self.code = code
        self.detail = detail
        self.message = message ?? code.message
    }
}

extension OCIError.Code {
    /// The short, constant sentence that belongs to the code; the words Docker prints after `denied:` and its
    /// like.
    package var message: String {
        switch self {
        case .blobUnknown: "blob unknown to registry"
        case .blobUploadInvalid: "blob upload invalid"
        case .blobUploadUnknown: "blob upload unknown to registry"
        case .digestInvalid: "provided digest did not match uploaded content"
        case .manifestBlobUnknown: "manifest references a manifest or blob unknown to registry"
        case .manifestInvalid: "manifest invalid"
        case .manifestUnknown: "manifest unknown"
        case .nameInvalid: "invalid repository name"
        case .nameUnknown: "repository name not known to registry"
        case .sizeInvalid: "provided length did not match content length"
        case .tagInvalid: "manifest tag did not match URI"
        case .unauthorized: "authentication required"
        case .denied: "requested access to the resource is denied"
        case .unsupported: "the operation is unsupported"
        case .tooManyRequests: "too many requests"
        case .paginationNumberInvalid: "invalid number of results requested"
        case .unavailable: "the service is unavailable for a moment"
        case .unknown: "unknown error"
        }
    }
}
