import HTTPKit
import HTTPTypes
import Hummingbird

/// Why a request is not even looked at, in the form that whoever sent it reads: what asks a registry shows a person
/// the sentence only where it stands as the distribution spec has it.
struct Refusal {
    let status: HTTPResponse.Status
    /// As the distribution spec names it.
    let code: String
    let sentence: String

    func response(to request: Request) -> Response {
        let isForRegistry = request.uri.path == "/v2" || request.uri.path.hasPrefix("/v2/")
        let body = Body(errors: [.init(code: code, message: sentence)])
        // Texts alone cannot fail to be written.
        if isForRegistry, let response = try? Response.json(body, status: status) { return response }
        return .text(sentence + "\n", status: status)
    }

    private struct Body: Encodable {
        struct Item: Encodable {
            let code: String
            let message: String
        }

        let errors: [Item]
    }
}
