import Foundation

/// What must hold of a reader for every input there is: what the fuzzers try with inputs that they make up,
/// and normal tests with those that were found or thought of.
package struct Property: Sendable {
    /// As `make fuzz` and the folder of its vectors call it.
    package let name: String
    private let body: @Sendable ([UInt8]) async throws -> Void

    init(_ name: String, _ body: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Throws when it does not hold of this input, or anything else went wrong.
    package func check(_ input: [UInt8]) async throws { try await body(input) }

    package static let all: [Property] = [
        .names, .digests, .ranges, .scopes, .globs, .manifests, .tokens, .configuration, .proxyHeaders,
        .forwarded,
    ]
}

/// A property does not hold.
package struct Counterexample: Error, CustomStringConvertible {
    package let description: String
}

/// Throws unless something holds.
func require(_ condition: Bool, _ otherwise: @autoclosure () -> String) throws(Counterexample) {
    guard condition else { throw Counterexample(description: otherwise()) }
}

/// Throws unless both are equal.
func requireEqual<Value: Equatable>(_ one: Value, _ other: Value, _ what: String) throws(Counterexample) {
    try require(one == other, "\(what): \(one) is not \(other)")
}

/// Throws when `body` takes longer than any input may make it take. Generous, and in time of the processor's,
/// so that a busy machine is not taken for slow code: what is not linear is slower by far.
func requireQuick<Value>(_ what: String, _ body: () throws -> Value) throws -> Value {
    let start = secondsOfThisThread()
    let value = try body()
    let taken = secondsOfThisThread() - start
    try require(taken < 2, "\(what) took \(taken) seconds")
    return value
}

private func secondsOfThisThread() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

extension Array where Element == UInt8 {
    /// As text, with what is no UTF-8 replaced.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// Both halves around the first line feed; without one, twice the same.
    var halves: (String, String) {
        guard let end = firstIndex(of: 10) else { return (text, text) }
        return (Array(self[..<end]).text, Array(self[(end + 1)...]).text)
    }
}
