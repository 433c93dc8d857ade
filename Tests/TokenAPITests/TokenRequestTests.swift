import Access
import Accounts
import Contracts
import Foundation
import HTTPTypes
import ServerKit
import Testing
import TokenAPI

private let service = "service=registry.example"

/// The token spec's `GET`, as clients send it.
@Suite struct GetTests {
    @Test(arguments: ["/auth", "/auth/token", "/token", "/auth/token/"])
    func eachOfThePathsGivesAToken(path: String) async throws {
        let door = try await Door()
        let answer = try await door.get(
            "\(path)?\(service)&scope=repository:alice/app:pull,push&account=alice",
            basic: "alice:open sesame")
        #expect(answer.status == 200)
        #expect(answer.granted == ["repository:alice/app:pull,push"])
    }

    @Test(arguments: ["/", "/auth/x", "/authx", "/tokens", "/v2/", "/auth//"])
    func otherPathsAreLeftToOthers(path: String) async throws {
        #expect(try await Door().reach(.get, path) == nil)
    }

    @Test func theAnswerSaysAllThatClientsLookFor() async throws {
        let answer = try await Door().get(
            "/auth?\(service)&scope=repository:alice/app:pull&scope=repository:secret/app:pull",
            basic: "alice:open sesame")
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.json["token"] as? String == answer.json["access_token"] as? String)
        #expect(answer.json["expires_in"] as? Int == 900)
        #expect(answer.json["issued_at"] as? String == "2027-01-15T08:00:00Z")
        #expect(answer.json["scope"] as? String == "repository:alice/app:pull")
        #expect(answer.json["token_type"] as? String == "Bearer")
        #expect(answer.json["refresh_token"] == nil)
        #expect(answer.claims["aud"] as? String == "registry.example")
        #expect(answer.claims["sub"] as? String == "alice")
        #expect(answer.claims["iss"] as? String == "homeport")
    }

    @Test(arguments: ["", "&scope=", "&scope=&scope="]) func withoutAScopeItIsALogin(scope: String)
        async throws
    {
        let answer = try await Door().get(
            "/auth?\(service)&account=alice&client_id=docker\(scope)", basic: "alice:open sesame")
        #expect(answer.status == 200)
        #expect(answer.granted == [])
        #expect((answer.claims["access"] as? [Any])?.isEmpty == true)
        #expect(answer.json["scope"] as? String == "")
    }

    @Test(arguments: [
        "&scope=repository:alice/a:pull&scope=repository:alice/b:push",
        "&scope=repository:alice/a:pull+repository:alice/b:push",
        "&scope=repository%3Aalice%2Fa%3Apull%20repository%3Aalice%2Fb%3Apush",
        "&scope=&scope=repository:alice/a:pull%20repository:alice/b:push",
    ])
    func scopesComeRepeatedOrSeparatedBySpaces(scopes: String) async throws {
        let answer = try await Door().get("/auth?\(service)\(scopes)", basic: "alice:open sesame")
        #expect(answer.granted == ["repository:alice/a:pull", "repository:alice/b:push"])
    }

    @Test func aSubsetIsGrantedAndWhatIsNotStaysWithAnEmptyList() async throws {
        let answer = try await Door().get(
            "/auth?\(service)&scope=repository:public/app:pull,push,delete&scope=repository:secret/x:pull&scope=repository:secret/x:pull",
            basic: "alice:open sesame")
        #expect(answer.status == 200)
        #expect(
            answer.granted == ["repository:public/app:pull", "repository:secret/x:", "repository:secret/x:"])
    }

    @Test(arguments: [
        ("registry:catalog:*", "registry:catalog:*"),
        ("repository(plugin):alice/p:pull", "repository:alice/p:pull"),
        ("repository:host.example:5000/team/app:pull", "repository:host.example:5000/team/app:pull"),
        ("repository:alice/app:*", "repository:alice/app:pull,push,delete"),
        ("repository:alice/app:push,pull,push", "repository:alice/app:push,pull"),
        ("repository:alice/app:pull,frobnicate", "repository:alice/app:pull"),
        ("repository:alice/app:", "repository:alice/app:"),
        ("repository:public/app:*", "repository:public/app:pull"),
    ])
    func scopesOfEveryShapeAreUnderstood(scope: String, granted: String) async throws {
        let answer = try await Door().get("/auth?\(service)&scope=\(scope)", basic: "alice:open sesame")
        #expect(answer.status == 200)
        #expect(answer.granted == [granted])
    }

    @Test func aPluginsClassIsInTheTokenBesideThePlainType() async throws {
        let answer = try await Door().get(
            "/auth?\(service)&scope=repository(plugin):alice/p:pull", basic: "alice:open sesame")
        let entry = (answer.claims["access"] as? [[String: Any]])?.first
        #expect(entry?["type"] as? String == "repository")
        #expect(entry?["class"] as? String == "plugin")
    }

    @Test(arguments: [
        "repository", "repository:app", "REPOsitory:app:pull", ":app:pull", "repository::pull",
        "repository:UPPER:pull", "repository:a/../b:pull", "repository:app:PULL",
        "repository:app:pull%20%20x:y:z",
        "repository:a%0D%0Ab:pull", "repository:app:pull%00", "%20", "repository:app:pull%20",
    ])
    func aScopeThatIsNoneIsABadRequest(scope: String) async throws {
        let answer = try await Door().get("/auth?\(service)&scope=\(scope)", basic: "alice:open sesame")
        #expect(answer.status == 400)
        #expect(answer.error == "invalid_scope")
        #expect(answer.token == nil)
    }

    @Test func aHundredScopesAreEnough() async throws {
        let scopes = (0..<101).map { "&scope=repository:alice/a\($0):pull" }.joined()
        #expect(try await Door().get("/auth?\(service)\(scopes)", basic: "alice:open sesame").status == 400)
    }

    @Test(arguments: ["alice:wrong", "bob:open sesame", "alice:", "Alice:open sesame", "al\r\nice:x"])
    func wrongCredentialsAreRefusedWithAChallenge(basic: String) async throws {
        let answer = try await Door().get("/auth?\(service)", basic: basic)
        #expect(answer.status == 401)
        #expect(answer.headers[.wwwAuthenticate] == "Basic realm=\"homeport\", charset=\"UTF-8\"")
        #expect(answer.headers[.cacheControl] == "no-store")
        let first = (answer.json["errors"] as? [[String: Any]])?.first
        #expect(first?["code"] as? String == "UNAUTHORIZED")
        #expect((first?["message"] as? String)?.isEmpty == false)
        #expect(answer.json["error_description"] as? String == first?["message"] as? String)
    }

    @Test(arguments: ["Basic", "Basic !!!", "Basic YWxpY2U", "Bearer abc", "Negotiate abc", "Basic /w=="])
    func aHeaderThatSaysNothingIsRefused(header: String) async throws {
        #expect(
            try await Door(anonymous: true).send(.get, "/auth?\(service)", authorization: header).status
                == 401)
    }

    @Test func withoutCredentialsOneIsAnonymousOnlyWhereThatIsAllowed() async throws {
        let target = "/auth?\(service)&scope=repository:public/app:pull,push"
        #expect(try await Door().get(target).status == 401)
        let open = try await Door(anonymous: true)
        for basic in [nil, ":"] {
            let answer = try await open.get(target, basic: basic)
            #expect(answer.status == 200)
            #expect(answer.granted == ["repository:public/app:pull"])
            #expect(answer.claims["sub"] as? String == "")
        }
    }

    @Test func theAccountIsTheOneThatSignsIn() async throws {
        let door = try await Door(anonymous: true)
        let other = try await door.get("/auth?\(service)&account=bob", basic: "alice:open sesame")
        #expect(other.status == 400 && other.error == "invalid_request")
        #expect(try await door.get("/auth?\(service)&account=", basic: "alice:open sesame").status == 200)
        #expect(try await door.get("/auth?\(service)&account=alice").status == 401, "a name is no proof")
    }

    @Test(arguments: [
        ("registry.example", 200), ("other.example", 200), ("", 200), ("evil.example", 400),
        ("registry.example%00", 400),
    ])
    func tokensAreForServicesThatAreServed(name: String, status: Int) async throws {
        let answer = try await Door().get("/auth?service=\(name)", basic: "alice:open sesame")
        #expect(answer.status == status)
        if status == 400 { #expect(answer.error == "invalid_target") }
        if name == "other.example" { #expect(answer.claims["aud"] as? String == name) }
    }

    @Test(arguments: [
        "service=a&service=b", "account=alice&account=bob", "offline_token=true&offline_token=false",
    ])
    func aParameterThatComesTwiceIsABadRequest(query: String) async throws {
        let answer = try await Door().get("/auth?\(query)", basic: "alice:open sesame")
        #expect(answer.status == 400 && answer.error == "invalid_request")
    }

    @Test(arguments: ["%", "%zz", "a=%f", "a=%ff", "client_id=a%0Ab"])
    func aQueryThatIsNotEncodedRightIsABadRequest(query: String) async throws {
        #expect(try await Door().get("/auth?\(query)", basic: "alice:open sesame").status == 400)
    }

    @Test func aPasswordInTheURLIsNotRead() async throws {
        let answer = try await Door().get(
            "/auth?\(service)&username=alice&password=open%20sesame&grant_type=password")
        #expect(answer.status == 401)
    }

    @Test func aRefreshTokenComesOnlyWhenAskedFor() async throws {
        let door = try await Door()
        for (query, expected) in [
            ("offline_token=true", true), ("offline_token=false", false), ("offline_token=1", false),
        ] {
            let answer = try await door.get(
                "/auth?\(service)&\(query)&client_id=docker", basic: "alice:open sesame")
            #expect((answer.json["refresh_token"] is String) == expected)
        }
    }

    @Test(arguments: [HTTPRequest.Method.put, .delete, .patch, .head, .options])
    func otherMethodsAreNotAllowed(method: HTTPRequest.Method) async throws {
        let answer = try await Door().send(
            method, "/auth?\(service)", authorization: Door.basic("alice:open sesame"))
        #expect(answer.status == 405)
        #expect(answer.headers[.allow] == "GET, POST")
        #expect(answer.json["errors"] != nil)
    }

    @Test func guessingIsToldHowLongToWait() async throws {
        let door = try await Door()
        for number in 0..<5 { #expect(try await door.get("/auth", basic: "alice:\(number)").status == 401) }
        let answer = try await door.get("/auth", basic: "alice:open sesame")
        #expect(answer.status == 429)
        #expect(answer.headers[.retryAfter] == "1")
        #expect(answer.json["errors"] != nil && answer.token == nil)
        let elsewhere = try await door.send(
            .get, "/auth", authorization: Door.basic("alice:open sesame"), from: "198.51.100.1")
        #expect(elsewhere.status == 200, "the owner, from another place")
        door.clock.advance(1)
        #expect(try await door.get("/auth", basic: "alice:open sesame").status == 200)
    }

    @Test func aStoreThatIsAwayIsUnavailableAndNoRefusal() async throws {
        let door = try await Door()
        door.store.fail(with: StoreError(.unavailable, "the password of the database is swordfish"))
        for basic in ["alice:open sesame", "bob:x", nil] {
            let answer = try await door.get("/auth?\(service)", basic: basic)
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] != nil)
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("swordfish"))
        }
        door.store.fail(with: nil)
        #expect(try await door.get("/auth?\(service)", basic: "alice:open sesame").status == 200)
    }
}

