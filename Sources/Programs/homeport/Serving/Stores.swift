internal import Accounts
internal import FoundationEssentials
internal import Logging
internal import Registry
internal import SQLiteStore
internal import ServerKit

/// The stores and services that commands and the server work on, opened from one configuration.
struct Stores: Sendable {
    let folder: DataFolder
    let database: SQLiteStore
    let accounts: AccountServices
    let values: Configuration

    var manifests: any ManifestStore { database }

    /// Opens the stores in the folder of the data, making the database where there is none.
    static func open(_ values: Configuration, now: @escaping @Sendable () -> Date) throws -> Stores {
        let folder = DataFolder(values.data)
        let database = try SQLiteStore(path: folder.database, now: now)
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let accounts = AccountServices(
            AccountStores(database), settings: values.accountServices,
            threads: BlockingThreads(count: cores, queueMax: 64 * cores), now: now)
        return Stores(folder: folder, database: database, accounts: accounts, values: values)
    }

    func close() async throws { try await database.close() }
}

extension Configuration {
    /// How accounts and tokens are to work.
    var accountServices: AccountServices.Settings {
        var settings = AccountServices.Settings(
            issuer: TokenIssuer.Settings(
                issuer: token.issuer, lifetime: Int(token.life.components.seconds),
                keyForm: KeyForm(token.keyIdentifier, includesCertificate: token.includesCertificate)),
            services: [token.service] + token.otherServices)
        settings.refreshTokens.idle = TimeInterval(token.refreshIdleTime.components.seconds)
        settings.signIn.verifiedLifetime = Int(accounts.passwordCacheTime.components.seconds)
        settings.hashCost = accounts.hashCost
        return settings
    }
}
