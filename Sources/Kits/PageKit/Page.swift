/// A page: what every page has in common, around what is its own.
package struct Page: Sendable {
    package var title: String
    /// `en`, `de`.
    package var language: String
    package var description: String
    /// Addresses of style sheets and scripts; there are none inside the page, so that a browser can be told
    /// to believe in no others.
    package var styles: [String]
    package var scripts: [String]
    /// More for the head, such as links to calendars.
    package var head: HTML = .empty
    package var content: HTML

    package init(
        title: String, language: String, description: String, styles: [String], scripts: [String] = [],
        content: HTML
    ) {
        self.title = title
        self.language = language
        self.description = description
        self.styles = styles
        self.scripts = scripts
        self.content = content
    }

    /// The whole document.
    package var html: HTML {
        let styles = styles.map { "<link rel=\"stylesheet\" href=\"\(link: $0)\">" as HTML }
        let scripts = scripts.map { "<script src=\"\(link: $0)\" defer></script>" as HTML }
        return """
            <!DOCTYPE html>
            <html lang="\(language)">
            <head>
            <meta charset="utf-8">
            <title>\(title)</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="description" content="\(description)">
            <meta name="color-scheme" content="light dark">
            \(styles)\(scripts)\(head)
            </head>
            <body>
            \(content)
            </body>
            </html>

            """
    }

    /// What a browser may load for such a page: its own style sheets, scripts and images, and nothing else
    /// (Content Security Policy Level 3).
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
        + "form-action 'self'; frame-ancestors 'none'"
}
