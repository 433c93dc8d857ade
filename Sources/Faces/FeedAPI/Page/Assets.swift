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

    private static let styleName = "weather-\(mark(of: styleSheet)).css"
    private static let scriptName = "weather-\(mark(of: script)).js"

    private static let answers = [
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
