/// What tests do on the command line beside a running server, as its owner would.
extension Homeport {
    /// Adds an account. A label is written `name=value`, once for each value.
    @discardableResult
    package func addAccount(_ name: String, password: String = "pass word", labels: [String] = [])
        async throws -> RegistryCaller
    {
        let options = labels.flatMap { ["--label", $0] }
        try await run(["account", "add", name, "--password-stdin"] + options, input: password + "\n")
            .succeeded()
        return caller(name, password)
    }

    /// Adds an access rule; `condition` are options of `homeport acl add`.
    package func addRule(_ seq: Int, _ condition: String..., actions: String) async throws {
        try await run(["acl", "add", "--seq", "\(seq)", "--actions", actions] + condition).succeeded()
    }

    /// Makes an access token and returns it.
    package func makeToken(_ account: String, _ name: String, scopes: [String] = []) async throws -> String {
        let options = scopes.flatMap { ["--scope", $0] }
        let made = try await run(["token", "create", account, name] + options).succeeded()
        return made.output.trimmingPrefix { $0.isWhitespace }.split(separator: "\n").last.map(String.init)
            ?? ""
    }

    /// Runs a command that must succeed.
    @discardableResult
    package func command(_ arguments: String...) async throws -> Finished {
        try await run(arguments).succeeded()
    }
}
