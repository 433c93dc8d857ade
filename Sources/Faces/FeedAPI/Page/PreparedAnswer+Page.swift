import Foundation
import HTTPKit
import HTTPTypes
import PageKit

extension PreparedAnswer {
    /// A page with everything that keeps browsers from doing with it what they should not.
    static func page(_ html: HTML, modified: Date, cacheControl: String) -> PreparedAnswer {
        PreparedAnswer(
            bytes: Array(html.markup.utf8), type: "text/html; charset=utf-8", modified: modified,
            cacheControl: cacheControl,
            headers: [
                .contentSecurityPolicy: Page.contentSecurityPolicy,
                .init("X-Content-Type-Options")!: "nosniff",
                .init("Referrer-Policy")!: "no-referrer",
            ])
    }
}
