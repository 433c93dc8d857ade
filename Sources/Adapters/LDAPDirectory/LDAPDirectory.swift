package import Access
package import Accounts
package import ServerKit

/// People in a directory: each is looked up by a filter, and proved by signing in there with the password.
///
/// An empty password never gets as far: a directory takes it for nobody in particular, and says yes.
package struct LDAPDirectory: SignInSource {
    package let name = "ldap"
    private let settings: LDAPSettings
    private let identity: LDAPIdentity?
    private let threads: BlockingThreads
    /// Connections that look people up.
    private let readers: LDAPPool
    /// Connections that prove passwords. Each use begins with a bind, so that they are nobody's in between.
    private let provers: LDAPPool

    package init(_ settings: LDAPSettings) {
        self.settings = settings
        LDAPLibrary.prepare()
        identity = settings.isExact ? LDAPIdentity(settings.filter) : nil
        threads = BlockingThreads(
            count: settings.connections, queueMax: settings.connections + settings.waiting)
        readers = LDAPPool(settings) { connection throws(LDAPFailure) in
            guard let reader = settings.reader else { return try connection.bindAsNobody() }
            do throws(LDAPFailure) {
                try connection.bind(reader.name, reader.password)
            } catch {
                guard error.isRefusal else { throw error }
                throw LDAPFailure("the name or the password of the reader is refused")
            }
        }
        provers = LDAPPool(settings)
    }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        guard !account.isAnonymous else { return .notMine }
        guard !password.revealed.isEmpty, !password.revealed.utf8.contains(0) else { return .wrongPassword }
        let deadline = ContinuousClock.now + settings.time
        do {
            return try await threads.run { try ask(account, password, until: deadline) }
        } catch {
            return .cannotAsk("\(error)")
        }
    }

    package func trouble() async -> String? {
        let deadline = ContinuousClock.now + settings.time
        do {
            try await threads.run { try look(until: deadline) }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Sees that a server answers, and that there is something to look below.
    private func look(until deadline: ContinuousClock.Instant) throws(LDAPFailure) {
        guard settings.userName == nil else {
            return try provers.with(until: deadline) { connection throws(LDAPFailure) in
                try connection.bindAsNobody()
            }
        }
        _ = try readers.with(until: deadline) { reader throws(LDAPFailure) in
            try reader.search(settings.base, "(objectClass=*)", [], countMax: 1, scope: .base)
        }
    }

    private func ask(
        _ account: AccountName, _ password: Secret, until deadline: ContinuousClock.Instant
    ) throws(LDAPFailure) -> SourceAnswer {
        guard let template = settings.userName else {
            return try readers.with(until: deadline) { reader throws(LDAPFailure) in
                try find(account, password, with: reader)
            }
        }
        let own = LDAPText.fill(template, [("account", LDAPText.nameValue(account.text))])
        return try provers.with(until: deadline) { connection throws(LDAPFailure) in
            guard try isRight(own, password, with: connection) else { return .wrongPassword }
            return try find(account, password, with: connection)
        }
    }

    private func find(
        _ account: AccountName, _ password: Secret, with reader: LDAPConnection
    ) throws(LDAPFailure) -> SourceAnswer {
        let filter = LDAPText.fill(settings.filter, [("account", LDAPText.filterValue(account.text))])
        let attributes = settings.labels.map(\.attribute) + (identity?.attributes ?? [])
        let found = try reader.search(settings.base, filter, attributes, countMax: 1)
        guard let person = found.first else { return .notMine }
        guard found.count == 1 else {
            throw LDAPFailure("the filter finds several entries for one name; it has to tell people apart")
        }
        if let identity, !identity.matches(person, account.text) { return .notMine }
        let isProved = try provers.with(until: reader.deadline) { prover throws(LDAPFailure) in
            try isRight(person.name, password, with: prover)
        }
        guard isProved else { return .wrongPassword }
        var labels = labels(of: person)
        if let groups = settings.groups {
            let names = try LDAPGroups(settings: groups, base: settings.base).names(
                of: person.name, account: account.text, with: reader)
            labels[groups.label, default: []] += names.map(value)
        }
        return .signedIn(labels.filter { !$0.value.isEmpty })
    }

    private func isRight(
        _ name: String, _ password: Secret, with prover: LDAPConnection
    ) throws(LDAPFailure) -> Bool {
        do throws(LDAPFailure) {
            try prover.bind(name, password)
            return true
        } catch {
            guard error.isRefusal else { throw error }
            return false
        }
    }

    private func labels(of person: LDAPEntry) -> Labels {
        var labels: Labels = [:]
        for label in settings.labels {
            var texts = person.values[label.attribute] ?? []
            if label.takesCommonName { texts = texts.compactMap { LDAPText.commonName(of: $0) } }
            if label.isLowercased { texts = texts.map { $0.lowercased() } }
            labels[label.name, default: []] += texts.map(value)
        }
        return labels
    }

    private func value(_ text: String) -> LabelValue {
        LabelValue(text, isLiteral: settings.hasLiteralValues)
    }
}
