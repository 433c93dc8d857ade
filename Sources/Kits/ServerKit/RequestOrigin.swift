/// Where what runs now comes from: a request, a command somebody typed, or neither.
///
/// It goes along with the task, like its logger, so that what is written about a change deep below can say
/// where the change came from.
package struct RequestOrigin: Sendable, Hashable {
    /// The client's address; nil on a unix socket and for commands.
    package var address: String?
    /// The request's identifier, which its answer and its log lines have too; nil for commands.
    package var requestID: String?
    /// The operating system's user who typed the command; nil for requests.
    package var commandUser: String?

    package init(address: String? = nil, requestID: String? = nil, commandUser: String? = nil) {
        self.address = address
        self.requestID = requestID
        self.commandUser = commandUser
    }

    /// Nothing of it where the server does something by itself.
    @TaskLocal package static var current = RequestOrigin()
}
