import CPCRE2

/// A regular expression of an operator, compiled once by PCRE2 and matched within limits.
final class RegularExpression: Sendable {
    // A compiled pattern is not changed by matching and may be used by any number of threads (pcre2api,
    // "Multithreading"); it is freed once, with this object.
    private nonisolated(unsafe) let code: OpaquePointer
    /// The number of its capture groups.
    let groupCount: Int

    /// Longest expression with the values put in, in bytes.
    static let lengthMax = 65_536

    /// Compiles an expression.
    ///
    /// - Parameter isAnchored: whether it has to match the whole text, not a part of it.
    init(_ pattern: String, isAnchored: Bool) throws(AccessError) {
        var options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
        if isAnchored { options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED }
        guard pattern.utf8.count <= Self.lengthMax else {
            throw AccessError("the regular expression is longer than \(Self.lengthMax) bytes")
        }
        var failure: CInt = 0
        var offset = 0
        var pattern = pattern
        let compiled = pattern.withUTF8 { bytes in
            let start = bytes.baseAddress ?? emptyText
            return pcre2_compile_8(start, bytes.count, options, &failure, &offset, limits.compiling)
        }
        guard let compiled else {
            throw AccessError("\(Self.words(for: failure)), at byte \(offset) of the regular expression")
        }
        self.code = compiled
        var count: UInt32 = 0
        pcre2_pattern_info_8(compiled, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
        self.groupCount = Int(count)
    }

    deinit { pcre2_code_free_8(code) }

    private static func words(for failure: CInt) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            let length = pcre2_get_error_message_8(failure, buffer.baseAddress, buffer.count)
            return length > 0
                ? String(decoding: buffer.prefix(Int(length)), as: UTF8.self) : "it is malformed"
        }
    }

    /// Holds the expression against a text of valid UTF-8.
    func match(_ text: [UInt8]) -> Verdict { match(text) { _ in } }

    /// Matches, and on success gives what each group has matched, the whole first; empty for a group that
    /// took no part.
    func groups(of text: [UInt8]) -> (verdict: Verdict, groups: [[UInt8]]) {
        var groups: [[UInt8]] = []
        let verdict = match(text) { data in
            let count = Int(pcre2_get_ovector_count_8(data))
            guard let offsets = pcre2_get_ovector_pointer_8(data) else { return }
            for group in 0..<count {
                let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
                // A group that took no part has offsets that read as -1.
                groups.append(start >= 0 && start <= end && end <= text.count ? Array(text[start..<end]) : [])
            }
        }
        return (verdict, groups)
    }

    private func match(_ text: [UInt8], reading: (OpaquePointer) -> Void) -> Verdict {
        guard let data = pcre2_match_data_create_from_pattern_8(code, nil) else {
            return .gaveUp("there is no memory for the match")
        }
        defer { pcre2_match_data_free_8(data) }
        // The text comes from Swift strings, so it is valid UTF-8 and need not be checked again.
        let result = text.withUnsafeBufferPointer { bytes in
            let start = bytes.baseAddress ?? emptyText
            return pcre2_match_8(code, start, bytes.count, 0, PCRE2_NO_UTF_CHECK, data, limits.matching)
        }
        switch result {
        case PCRE2_ERROR_NOMATCH: return .fails
        case 0...:
            reading(data)
            return .holds
        case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT:
            return .gaveUp("the regular expression took more steps than it is given")
        default: return .gaveUp("the regular expression failed: \(Self.words(for: result))")
        }
    }
}

/// How much work one expression may be, for PCRE2.
private struct MatchLimits: Sendable {
    /// Steps of the matcher: a few milliseconds.
    private static let steps: UInt32 = 50_000
    /// Nested backtracking points, which bound memory together with `heap`.
    private static let depth: UInt32 = 5_000
    /// Kibibytes.
    private static let heap: UInt32 = 8_192
    private static let nesting: UInt32 = 50

    // Both contexts are written here only; afterwards PCRE2 just reads them, from any thread.
    nonisolated(unsafe) let matching: OpaquePointer?
    // As above.
    nonisolated(unsafe) let compiling: OpaquePointer?

    init() {
        self.matching = pcre2_match_context_create_8(nil)
        self.compiling = pcre2_compile_context_create_8(nil)
        // Without memory for a context at the first use there is no going on: unlimited matching is no
        // option.
        precondition(matching != nil && compiling != nil, "no memory for PCRE2")
        pcre2_set_match_limit_8(matching, Self.steps)
        pcre2_set_depth_limit_8(matching, Self.depth)
        pcre2_set_heap_limit_8(matching, Self.heap)
        pcre2_set_max_pattern_length_8(compiling, RegularExpression.lengthMax)
        pcre2_set_parens_nest_limit_8(compiling, Self.nesting)
    }
}

private let limits = MatchLimits()

// PCRE2 before 10.43 wants a pointer even for an empty text. Never written, never freed.
private nonisolated(unsafe) let emptyText = UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))
