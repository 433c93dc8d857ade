internal import Accounts
internal import ExternalPrograms
internal import FoundationEssentials

/// Whom a docker_auth configuration asks.
extension DockerAuthPlan {
    /// Who knows people beside `users`, in docker_auth's order.
    var sources: [any SignInSource] {
        var sources: [any SignInSource] = []
        if file.names("ext_auth") {
            sources.append(DockerAuthSignInProgram(ProgramRunner(file.values.program.invocation)))
        }
        if let directory { sources.append(directory) }
        return sources
    }

    /// Whether somebody is asked before `mongo_auth`.
    var hasOtherSources: Bool { !sources.isEmpty }

    /// Who decides where no rule has.
    var decider: (any AccessDecider)? {
        file.names("ext_authz")
            ? DockerAuthDecisionProgram(ProgramRunner(file.values.programACL.invocation)) : nil
    }
}

extension DockerAuthProgram {
    fileprivate var invocation: ProgramRunner.Command { .init(command, arguments) }
}

/// Whether a program can be run: by its path, or by its name in `PATH`.
enum ProgramPath {
    static func isThere(_ name: String) -> Bool {
        guard !name.contains("/") else { return FileManager.default.isExecutableFile(atPath: name) }
        let folders = Surroundings.current.environment["PATH"]?.split(separator: ":") ?? []
        return folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
}
