package import Certificates
import Glibc
package import HTTPKit
import HTTPTypes
package import Hummingbird
package import ServerKit

/// `/.well-known/acme-challenge/`: what an authority asks for over plain HTTP before it believes that a name is
/// ours. Answers come from the server itself, or from the folder into which certbot puts them
/// (`--webroot`).
package struct ChallengeFace: Face {
    private let board: ChallengeBoard?
    private let folder: String?
    private let threads: BlockingThreads

    /// - Parameter folder: the webroot, in which certbot makes `.well-known/acme-challenge`.
    package init(board: ChallengeBoard?, folder: String?, threads: BlockingThreads) {
        self.board = board
        self.folder = folder
        self.threads = threads
    }

    private static let prefix = "/.well-known/acme-challenge/"
    private static let answerMax = 4096

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        guard request.uri.path.hasPrefix(Self.prefix) else { return nil }
        guard request.method == .get || request.method == .head else {
            return .text("GET or HEAD\n", status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
        }
        let token = String(request.uri.path.dropFirst(Self.prefix.count))
        guard Self.isToken(token), let answer = await answer(for: token) else {
            return .text("No such challenge.\n", status: .notFound)
        }
        return .text(answer, headers: [.contentType: "application/octet-stream"])
    }

    /// Base64url and nothing else, so that a token is never a path.
    private static func isToken(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }

    private func answer(for token: String) async -> String? {
        if let answer = board?.answer(for: token) { return answer }
        guard let folder else { return nil }
        return try? await threads.run { Self.content(of: folder + Self.prefix + token) }
    }

    /// A short plain file; nil for anything else.
    private static func content(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= answerMax
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: answerMax)
        let count = read(descriptor, &bytes, bytes.count)
        return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
