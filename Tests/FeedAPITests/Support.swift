import CalendarPeers

/// What a program prints.
func outputOf(_ program: String, _ arguments: [String]) async throws -> String {
    try await Peers.output(of: program, arguments)
}
