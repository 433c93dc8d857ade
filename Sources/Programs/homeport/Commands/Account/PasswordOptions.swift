internal import Accounts
internal import ArgumentParser
internal import ServerKit

/// Where a password comes from; never from the command line, which everybody on the machine can read.
struct PasswordOptions: ParsableArguments {
    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    @Flag(
        help: "Read a hash made elsewhere (`htpasswd -nB`, what comes after the colon) from standard input.")
    var hashStdin = false

    @Flag(help: "Make a password and print it.")
    var generate = false

    @Flag(help: "No password: the account signs in with access tokens only.")
    var noPassword = false

    func validate() throws {
        if [passwordStdin, hashStdin, generate, noPassword].count(where: { $0 }) > 1 {
            throw ValidationError("Only one of --password-stdin, --hash-stdin, --generate and --no-password.")
        }
    }

    /// The password. One that was made here is put into `made`, to be shown once.
    func read(_ terminal: Terminal, made: inout String?) throws -> AccountManager.Password {
        if noPassword { return .none }
        if generate {
            let password = GeneratedPassword.make()
            made = password.revealed
            return .plain(password)
        }
        if passwordStdin || hashStdin {
            guard let line = terminal.readLine(), !line.isEmpty else {
                throw CommandFailure.usage("nothing came from standard input")
            }
            return hashStdin ? .hashed(PasswordHash(storedText: line)) : .plain(Secret(line))
        }
        guard terminal.canAsk else {
            throw CommandFailure.usage("there is no terminal to ask for a password; use --password-stdin")
        }
        let password = try terminal.askSecret("Password: ")
        guard try terminal.askSecret("Once more: ").revealed == password.revealed else {
            throw CommandFailure.refused("the two were not the same; nothing was changed")
        }
        return .plain(password)
    }
}

/// Passwords nobody has to think of.
enum GeneratedPassword {
    /// 100 random bits as 20 letters and digits that cannot be taken for each other.
    static func make() -> Secret {
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        let groups = (0..<4).map { _ in
            String((0..<5).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
        }
        return Secret(groups.joined(separator: "-"))
    }
}
