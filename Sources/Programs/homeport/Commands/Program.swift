internal import Access
internal import Accounts
internal import ArgumentParser
internal import ServerKit

/// One run of the program: reads the arguments, runs the command, and turns whatever happens into words and
/// an exit status.
struct Program: Sendable {
    let surroundings: Surroundings

    func run(_ arguments: [String]) async -> ExitStatus {
        await Surroundings.$current.withValue(surroundings) {
            do {
                var command = try Homeport.parseAsRoot(GlogOptions.translated(arguments))
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
                return .done
            } catch {
                return report(error)
            }
        }
    }

    private func report(_ error: any Error) -> ExitStatus {
        let terminal = surroundings.terminal
        switch error {
        case let error as CommandFailure:
            terminal.complain(error.description)
            return error.status
        case let error as ConfigurationError:
            terminal.complain(error.description, isLedByName: false)
            return .usage
        case let error as AccountError:
            terminal.complain(error.description)
            switch error {
            case .store: return .unreachable
            case .password, .anonymous, .invalid: return .usage
            case .nameTaken, .unknownAccount, .tokenNameTaken, .unknownToken, .ruleTaken, .unknownRule,
                .unknownKey,
                .keyInUse:
                return .refused
            }
        case let error as AccessError:
            terminal.complain(error.description)
            return .usage
        case let error as StoreError where error.kind == .refused:
            terminal.complain(error.cause.map { "\($0)" } ?? error.description)
            return .refused
        case let error as StoreError:
            terminal.complain(error.description)
            return .unreachable
        default:
            return reportParsing(error)
        }
    }

    /// Help and version come as errors too; they are not failures.
    private func reportParsing(_ error: any Error) -> ExitStatus {
        let terminal = surroundings.terminal
        let message = Homeport.fullMessage(for: error)
        switch Homeport.exitCode(for: error) {
        case .success:
            terminal.print(message)
            return .done
        case .validationFailure:
            terminal.complain(message, isLedByName: false)
            return .usage
        default:
            terminal.complain("\(error)")
            return .refused
        }
    }
}
