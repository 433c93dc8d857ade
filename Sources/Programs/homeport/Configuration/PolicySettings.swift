internal import Access
internal import FoundationEssentials
internal import Registry

/// One of `registry.quotas`: how much the repositories of a pattern may hold.
struct QuotaSettings: ConfigurationSection {
    var name: Glob?
    var bytes = 0
    var dryRun = false

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .optional(.glob), isRequired: true),
            .value("bytes", \.bytes, .size(0...1 << 60), isRequired: true),
            .value("dry_run", \.dryRun, .flag),
        ]
    }

    var quota: Quota? {
        name.map { Quota(repositories: $0, limit: Int64(bytes), isDryRun: dryRun) }
    }
}

/// One of `registry.immutable_tags`: tags that stay where they were put.
struct ImmutableTagSettings: ConfigurationSection {
    var name: Glob?
    var tag: Glob?
    var removable = false
    var dryRun = false

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .optional(.glob), isRequired: true),
            .value("tag", \.tag, .optional(.glob), isRequired: true),
            .value("removable", \.removable, .flag),
            .value("dry_run", \.dryRun, .flag),
        ]
    }

    var rule: ImmutableTags? {
        guard let name, let tag else { return nil }
        return ImmutableTags(repositories: name, tags: tag, mayBeRemoved: removable, isDryRun: dryRun)
    }
}

/// One of `registry.retention`: tags that go, but for the last few or the young.
struct RetentionSettings: ConfigurationSection {
    var name: Glob?
    var tag: Glob?
    var keepLast: Int?
    var keepYounger: Duration?

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .optional(.glob), isRequired: true),
            .value("tag", \.tag, .optional(.glob), isRequired: true),
            .value("keep_last", \.keepLast, .optional(.integer(1...1_000_000))),
            .value(
                "keep_younger", \.keepYounger,
                .optional(.duration(.seconds(60) ... .seconds(3660 * 86_400)))),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard keepLast == nil, keepYounger == nil else { return [] }
        return [("keep_last", "every tag would go; say `keep_last`, `keep_younger` or both")]
    }

    var rule: RetentionRule? {
        guard let name, let tag else { return nil }
        return RetentionRule(
            repositories: name, tags: tag, keepLast: keepLast,
            keepYounger: keepYounger.map { TimeInterval($0.components.seconds) })
    }
}

extension ValueKind<Glob> {
    /// A pattern for names, as access rules have them.
    static var glob: Self {
        ValueKind(
            text: "a pattern such as `team-a/**` or `v*`",
            parse: { text, _ throws(ValueProblem) in
                do throws(AccessError) {
                    return text.isEmpty ? nil : try Glob(text)
                } catch {
                    throw ValueProblem(error.description)
                }
            },
            show: \.text)
    }
}

extension Configuration {
    /// Which tags go by themselves.
    var retentionRules: [RetentionRule] { registry.retention.compactMap(\.rule) }

    /// What the operator has laid down for repositories.
    var registryPolicy: RegistryPolicy {
        RegistryPolicy(
            quotas: registry.quotas.compactMap(\.quota),
            immutableTags: registry.immutableTags.compactMap(\.rule))
    }
}
