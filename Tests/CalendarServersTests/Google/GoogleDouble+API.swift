import Crypto
import Foundation

extension GoogleDouble {
    func answer(_ call: APICall) -> Reply {
        withState { state in
            state.calls.append(call.name)
            if let index = state.failures.firstIndex(where: { call.name.hasPrefix($0.call) }) {
                return state.failures.remove(at: index).reply
            }
            if call.method != "GET" {
                guard state.writesLeft > 0 else { return .problem(500, "backendError") }
                state.writesLeft -= 1
            }
            switch call.parts.count {
            case 1 where call.method == "POST": return makeCalendar(call, &state)
            case 3 where call.parts[0] == "users": return listCalendars(&state)
            case 3 where call.method == "GET": return list(call, &state)
            case 3 where call.method == "POST": return insert(call, &state)
            case 4: return event(call, &state)
            default: return .problem(404, "notFound", call.parts.joined(separator: "/"))
            }
        }
    }

    private func makeCalendar(_ call: APICall, _ state: inout State) -> Reply {
        guard var body = try? JSONValue.parse(call.body) else { return .problem(400, "parseError") }
        state.complaints += schemas.complaints(about: body, as: "Calendar")
        let id = "c\(state.calendars.count)@group.calendar.google.com"
        body["id"] = .string(id)
        state.calendars[id] = Calendar(fields: body)
        return Reply(200, body)
    }

    private func listCalendars(_ state: inout State) -> Reply {
        guard state.listsCalendars else { return .problem(403, "insufficientPermissions") }
        return Reply(200, .object(["items": .array(state.calendars.values.map(\.fields))]))
    }

    private func list(_ call: APICall, _ state: inout State) -> Reply {
        guard let calendar = state.calendars[call.parts[1]] else {
            return .problem(404, "notFound", "Not Found")
        }
        let wanted = call.query["privateExtendedProperty"]?.split(separator: "=", maxSplits: 1).map(
            String.init)
        let showsDeleted = call.query["showDeleted"] == "true"
        let found = calendar.events.sorted { $0.key < $1.key }.map(\.value).filter { event in
            if event["status"]?.text == "cancelled", !showsDeleted { return false }
            guard let wanted, wanted.count == 2 else { return true }
            return event["extendedProperties"]?["private"]?[wanted[0]]?.text == wanted[1]
        }
        let size = min(call.query["maxResults"].flatMap(Int.init) ?? 250, state.pageMax)
        let start = call.query["pageToken"].flatMap { Int($0) } ?? 0
        var page: [String: JSONValue] = ["kind": .string("calendar#events")]
        page["items"] = .array(Array(found.dropFirst(start).prefix(size)))
        if start + size < found.count { page["nextPageToken"] = .string(String(start + size)) }
        return Reply(200, .object(page))
    }

    private func insert(_ call: APICall, _ state: inout State) -> Reply {
        guard let body = try? JSONValue.parse(call.body) else { return .problem(400, "parseError") }
        guard let calendar = state.calendars[call.parts[1]] else {
            return .problem(404, "notFound", "Not Found")
        }
        state.complaints += schemas.complaints(about: body, as: "Event")
        let id = body["id"]?.text ?? "made\(state.versions)"
        guard id.wholeMatch(of: /[a-v0-9]{5,1024}/) != nil else {
            return .problem(400, "invalid", "Invalid id")
        }
        guard body["start"] != nil, body["end"] != nil else {
            return .problem(400, "required", "Missing end time.")
        }
        guard calendar.events[id] == nil else {
            return .problem(409, "duplicate", "The requested identifier already exists.")
        }
        return store(body, id, in: call.parts[1], &state)
    }

    private func store(_ body: JSONValue, _ id: String, in calendar: String, _ state: inout State) -> Reply {
        var event = body
        state.versions += 1
        event["id"] = .string(id)
        event["kind"] = .string("calendar#event")
        event["etag"] = .string("\"\(state.versions)\"")
        if event["status"] == nil { event["status"] = .string("confirmed") }
        state.calendars[calendar]?.events[id] = event
        return Reply(200, event)
    }

    private func event(_ call: APICall, _ state: inout State) -> Reply {
        guard let standing = state.calendars[call.parts[1]]?.events[call.parts[3]] else {
            return .problem(404, "notFound", "Not Found")
        }
        let isCancelled = standing["status"]?.text == "cancelled"
        if let tag = call.ifMatch, tag != "*", tag != standing["etag"]?.text {
            return .problem(412, "conditionNotMet", "Precondition Failed")
        }
        switch call.method {
        case "GET": return Reply(200, standing)
        case "DELETE":
            if isCancelled { return .problem(410, "deleted", "Resource has been deleted") }
            var gone = standing
            gone["status"] = .string("cancelled")
            _ = store(gone, call.parts[3], in: call.parts[1], &state)
            return Reply(204)
        case "PUT":
            guard let body = try? JSONValue.parse(call.body) else { return .problem(400, "parseError") }
            state.complaints += schemas.complaints(about: body, as: "Event")
            if isCancelled, !state.revives { return .problem(403, "forbidden", "Forbidden") }
            return store(body, call.parts[3], in: call.parts[1], &state)
        default: return .problem(405, "httpMethodNotAllowed")
        }
    }

    /// The token endpoint.
    func token(_ bytes: [UInt8]) -> Reply {
        var fields: [String: String] = [:]
        for pair in String(decoding: bytes, as: UTF8.self).split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1).map { $0.removingPercentEncoding ?? "" }
            if halves.count == 2 { fields[halves[0]] = halves[1] }
        }
        return withState { state in
            state.calls.append("POST token \(fields["grant_type"] ?? "")")
            guard isGranted(fields, &state) else {
                return Reply(400, .object(["error": .string("invalid_grant")]))
            }
            state.tokensIssued += 1
            let token = "ya29.token-\(state.tokensIssued)"
            state.tokens = [token]
            var answer: [String: JSONValue] = [
                "access_token": .string(token), "expires_in": .number(3599), "token_type": .string("Bearer"),
            ]
            if fields["grant_type"] == "authorization_code" {
                answer["refresh_token"] = .string("1//granted")
                answer["scope"] = .string(
                    "https://www.googleapis.com/auth/calendar.app.created"
                        + " https://www.googleapis.com/auth/calendar.calendarlist.readonly")
            }
            return Reply(200, .object(answer))
        }
    }

    private func isGranted(_ fields: [String: String], _ state: inout State) -> Bool {
        switch fields["grant_type"] {
        case "refresh_token":
            return !state.refreshIsRevoked && ["1//REFRESH", "1//granted"].contains(fields["refresh_token"])
        case "urn:ietf:params:oauth:grant-type:jwt-bearer":
            state.assertions.append(fields["assertion"] ?? "")
            return true
        case "authorization_code":
            let digest = Data(SHA256.hash(data: Data((fields["code_verifier"] ?? "").utf8)))
                .base64EncodedString()
            let challenge = digest.replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: "")
            return fields["code"].flatMap { state.challenges[$0] } == challenge
        default: return false
        }
    }
}
