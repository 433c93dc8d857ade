package import Contracts
import Foundation

/// nginx from Debian, with all that it keeps in one folder.
package enum Nginx {
    /// Writes a configuration around `sites`, has nginx check it, and returns the words that run it in the foreground.
    ///
    /// - Parameters:
    ///   - sites: what stands in `http`.
    ///   - streams: what stands in `stream`: connections that are handed on as they are.
    package static func words(
        sites: String, streams: String? = nil, in folder: TemporaryFolder, accessLog: String = "off"
    ) async throws -> (program: String, arguments: [String]) {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder.path)/\($0);"
        }.joined(separator: "\n")
        let file = folder.path + "/nginx.conf"
        let stream = streams.map { "stream {\n\($0)\n}" } ?? ""
        let module = streams == nil ? "" : "load_module /usr/lib/nginx/modules/ngx_stream_module.so;"
        try """
        \(module)
        user root;
        daemon off;
        pid \(folder.path)/nginx.pid;
        error_log stderr;
        events {}
        http {
        access_log \(accessLog);
        \(temporary)
        \(sites)
        }
        \(stream)
        """.write(toFile: file, atomically: true, encoding: .utf8)
        let program = try Peer.nginx.path()
        try await Command(program, ["-t", "-e", "stderr", "-c", file]).run().succeeded()
        return (program, ["-e", "stderr", "-c", file])
    }

    /// Runs it until `body` is over, which begins when something answers at `url`; fails when it does not end well.
    package static func run<Value: Sendable>(
        sites: String, in folder: TemporaryFolder, answeringAt url: String, accessLog: String = "off",
        _ body: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let (program, arguments) = try await words(sites: sites, in: folder, accessLog: accessLog)
        let (value, status) = try await withGuardedProcess(
            program, arguments, environment: [:], log: folder.path + "/nginx.log"
        ) { _ in
            try await Command(
                Peer.curl.path(),
                [
                    "-sSf", "-o", "/dev/null", "--retry", "30", "--retry-connrefused", "--retry-delay", "1",
                    url,
                ]
            ).run().succeeded()
            return try await body()
        }
        guard status == 0 else { throw CommandFailed(description: "nginx ended with status \(status)") }
        return value
    }
}