/// The OAuth2 page's `POST`, as clients send it.
@Suite struct PostTests {
    @Test func thePasswordGrantGivesAToken() async throws {
        let answer = try await Door().post(
            form:
                "grant_type=password&\(service)&client_id=containerd-client&scope=repository%3Aalice%2Fapp%3Apull%2Cpush+registry:catalog:*&username=alice&password=open+sesame"
        )
        #expect(answer.status == 200)
        #expect(answer.json["access_token"] is String)
        #expect(answer.json["scope"] as? String == "repository:alice/app:pull,push registry:catalog:*")
        #expect(answer.json["expires_in"] as? Int == 900)
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.json["refresh_token"] == nil, "online is the default")
    }

    @Test(arguments: [
        "username=alice&password=open%20sesame",
        "grant_type=password&username=alice&password=open%20sesame&account=alice",
    ])
    func credentialsInAFormAreReadAsOlderClientsSendThem(form: String) async throws {
        #expect(try await Door().post(form: "\(form)&\(service)").status == 200)
    }

    @Test func basicCountsOnPOSTToo() async throws {
        let door = try await Door()
        #expect(try await door.post(form: service, basic: "alice:open sesame").status == 200)
        #expect(
            try await door.post(form: "grant_type=password&\(service)", basic: "alice:open sesame").status
                == 200)
        let other = try await door.post(
            form: "grant_type=password&username=bob&password=x", basic: "alice:open sesame")
        #expect(other.status == 400)
    }

    @Test func aWrongPasswordIsRefusedInJSON() async throws {
        let answer = try await Door().post(
            form: "grant_type=password&\(service)&username=alice&password=wrong")
        #expect(answer.status == 401)
        #expect(answer.error == "invalid_grant")
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Basic ") == true)
    }

    @Test func theAccountOfAFormIsTheOneThatSignsIn() async throws {
        let answer = try await Door().post(
            form: "grant_type=password&username=alice&password=open+sesame&account=bob")
        #expect(answer.status == 400)
    }

    @Test func aRefreshTokenIsMadeUsedAndHandedBack() async throws {
        let door = try await Door()
        let first = try await door.post(
            form:
                "grant_type=password&\(service)&client_id=docker&access_type=offline&username=alice&password=open+sesame"
        )
        let refresh = try #require(first.json["refresh_token"] as? String)
        let second = try await door.post(
            form:
                "grant_type=refresh_token&\(service)&client_id=docker&scope=repository:alice/app:pull&refresh_token=\(refresh)"
        )
        #expect(second.status == 200)
        #expect(second.granted == ["repository:alice/app:pull"])
        #expect(second.claims["sub"] as? String == "alice")
        #expect(second.json["refresh_token"] as? String == refresh)
        let other = try await door.post(
            form: "grant_type=refresh_token&service=other.example&refresh_token=\(refresh)")
        #expect(other.status == 401 && other.error == "invalid_grant")
    }

    @Test(arguments: [
        ("grant_type=refresh_token", "invalid_request"), ("grant_type=password", "invalid_request"),
        ("grant_type=password&username=alice", "invalid_request"), ("", "invalid_request"),
        ("service=registry.example", "invalid_request"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ("grant_type=client_credentials", "unsupported_grant_type"),
        ("grant_type=magic", "unsupported_grant_type"),
        ("grant_type=password&grant_type=refresh_token", "invalid_request"),
        ("grant_type=password&username=alice&username=bob&password=x", "invalid_request"),
    ])
    func aGrantThatIsNoneIsABadRequestAndNeverAnonymous(form: String, error: String) async throws {
        let answer = try await Door(anonymous: true).post(form: form)
        #expect(answer.status == 400)
        #expect(answer.error == error)
        #expect(answer.json["errors"] != nil)
        #expect(answer.json["error_description"] is String)
    }

    @Test(arguments: ["multipart/form-data; boundary=x", "application/json", "text/plain", nil])
    func onlyAPlainFormIsRead(type: String?) async throws {
        let answer = try await Door().post(
            form: "grant_type=password&username=alice&password=open+sesame", type: type)
        #expect(answer.status == 415)
        #expect(answer.headers[.connection] == "close", "its body is not read to the end")
    }

    @Test(arguments: [
        "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLencoded",
    ])
    func theTypeOfAFormIsReadAsTypesAre(type: String) async throws {
        let answer = try await Door().post(
            form: "grant_type=password&username=alice&password=open+sesame", type: type)
        #expect(answer.status == 200)
    }

    @Test func aBodyHasAnEnd() async throws {
        let door = try await Door()
        let form = "grant_type=password&username=alice&password=open+sesame&x="
        let fits = try await door.post(
            form: form + String(repeating: "x", count: (16 << 10) - form.utf8.count))
        #expect(fits.status == 200)
        let tooLong = try await door.post(form: form + String(repeating: "x", count: 16 << 10))
        #expect(tooLong.status == 413)
        #expect(tooLong.json["errors"] != nil)
        #expect(tooLong.headers[.connection] == "close")
        let tooMany = try await door.post(form: String(repeating: "a&", count: 300))
        #expect(tooMany.status == 400)
    }

    @Test func anAccessTokenIsAPasswordAndNothingMore() async throws {
        let door = try await Door()
        let made = try await door.services.tokens.create(
            for: try AccountName("alice"), name: "ci", scopes: ["repository:alice/*:pull"])
        let answer = try await door.post(
            form:
                "grant_type=password&access_type=offline&username=alice&password=\(made.text.revealed)&scope=repository:alice/app:pull,push+repository:public/app:pull"
        )
        #expect(answer.granted == ["repository:alice/app:pull", "repository:public/app:"])
        #expect(answer.json["refresh_token"] == nil)
    }
}

@Suite struct PublicKeyTests {
    @Test(arguments: ["/auth/jwks.json", "/.well-known/jwks.json"])
    func thePublicKeysAreServedUnderBothIdentifiers(path: String) async throws {
        let door = try await Door()
        let answer = try await door.get(path)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/jwk-set+json")
        let key = try await door.services.keys.list()[0]
        let keys = answer.json["keys"] as? [[String: Any]]
        #expect(keys?.compactMap { $0["kid"] as? String } == [key.id, key.libtrustID])
        #expect(keys?.allSatisfy { $0["d"] == nil } == true)
        #expect(try await door.send(.post, path).status == 405)
    }

    @Test func aStoreThatIsAwayIsSaidSo() async throws {
        let door = try await Door()
        _ = try await door.get("/auth/jwks.json")
        #expect(try await door.get("/auth/jwks.json").status == 200)
        _ = try await door.services.accounts.change(try AccountName("alice"), .init(isDisabled: true))
        door.store.fail(with: StoreError(.unavailable, "away"))
        #expect(try await door.get("/auth/jwks.json").status == 503)
    }
}
