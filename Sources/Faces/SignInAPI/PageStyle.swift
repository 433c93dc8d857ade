import Foundation
import HTTPKit
import HTTPTypes

/// The look of these pages, under a name that changes with it, so that it may be kept for ever.
enum PageStyle {
    static let name = "signin-\(mark).css"
    private static let prepared = PreparedAnswer(
        bytes: Array(sheet.utf8), type: "text/css; charset=utf-8",
        modified: Date(timeIntervalSince1970: 1_795_600_000),
        cacheControl: "public, max-age=31536000, immutable",
        headers: [.init("X-Content-Type-Options")!: "nosniff"])

    static func answer(_ asked: String) -> PreparedAnswer? { asked == name ? prepared : nil }

    /// FNV-1a, 64 bits.
    private static var mark: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in sheet.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    private static let sheet = #"""
        :root { color-scheme: light dark; --ground: #fbfcfd; --card: #ffffff; --ink: #16202b; --soft: #53606e;
            --line: #d8dfe6; --accent: #0b63b0; --accent-ink: #ffffff; --warn: #fff1d6; --warn-ink: #6b4300; }
        @media (prefers-color-scheme: dark) {
            :root { --ground: #10161d; --card: #18212b; --ink: #e8eef4; --soft: #a3b0bd; --line: #33404d;
                --accent: #6db3f2; --accent-ink: #0b1620; --warn: #4a3408; --warn-ink: #ffe2ae; }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 52rem; padding: 1rem; background: var(--ground); color: var(--ink);
            font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
        h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 0; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem;
            margin: 0 0 1rem; }
        .choices, .labels { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem; }
        .labels { color: var(--soft); font-size: .9rem; }
        .problem { background: var(--warn); color: var(--warn-ink); border-radius: .5rem; padding: .6rem .75rem; }
        .button { display: inline-block; padding: .5rem .9rem; border: 1px solid var(--accent); border-radius: .5rem;
            background: none; color: var(--accent); font: inherit; text-decoration: none; cursor: pointer; }
        .button.main { background: var(--accent); color: var(--accent-ink); }
        label { display: block; font-size: .9rem; color: var(--soft); }
        input, select, textarea { width: 100%; padding: .5rem; font: inherit; color: inherit;
            background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
        input[readonly], textarea { font-family: ui-monospace, monospace; font-size: .9rem; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; }
        th, td { padding: .35rem .6rem .35rem 0; text-align: left; border-bottom: 1px solid var(--line); }
        .hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }

        """#
}
