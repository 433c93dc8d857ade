import Almanac
import FoundationEssentials
import NIOHTTP1
import ServerKit

/// Requests to Google's Calendar API with an access token.
struct GoogleTalk: Sendable {
    /// One call, sent alone or as a part of a batch.
    struct Call: Sendable {
        let method: HTTPMethod
        /// Below the API's root, with its query: `calendars/x/events?maxResults=250`.
        let path: String
        var body: [UInt8]?
        var ifMatch: String?
    }

    struct Answer: Sendable {
        let status: Int
        let body: [UInt8]
        let retryAfter: Int?

        func decoded<Value: Decodable>(_ type: Value.Type) throws(CalendarServerError) -> Value {
            do {
                return try JSONDecoder().decode(type, from: Data(body))
            } catch {
                throw CalendarServerError(.misunderstood, "google sent an answer that is no \(type)")
            }
        }
    }

    let web: WebClient
    let access: GoogleAccess
    /// Without a slash at its end, `https://www.googleapis.com`.
    let root: String

    private var apiPath: String { "/calendar/v3/" }

    /// Sends one call. A token that has ended meanwhile is replaced once.
    func send(_ call: Call) async throws(CalendarServerError) -> Answer {
        let answer = try await authorized { token throws(CalendarServerError) in
            try await web.send(
                call.method, root + apiPath + call.path, headers: headers(of: call, token: token),
                body: call.body,
                label: "google")
        }
        return Answer(status: answer.status, body: answer.bytes, retryAfter: answer.retryAfter)
    }

    /// Sends several calls at once, at most 50; the answers are in the order of the calls.
    func send(batch calls: [Call]) async throws(CalendarServerError) -> [Answer] {
        guard calls.count > 1 else {
            var answers: [Answer] = []
            for call in calls { answers.append(try await send(call)) }
            return answers
        }
        let batch = GoogleBatch(calls: calls, pathPrefix: apiPath)
        let answer = try await authorized { token throws(CalendarServerError) in
            try await web.send(
                .POST, root + "/batch/calendar/v3",
                headers: ["Authorization": "Bearer \(token.revealed)", "Content-Type": batch.contentType],
                body: batch.body, label: "google")
        }
        guard answer.status == 200 else {
            throw Self.error(
                Answer(status: answer.status, body: answer.bytes, retryAfter: answer.retryAfter),
                doing: "writing")
        }
        return try batch.answers(
            in: answer.bytes, contentType: answer.headers.first(name: "Content-Type") ?? "",
            retryAfter: answer.retryAfter)
    }

    private func headers(of call: Call, token: Secret) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "Authorization": "Bearer \(token.revealed)", "Accept": "application/json",
        ]
        if call.body != nil { headers.add(name: "Content-Type", value: "application/json; charset=utf-8") }
        if let ifMatch = call.ifMatch { headers.add(name: "If-Match", value: ifMatch) }
        return headers
    }

    private func authorized(
        _ send: (Secret) async throws(CalendarServerError) -> WebClient.Answer
    ) async throws(CalendarServerError) -> WebClient.Answer {
        let token = try await access.token()
        let answer = try await send(token)
        guard answer.status == 401 else { return answer }
        return try await send(try await access.token(rejected: token))
    }
}

extension GoogleTalk {
    /// What a refusal means (Calendar API, "Handle API errors").
    static func error(_ answer: Answer, doing: String) -> CalendarServerError {
        let problem = (try? JSONDecoder().decode(Problem.self, from: Data(answer.body)))?.error
        let reason = problem?.errors?.first?.reason ?? ""
        let text =
            "\(doing): google answers \(answer.status) \(reason) \(problem?.message?.prefix(200) ?? "")"
        return CalendarServerError(
            kind(answer.status, reason), text.trimmed, retryAfter: answer.retryAfter)
    }

    private static func kind(_ status: Int, _ reason: String) -> CalendarServerError.Kind {
        switch (status, reason) {
        case (401, _), (403, "insufficientPermissions"), (403, "accessNotConfigured"): .unauthorized
        case (403, "rateLimitExceeded"), (403, "userRateLimitExceeded"), (403, "quotaExceeded"),
            (403, "calendarUsageLimitsExceeded"), (403, "dailyLimitExceeded"), (429, _), (500..., _):
            .unavailable
        case (404, _), (409, _), (410, _), (412, _): .conflict
        default: .refused
        }
    }

    private struct Problem: Decodable {
        struct Body: Decodable {
            struct Item: Decodable { let reason: String? }

            let message: String?
            let errors: [Item]?
        }

        let error: Body
    }
}
