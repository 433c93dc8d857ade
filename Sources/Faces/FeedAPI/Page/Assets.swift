import Foundation
import HTTPKit
import HTTPTypes

/// What pages load: a style sheet and a script. Their names change with their contents, so they may be kept
/// for ever.
enum Assets {
    /// A time before which nothing here was made; what changes has another name.
    static let since = Date(timeIntervalSince1970: 1_767_225_600)

    static let stylePath = "/weather/assets/\(styleName)"
    static let scriptPath = "/weather/assets/\(scriptName)"

    static let iconPath = "/weather/assets/\(iconName)"

    private static let styleName = "weather-\(mark(of: styleSheet)).css"
    private static let scriptName = "weather-\(mark(of: script)).js"

    private static let iconName = "weather-\(mark(of: icon)).svg"

    private static let answers = [
        iconName: answer(icon, type: "image/svg+xml"),
        styleName: answer(styleSheet, type: "text/css; charset=utf-8"),
        scriptName: answer(script, type: "text/javascript; charset=utf-8"),
    ]

    static func answer(_ name: String) -> PreparedAnswer? { answers[name] }

    private static func answer(_ text: String, type: String) -> PreparedAnswer {
        PreparedAnswer(
            bytes: Array(text.utf8), type: type, modified: since,
            cacheControl: "public, max-age=31536000, immutable",
            headers: [.init("X-Content-Type-Options")!: "nosniff"])
    }

    /// FNV-1a, 64 bits.
    private static func mark(of text: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    /// A sun behind a cloud.
    private static let icon = #"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="12" cy="12" r="8" fill="#f5b301"/>
        <path d="M10 27a6 6 0 0 1 0-12 8 8 0 0 1 15 2 5 5 0 0 1 0 10z" fill="#7d93ab"/></svg>

        """#

    /// The copy button, which is not there without a script. Nothing else needs one.
    private static let script = #"""
        "use strict";
        for (const button of document.querySelectorAll("button[data-copy]")) {
            if (!navigator.clipboard) break;
            button.hidden = false;
            button.addEventListener("click", async () => {
                const field = document.getElementById(button.dataset.copy);
                field.select();
                await navigator.clipboard.writeText(field.value);
                button.textContent = button.dataset.copied;
            });
        }

        """#
}
