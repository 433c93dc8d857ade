internal import FoundationEssentials
internal import MongoStore
internal import ServerKit

/// The databases of MongoDB that a configuration names, as the driver is to speak to them.
struct DockerAuthMongoPlan: Equatable, Sendable {
    var users: MongoSettings?
    var rules: MongoSettings?

    var isEmpty: Bool { users == nil && rules == nil }
}

extension DockerAuthPlanner {
    /// `mongo_auth` and `acl_mongo`.
    mutating func mongo() -> DockerAuthMongoPlan {
        var plan = DockerAuthMongoPlan()
        if file.names("mongo_auth") {
            plan.users = settings(values.mongo.dial, "mongo_auth", values.mongo.collection)
            plan.users?.collections.users = values.mongo.collection
            plan.users?.readsRules = false
        }
        if file.names("acl_mongo") {
            plan.rules = settings(values.mongoACL.dial, "acl_mongo", values.mongoACL.collection)
            plan.rules?.collections.rules = values.mongoACL.collection
            plan.rules?.cacheTime = max(.seconds(1), values.mongoACL.cacheTime)
            if values.mongoACL.cacheTime < .seconds(1) {
                note("acl_mongo.cache_ttl", "the rules are read once a second at most")
            }
        }
        return plan
    }

    private mutating func settings(
        _ dial: DockerAuthMongo.Dial, _ section: String, _ collection: String
    ) -> MongoSettings? {
        let key = "\(section).dial_info"
        guard file.names(key) else {
            refuse(section, "has no `dial_info`; it says where the database is: `dial_info: {addrs: [...]}`")
            return nil
        }
        let before = problems.count
        check(dial.database, .mongoDatabase, "\(key).database")
        check(collection, .mongoCollection, "\(section).collection")
        if dial.addresses.isEmpty {
            refuse("\(key).addrs", "names no server; write `addrs: [\"localhost\"]`")
        }
        for address in dial.addresses { check(address, .mongoHost, "\(key).addrs") }
        for (name, isThere) in [
            ("direct", dial.isDirect), ("failfast", dial.failsFast), ("service", !dial.service.isEmpty),
        ] where isThere { note("\(key).\(name)", "does nothing, in docker_auth and here") }
        let login = login(dial, key)
        guard problems.count == before else { return nil }
        var settings = MongoSettings(hosts: dial.addresses, database: dial.database)
        settings.login = login
        if dial.usesTLS { settings.tls = MongoSettings.TLS() }
        if let timeout = dial.timeout, timeout > .zero {
            // Whoever signs in is not to wait for longer than our own limit.
            settings.timeout = max(.milliseconds(100), min(timeout, settings.timeout))
            settings.connectTimeout = min(settings.connectTimeout, settings.timeout)
        }
        return settings
    }

    /// Nil for nobody: docker_auth's own default, an empty name, ends it at its start.
    private mutating func login(_ dial: DockerAuthMongo.Dial, _ key: String) -> MongoSettings.Login? {
        guard !dial.userName.isEmpty else {
            for (name, text) in [("password", dial.password), ("password_file", dial.passwordFile)]
            where !text.isEmpty { refuse("\(key).\(name)", "there is no `username` to it") }
            return nil
        }
        var login = MongoSettings.Login(user: dial.userName, source: "admin")
        if !dial.passwordFile.isEmpty {
            do throws(ValueProblem) {
                login.password = try SecretFile.read(dial.passwordFile)
            } catch {
                refuse("\(key).password_file", error.description)
            }
        } else if !dial.password.isEmpty {
            login.password = Secret(dial.password)
        } else {
            refuse("\(key).username", "has no password; name the file that holds it in `password_file`")
        }
        if !dial.source.isEmpty {
            check(dial.source, .mongoDatabase, "\(key).source")
            login.source = dial.source
            note("\(key).source", "docker_auth always takes `admin`; here this one is taken")
        }
        if !dial.mechanism.isEmpty {
            login.mechanism = .init(rawValue: dial.mechanism)
            let known = MongoSettings.Login.Mechanism.allCases.filter { $0 != .x509 }.map(\.rawValue)
            if known.contains(dial.mechanism) {
                note("\(key).mechanism", "does nothing in docker_auth; here it counts")
            } else {
                refuse(
                    "\(key).mechanism",
                    "`\(dial.mechanism)` is not known; expected one of \(known.joined(separator: ", "))")
            }
        }
        return login
    }

    private mutating func check(_ text: String, _ kind: ValueKind<String>, _ key: String) {
        do throws(ValueProblem) {
            _ = try kind.read(.text(text), Place(folder: ""))
        } catch {
            refuse(key, error.description)
        }
    }
}
