/// How the patterns of rules are read.
package struct PolicyStyle: Hashable, Sendable {
    let globs: GlobDialect
    /// Whether a `/regex/` has to match the whole value.
    package let anchorsRegexes: Bool
    /// Whether values are put into patterns as text that is then interpreted.
    package let interpretsValues: Bool
    /// Whether rules written for another program are taken as it takes them where that is harmless.
    let isLenient: Bool

    /// Homeport's own: a regular expression matches the whole value, `**` crosses `/`, values are data.
    package static let homeport = PolicyStyle(
        globs: .homeport, anchorsRegexes: true, interpretsValues: false, isLenient: false)

    /// As docker_auth: a regular expression matches anywhere in the value, `*` and `**` stop at `/`. Values
    /// of labels may be globs, but never become regular expressions.
    package static let dockerAuth = PolicyStyle(
        globs: .go, anchorsRegexes: false, interpretsValues: false, isLenient: true)

    /// As docker_auth with its hazards: labels and captured groups are put into patterns unquoted, so that a
    /// label `/.*/` matches everything. Whoever can write a label can then widen rules.
    package static let dockerAuthInterpretingValues = dockerAuth(interpretsValues: true)

    /// As docker_auth, with each of its two hazards kept or left away.
    package static func dockerAuth(interpretsValues: Bool, anchorsRegexes: Bool = false) -> Self {
        PolicyStyle(
            globs: .go, anchorsRegexes: anchorsRegexes, interpretsValues: interpretsValues, isLenient: true)
    }
}
