internal import Access
internal import Accounts
internal import Edge
internal import ExternalPrograms
internal import ExternalServers
internal import ServerKit

/// Those who decide where no rule does, made ready to be asked, in their order.
struct AuthorizerSet: Sendable {
    private let watched: [WatchedDecider]
    private let servers: [AnsweringServer]
    /// Does nothing by itself; closed when nobody is asked any more.
    let engine: Engine?

    static let none = AuthorizerSet(Configuration())

    init(_ values: Configuration) {
        var watched: [WatchedDecider] = []
        var servers: [AnsweringServer] = []
        for settings in values.accounts.authorizers {
            let decider: any AccessDecider
            switch settings.kind {
            case .program?:
                let runner = settings.program.runner(
                    time: settings.timeLimit, concurrentMax: settings.concurrentMax)
                switch settings.program.format {
                case .dockerAuth: decider = DockerAuthDecisionProgram(runner)
                case .json: decider = JSONDecisionProgram(runner)
                }
            case .http?:
                let server = settings.http.server(
                    time: settings.timeLimit, concurrentMax: settings.concurrentMax)
                servers.append(server)
                decider = WebRights(server)
            case nil: continue
            }
            watched.append(WatchedDecider(settings.name, decider, limits: settings.limits))
        }
        self.watched = watched
        self.servers = servers
        engine =
            servers.isEmpty
            ? nil
            : Engine("authorizers", []) { [servers] in
                for server in servers { await server.shutDown() }
            }
    }

    /// Nil where there is nobody.
    var decider: (any AccessDecider)? { DeciderChain(watched) }

    var names: [String] { watched.map(\.name) }

    /// What `/readyz` says of them.
    var checks: [HealthFace.Check] {
        watched.map { decider in
            HealthFace.Check(name: "authorizer \(decider.name)") {
                await decider.trouble() == nil
                    ? .fine : .noted("it cannot be asked; `homeport check` says why")
            }
        }
    }

    /// What `homeport check` says of them, a line for each.
    func lines() async -> [String] {
        var lines: [String] = []
        for decider in watched {
            let trouble = await decider.trouble()
            lines.append(
                "The authorizer \(decider.name) "
                    + (trouble.map { "cannot be asked: \($0)." } ?? "can be asked."))
        }
        return lines
    }

    /// What each of them says, up to the first with an opinion, a line for each; and what is granted.
    func explain(_ request: AccessRequest) async -> (granted: [String], lines: [String]) {
        var lines: [String] = []
        for decider in watched {
            do throws(StoreError) {
                guard let granted = try await decider.granted(request) else {
                    lines.append("The authorizer \(decider.name) has no opinion, or is passed over.")
                    continue
                }
                let words = granted.isEmpty ? "nothing" : granted.joined(separator: ", ")
                lines.append("The authorizer \(decider.name) grants \(words).")
                return (granted, lines)
            } catch {
                lines.append("Nothing is granted, because \(error.description).")
                return ([], lines)
            }
        }
        return ([], lines)
    }

    /// To be called when nobody is asked any more.
    func shutDown() async {
        for server in servers { await server.shutDown() }
    }
}

extension AuthorizerSettings {
    fileprivate var limits: WatchedDecider.Limits {
        var limits = WatchedDecider.Limits()
        limits.time = timeLimit
        limits.calls = concurrentMax
        limits.memory = cacheTime
        limits.goesOn = whenUnavailable == .goOn
        return limits
    }
}

extension SourceProgramSettings {
    /// - Parameter time: how long one run may take.
    func runner(time: Duration, concurrentMax: Int) -> ProgramRunner {
        var limits = ProgramRunner.Limits()
        limits.time = time
        limits.runs = min(concurrentMax, limits.runs)
        limits.waiting = concurrentMax - limits.runs
        return ProgramRunner(.init(command, arguments), limits: limits)
    }
}
