import Access
import Accounts
import Contracts
import HTTPTypes
import OCI
import Testing

@Suite struct ChallengeTests {
    @Test func theBaseAsksEverybodyToSignIn() async throws {
        let bench = Bench(rules: { _ in true })
        let answer = try await bench.send(.get, "/v2/", as: nil)
        #expect(answer.status == .unauthorized)
        #expect(
            answer["WWW-Authenticate"]
                == #"Bearer realm="http://hub.example:5000/auth/token",service="hub.example""#)
        #expect(answer.codes == ["UNAUTHORIZED"])
        #expect(answer["Docker-Distribution-Api-Version"] == "registry/2.0")
    }

    @Test(arguments: ["Basic alice", "Bearer alice", "Bearer nobody"])
    func theBaseLetsInWhoeverShowsValidCredentials(who: String) async throws {
        let answer = try await Bench().send(.get, "/v2/", as: who)
        #expect(answer.status == .ok)
        #expect(answer.text == "{}")
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, "/v2/a/manifests/v1", "repository:a:pull"),
        (.head, "/v2/a/b/manifests/v1", "repository:a/b:pull"),
        (.get, "/v2/a/tags/list", "repository:a:pull"),
        (.put, "/v2/a/manifests/v1", "repository:a:pull,push"),
        (.delete, "/v2/a/manifests/v1", "repository:a:delete"),
        (.post, "/v2/a/blobs/uploads/", "repository:a:pull,push"),
        (.patch, "/v2/a/blobs/uploads/00000000000000000000000000000000", "repository:a:pull,push"),
        (
            .put, "/v2/a/blobs/uploads/00000000000000000000000000000000?digest=\(Samples.digest(1))",
            "repository:a:pull,push"
        ),
        (.get, "/v2/_catalog", "registry:catalog:*"),
    ])
    func aChallengeNamesWhatTheRequestNeeds(method: HTTPRequest.Method, path: String, scope: String)
        async throws
    {
        let answer = try await Bench().send(method, path, as: nil)
        #expect(answer.status == .unauthorized)
        #expect(
            answer["WWW-Authenticate"]
                == #"Bearer realm="http://hub.example:5000/auth/token",service="hub.example",scope="\#(scope)""#
        )
    }

    @Test func aChallengesDetailNamesTheAccess() async throws {
        let answer = try await Bench().send(.get, "/v2/a/tags/list", as: nil)
        #expect(
            answer.errors.first?.detail == .access([["Type": "repository", "Name": "a", "Action": "pull"]]))
    }

    @Test func aTokenThatIsNoneIsCalledInvalid() async throws {
        for path in ["/v2/", "/v2/a/manifests/v1", "/v2/a/tags/list"] {
            let answer = try await Bench().send(.get, path, as: "Bearer wrong")
            #expect(answer.status == .unauthorized)
            #expect(answer["WWW-Authenticate"]?.hasSuffix(#",error="invalid_token""#) == true)
        }
    }

    @Test func aTokenWithoutTheScopeIsSentForAnother() async throws {
        let answer = try await Bench().send(
            .post, "/v2/a/blobs/uploads/", as: "Bearer alice repository:a:pull")
        #expect(answer.status == .unauthorized)
        #expect(
            answer["WWW-Authenticate"]?.hasSuffix(
                #",scope="repository:a:pull,push",error="insufficient_scope""#)
                == true)
    }

    @Test(arguments: ["Basic bob", "Bearer bob", "Bearer bob repository:a:pull,push", "Bearer nobody"])
    func whomTheRulesRefuseIsDenied(who: String) async throws {
        let answer = try await Bench().send(.post, "/v2/a/blobs/uploads/", as: who)
        #expect(answer.status == .forbidden)
        #expect(answer["WWW-Authenticate"] == nil, "docker would print two errors")
        #expect(answer.codes == ["DENIED"])
        #expect(answer.errors.first?.message == "requested access to the resource is denied")
    }

    @Test func aDenialSaysWhoWasRefusedWhat() async throws {
        let answer = try await Bench().send(.get, "/v2/a/manifests/v1", as: "Basic bob")
        #expect(
            answer.errors.first?.detail
                == .sentence("account bob may not pull a:v1: no access rule grants it"))
    }

    @Test func aWrongPasswordIsSaidToBeOne() async throws {
        let answer = try await Bench().send(.get, "/v2/a/manifests/v1", as: "Basic wrong")
        #expect(answer.status == .unauthorized)
        #expect(answer.errors.first?.detail == .sentence("the name or the password is wrong"))
        #expect(answer["WWW-Authenticate"]?.contains("error=") == false)
    }

    @Test func guessingIsSlowedAndABusyStoreSaysSo() async throws {
        let bench = Bench()
        bench.guardian.fail(with: .tooManyAttempts(retryAfter: 30))
        let slowed = try await bench.send(.get, "/v2/")
        #expect(slowed.status == .tooManyRequests)
        #expect(slowed["Retry-After"] == "30")
        #expect(slowed.codes == ["TOOMANYREQUESTS"])
        bench.guardian.fail(with: .unavailable)
        #expect(try await bench.send(.get, "/v2/").status == .serviceUnavailable)
    }

    @Test func theRealmIsWhatIsConfiguredOrWhatTheClientCalled() async throws {
        let fixed = try await Bench(realm: "https://auth.example/token").send(.get, "/v2/", as: nil)
        #expect(fixed["WWW-Authenticate"]?.contains(#"realm="https://auth.example/token""#) == true)
        for hostile in [#"evil",realm="http://evil"#, "a b", "", String(repeating: "h", count: 300)] {
            let answer = try await Bench().send(.get, "/v2/", as: nil, authority: hostile)
            #expect(answer["WWW-Authenticate"]?.contains(#"Bearer realm="/auth/token""#) == true)
        }
    }

    @Test func somebodyAnonymousIsServedWhereHeMayPull() async throws {
        let bench = Bench(rules: { $0.account == "alice" || $0.action == "pull" && $0.name == "open" })
        try await bench.pushImage(to: "open")
        #expect(try await bench.send(.get, "/v2/open/manifests/v1", as: nil).status == .ok)
        #expect(try await bench.send(.get, "/v2/other/manifests/v1", as: nil).status == .unauthorized)
        #expect(try await bench.send(.post, "/v2/open/blobs/uploads/", as: nil).status == .unauthorized)
    }
}

