/// The groups that somebody is in.
struct LDAPGroups {
    /// Groups inside groups are followed so far, and so many are taken at most: rings end, and nobody waits for ever.
    static let depthMax = 16
    static let countMax = 1000
    /// How many are asked for in one search.
    private static let batch = 32
    private static let chainRule = "member:1.2.840.113556.1.4.1941:=${dn}"

    let settings: LDAPSettings.Groups
    /// Where groups are looked for when they say nothing else.
    let base: String

    /// What they are called, each once, in the order in which they are found.
    func names(
        of person: String, account: String, with reader: LDAPConnection
    ) throws(LDAPFailure) -> [String] {
        var seen: Set<String> = []
        var names: [String] = []
        var level = [person]
        for _ in 0..<(settings.nesting == .walk ? Self.depthMax : 1) where !level.isEmpty {
            var next: [String] = []
            for start in stride(from: 0, to: level.count, by: Self.batch) {
                let members = level[start..<min(level.count, start + Self.batch)]
                for group in try groups(of: members, account: account, with: reader)
                where seen.insert(group.name.lowercased()).inserted {
                    next.append(group.name)
                    for name in group.values[settings.attribute] ?? [] {
                        let name = settings.isLowercased ? name.lowercased() : name
                        if !names.contains(name) { names.append(name) }
                    }
                }
                guard seen.count <= Self.countMax else {
                    throw LDAPFailure("somebody is in more than \(Self.countMax) groups")
                }
            }
            level = next
        }
        return names
    }

    private func groups(
        of members: ArraySlice<String>, account: String, with reader: LDAPConnection
    ) throws(LDAPFailure) -> [LDAPEntry] {
        let filters = members.map { filter($0, account) }
        return try reader.search(
            settings.base.isEmpty ? base : settings.base,
            filters.count == 1 ? filters[0] : "(|" + filters.joined() + ")",
            [settings.attribute], countMax: Self.countMax)
    }

    func filter(_ member: String, _ account: String) -> String {
        var template = settings.filter
        if settings.nesting == .activeDirectory {
            template = template.replacing("member=${dn}", with: Self.chainRule)
        }
        return LDAPText.fill(
            template,
            [("account", LDAPText.filterValue(account)), ("dn", LDAPText.filterValue(member))])
    }
}
