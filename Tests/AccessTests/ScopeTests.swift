import Access
import Testing

@Suite struct ScopeTests {
    @Test func aScopeIsReadIntoItsParts() throws {
        let scope = try Scope("repository:samalba/my-app:pull,push")
        #expect(scope == Scope(type: "repository", name: "samalba/my-app", actions: ["pull", "push"]))
    }

    @Test func aNameMayHoldAHostWithAPort() throws {
        let scope = try Scope("repository:registry.example.org:5000/team/app:pull")
        #expect(scope.name == "registry.example.org:5000/team/app")
        #expect(scope.actions == ["pull"])
        #expect(try Scope("repository:LOCALHOST:5000/a:pull").name == "LOCALHOST:5000/a")
    }

    @Test func theClassOfAResourceIsKept() throws {
        let scope = try Scope("repository(plugin):vieux/sshfs:pull")
        #expect(scope.type == "repository")
        #expect(scope.resourceClass == "plugin")
    }

    @Test func theCatalogIsAskedForWithAStar() throws {
        #expect(
            try Scope("registry:catalog:*") == Scope(type: "registry", name: "catalog", actions: ["*"]))
    }

    @Test func aScopeMayAskForNothing() throws {
        #expect(try Scope("repository:a:").actions == [])
    }

    @Test(arguments: [
        "repository:team/app:pull,push", "registry:catalog:*", "repository(plugin):a/b:pull",
        "repository:localhost:5000/a:pull", "repository:a:", "repository:a__b/c.d/e---f:delete",
    ])
    func theDescriptionReadsBackTheSame(text: String) throws {
        #expect(try Scope(text).description == text)
    }

    @Test(arguments: [
        "", "repository", "repository:a", ":a:pull", "repository::pull", "Repository:a:pull", "a-b:c:pull",
        "repository(:a:pull", "repository():a:pull", "repository(plugin:a:pull", "repository(plugin)x:a:pull",
        "repository(Plugin):a:pull", "repository:A:pull", "repository:a/B:pull", "repository:/a:pull",
        "repository:a/:pull", "repository:a//b:pull", "repository:a..b:pull", "repository:a___b:pull",
        "repository:-a:pull", "repository:a-:pull", "repository:a._b:pull", "repository:a:5000:pull",
        "repository:a:x/b:pull", "repository:a:/b:pull", "repository:a:1:2/b:pull", "repository:-h:1/b:pull",
        "repository:a:Pull", "repository:a:pull,p*", "repository:a:pull;push", "repository:a b:pull",
        "repository:ä:pull", "repository:a*:pull", "repository:a\u{0}:pull",
    ])
    func whatIsOutsideTheGrammarIsRefused(text: String) {
        #expect(throws: AccessError.self) { try Scope(text) }
    }

    @Test func errorsSayWhatIsWrongWithoutControlCharacters() throws {
        let error = #expect(throws: AccessError.self) { try Scope("repository:a\u{1B}[2J:pull") }
        let text = try #require(error?.description)
        #expect(text.contains("its name"))
        #expect(text.utf8.allSatisfy { $0 >= 0x20 })
    }

    @Test func aListIsSeparatedBySingleSpaces() throws {
        let list = try Scope.list("repository:a:pull repository:b:pull,push")
        #expect(list.map(\.description) == ["repository:a:pull", "repository:b:pull,push"])
        #expect(try Scope.list("") == [])
        for text in [" ", "repository:a:pull  repository:b:pull", "repository:a:pull ", " repository:a:pull"]
        {
            #expect(throws: AccessError.self) { try Scope.list(text) }
        }
    }

    @Test func scopesAreLimitedInNumberLengthAndActions() throws {
        let one = "repository:a:pull"
        let most = Array(repeating: one, count: Scope.countMax)
        #expect(try Scope.list(most.joined(separator: " ")).count == Scope.countMax)
        #expect(throws: AccessError.self) { try Scope.list((most + [one]).joined(separator: " ")) }
        #expect(throws: AccessError.self) {
            try Scope("repository:\(String(repeating: "a", count: Scope.lengthMax)):pull")
        }
        let actions = Array(repeating: "a", count: Scope.actionsMax + 1).joined(separator: ",")
        #expect(throws: AccessError.self) { try Scope("repository:a:\(actions)") }
        #expect(throws: AccessError.self) { try Scope.list(String(repeating: " ", count: 1_000_000)) }
    }
}

@Suite struct ScopeBoundsTests {
    private func bounds(_ texts: String...) throws -> ScopeBounds {
        try ScopeBounds(texts.map { text throws(AccessError) in try Scope(bound: text) })
    }

    @Test func aBoundLeavesWhatItsGlobAndActionsName() throws {
        let bounds = try bounds("repository:prod/*:pull")
        #expect(bounds.covers(type: "repository", name: "prod/app", action: "pull"))
        #expect(!bounds.covers(type: "repository", name: "prod/app", action: "push"))
        #expect(!bounds.covers(type: "repository", name: "prod/team/app", action: "pull"))
        #expect(!bounds.covers(type: "repository", name: "production/app", action: "pull"))
        #expect(!bounds.covers(type: "registry", name: "prod/app", action: "pull"))
    }

    @Test func twoStarsCrossSlashes() throws {
        #expect(
            try bounds("repository:prod/**:pull").covers(
                type: "repository", name: "prod/a/b", action: "pull"))
    }

    @Test func theActionStarLeavesEveryAction() throws {
        let bounds = try bounds("repository:a:*", "registry:catalog:*")
        for action in ["pull", "push", "delete", "*"] {
            #expect(bounds.covers(type: "repository", name: "a", action: action))
        }
        #expect(bounds.covers(type: "registry", name: "catalog", action: "*"))
    }

    @Test func eachOfSeveralBoundsCounts() throws {
        let bounds = try bounds("repository:a:pull", "repository:b:push")
        #expect(bounds.covers(type: "repository", name: "b", action: "push"))
        #expect(!bounds.covers(type: "repository", name: "b", action: "pull"))
    }

    @Test func noBoundLeavesEverything() throws {
        #expect(ScopeBounds.none.covers(type: "repository", name: "a", action: "push"))
        #expect(try ScopeBounds([]).covers(type: "repository", name: "a", action: "push"))
    }

    @Test func aBoundWithoutActionsLeavesNothing() throws {
        #expect(try !bounds("repository:a:").covers(type: "repository", name: "a", action: "pull"))
    }

    @Test(arguments: ["repository:[a:pull", "repository:a\\:pull", "prod/*", "repository:a*"])
    func aMalformedBoundIsRefused(text: String) {
        #expect(throws: AccessError.self) { try Scope(bound: text) }
    }
}
