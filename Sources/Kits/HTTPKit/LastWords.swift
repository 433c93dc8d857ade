import Foundation
package import HTTPTypes
package import NIOCore
import NIOHTTPTypes

/// An answer that the connection itself gives, before or without a request, and after which it closes.
package struct LastWords: Sendable {
    package let status: HTTPResponse.Status
    /// For the person who looks at it: what is wrong, and what to do.
    package let text: String
    package var headers: HTTPFields

    package init(_ status: HTTPResponse.Status, _ text: String, headers: HTTPFields = [:]) {
        self.status = status
        self.text = text
        self.headers = headers
    }

    /// How long a client has to read an answer before the connection is closed.
    static let lingerTime = TimeAmount.seconds(1)

    /// Writes the answer, ends our side once it has left, and closes for good when the client closes or the
    /// linger time is over: closing at once would reset the connection before the answer is read.
    package func say(_ context: ChannelHandlerContext) {
        let body = ByteBuffer(string: text + "\n")
        var headers = headers
        headers[.contentType] = "text/plain; charset=utf-8"
        headers[.contentLength] = "\(body.readableBytes)"
        headers[.connection] = "close"
        let head = HTTPResponse(status: status, headerFields: headers)
        context.write(NIOAny(HTTPResponsePart.head(head)), promise: nil)
        context.write(NIOAny(HTTPResponsePart.body(body)), promise: nil)
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(NIOAny(HTTPResponsePart.end(nil)), promise: sent)
        Self.close(context, after: sent.futureResult)
    }

    static func close(_ context: ChannelHandlerContext, after answer: EventLoopFuture<Void>) {
        answer.assumeIsolated().whenComplete { _ in
            context.close(mode: .output, promise: nil)
            context.eventLoop.assumeIsolated().scheduleTask(in: lingerTime) {
                context.close(mode: .all, promise: nil)
            }
        }
    }
}