@Suite struct TagRuleTests {
    /// Alice may do everything; carl what his rules say of tags.
    private let bench = Bench(rules: { question in
        guard question.account == "carl" else { return question.account == "alice" }
        switch question.tag {
        case .unknown: return true
        case .known(let tags): return tags.contains { $0.hasPrefix("dev") }
        }
    })

    @Test func aTagIsJudgedByItsName() async throws {
        try await bench.pushImage("dev-1")
        try await bench.pushImage("prod", config: "{ }")
        #expect(try await bench.send(.get, "/v2/team/app/manifests/dev-1", as: "Basic carl").status == .ok)
        #expect(
            try await bench.send(.get, "/v2/team/app/manifests/prod", as: "Basic carl").status == .forbidden)
    }

    @Test func aDigestIsJudgedByTheTagsThatLeadToIt() async throws {
        let dev = Samples.digest(of: try await bench.pushImage("dev-1").bytes)
        let prod = Samples.digest(of: try await bench.pushImage("prod", config: "{ }").bytes)
        let path = "/v2/team/app/manifests/"
        #expect(try await bench.send(.get, "\(path)\(dev)", as: "Basic carl").status == .ok)
        #expect(try await bench.send(.get, "\(path)\(prod)", as: "Basic carl").status == .forbidden)
        let index = try Samples.index(of: [prod])
        #expect(try await bench.push(index, "dev-all").status == .created)
        #expect(try await bench.send(.get, "\(path)\(prod)", as: "Basic carl").status == .ok)
    }

    @Test func everyTagOfAPushIsJudged() async throws {
        let manifest = try await bench.pushImage("prod")
        let digest = Samples.digest(of: manifest.bytes)
        #expect(try await bench.push(manifest, "dev", as: "Basic carl").status == .created)
        #expect(try await bench.push(manifest, "prod", as: "Basic carl").status == .forbidden)
        #expect(try await bench.push(manifest, "\(digest)", as: "Basic carl").status == .created)
        #expect(try await bench.push(manifest, "\(digest)?tag=dev-2", as: "Basic carl").status == .created)
        let mixed = try await bench.push(manifest, "\(digest)?tag=dev-3&tag=prod", as: "Basic carl")
        #expect(mixed.status == .forbidden)
        #expect(
            try await bench.send(.head, "/v2/team/app/manifests/dev-3").status == .notFound, "all or none")
    }

    @Test func deletingAManifestNeedsTheRightForEachOfItsTags() async throws {
        let digest = Samples.digest(of: try await bench.pushImage("dev-1").bytes)
        try await bench.pushImage("prod")
        let path = "/v2/team/app/manifests/\(digest)"
        #expect(try await bench.send(.delete, path, as: "Basic carl").status == .forbidden)
        #expect(try await bench.send(.delete, "/v2/team/app/manifests/prod").status == .accepted)
        #expect(try await bench.send(.delete, path, as: "Basic carl").status == .accepted)
    }
}
