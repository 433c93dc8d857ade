package import HTTPKit
package import Hummingbird

/// A face that answers nobody: it has something done before the faces after it are asked.
package struct PreparingFace: Face {
    private let prepare: @Sendable () async -> Void

    package init(_ prepare: @escaping @Sendable () async -> Void) { self.prepare = prepare }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        await prepare()
        return nil
    }
}
