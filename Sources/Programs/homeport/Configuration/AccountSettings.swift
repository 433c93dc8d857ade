internal import ServerKit

/// `accounts:` who may sign in, and how passwords are kept.
struct AccountSettings: ConfigurationSection {
    var hashCost = 10
    var passwordCacheTime = Duration.seconds(60)
    var adminName = "admin"
    var adminPassword: Secret?

    static var keys: [Key<Self>] {
        [
            .value("hash_cost", \.hashCost, .integer(8...15)),
            .value("password_cache_time", \.passwordCacheTime, .duration(.seconds(0) ... .seconds(3600))),
            .value("admin_name", \.adminName, .accountName),
            .value("admin_password_file", \.adminPassword, .optional(.secretFile)),
        ]
    }
}
