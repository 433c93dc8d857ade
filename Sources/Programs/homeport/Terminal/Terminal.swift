internal import Glibc
internal import ServerKit

/// Where the program's words go and its questions are answered: the standard streams, or a test's.
struct Terminal: Sendable {
    /// Results, for people and for pipes.
    let output: CInt
    /// Everything else: questions, progress, complaints.
    let errors: CInt
    let input: CInt

    static let standard = Terminal(output: 1, errors: 2, input: 0)

    /// Whether a person reads the results.
    var isInteractive: Bool { isatty(output) == 1 }

    /// Whether a person can be asked.
    var canAsk: Bool { isatty(input) == 1 && isatty(errors) == 1 }

    /// Whether a person sees progress as it goes.
    var showsProgress: Bool { isatty(errors) == 1 }

    func print(_ text: String) { Self.write(text.hasSuffix("\n") ? text : text + "\n", to: output) }

    /// A line for the person at the terminal that is no result: what happened, what to do next.
    func note(_ text: String) { Self.write(text + "\n", to: errors) }

    func complain(_ text: String, isLedByName: Bool = true) {
        Self.write((isLedByName ? "homeport: " : "") + text + "\n", to: errors)
    }

    /// Writes everything, or as much as somebody still reads.
    static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, !rest.isEmpty {
                let count = Glibc.write(descriptor, base, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}

extension Terminal {
    /// Reads one line, without its end; nil at the end of the input.
    func readLine(sizeMax: Int = 64 << 10) -> String? {
        var bytes: [UInt8] = []
        while bytes.count <= sizeMax {
            var byte: UInt8 = 0
            let count = read(input, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { break }
            if byte == UInt8(ascii: "\n") { return Self.text(bytes) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : Self.text(bytes)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }

    /// Asks a question that is answered with `y` or `n`; no answer is a no.
    func confirm(_ question: String) -> Bool {
        Self.write("\(question) [y/N] ", to: errors)
        let answer = readLine()?.lowercased() ?? ""
        return ["y", "yes"].contains(answer)
    }

    /// Asks for a secret, without showing it while it is typed.
    func askSecret(_ question: String) throws -> Secret {
        var saved = termios()
        guard tcgetattr(input, &saved) == 0 else {
            throw CommandFailure.usage("the terminal cannot hide what is typed; use --password-stdin")
        }
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        // Before the question: who answers at once must not have the answer shown, or thrown away by the flush.
        tcsetattr(input, TCSAFLUSH, &silent)
        Self.write(question, to: errors)
        defer {
            tcsetattr(input, TCSADRAIN, &saved)
            Self.write("\n", to: errors)
        }
        guard let line = readLine() else { throw CommandFailure.usage("no answer was given") }
        return Secret(line)
    }
}
