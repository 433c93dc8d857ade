package import Testing

/// One server for all tests of a suite and those inside it; each test uses names of its own.
package struct HomeportTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withoutActuallyEscaping(function) { function in
            try await withHomeport { server in
                try await Homeport.$shared.withValue(server) { try await function() }
            }
        }
    }
}

extension Trait where Self == HomeportTrait {
    package static var homeport: Self { Self() }
}

extension Homeport {
    @TaskLocal package static var shared: Homeport?

    /// The server that was started for this suite, by the trait `.homeport`.
    package static func current() throws -> Homeport {
        guard let shared else { throw CommandFailed(description: "the suite lacks the trait .homeport") }
        return shared
    }
}
