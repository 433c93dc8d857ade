internal import Access
internal import FoundationEssentials
internal import ServerKit

/// What a server says when it has started.
struct Welcome {
    let terminal: Terminal
    /// Where it listens, as clients write it: `127.0.0.1:5000`.
    let address: String
    /// How the program was called, with the options that lead to the same data: `bin/homeport`.
    let program: String
    let dataOptions: String

    func say(_ made: FirstStart.Made?) {
        if let made {
            terminal.print("made account \(printable(made.admin.text)), who may do everything")
            if let password = made.password {
                terminal.print(
                    "password of \(printable(made.admin.text)) (shown this once): \(password.revealed)")
            }
        }
        terminal.print("listening on http://\(address)")
        if terminal.isInteractive { terminal.print(hints(admin: made?.admin.text ?? "admin")) }
    }

    private func hints(admin: String) -> String {
        """

        To begin, in another terminal:

          log in         docker login --username \(admin) \(address)
          push           docker pull alpine && docker tag alpine \(address)/test && docker push \(address)/test
          add an account \(program) account add alice\(dataOptions)
          add a rule     \(program) acl add --account alice --name test --actions pull\(dataOptions)
          ask the rules  \(program) acl explain alice repository:test:pull,push\(dataOptions)

        Now alice may pull test, and nobody but \(admin) may push it. Stop with Ctrl-C.

        """
    }
}
