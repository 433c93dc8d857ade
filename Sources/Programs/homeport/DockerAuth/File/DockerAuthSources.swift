/// `ldap_auth:`
struct DockerAuthLDAP: ConfigurationSection {
    struct Label: ConfigurationSection {
        var attribute = ""
        var takesCommonName = false
        var isLowercased = false

        static var keys: [Key<Self>] {
            [
                .value("attribute", \.attribute, .text("an attribute such as `memberOf`"), isRequired: true),
                .value("parse_cn", \.takesCommonName, .yamlFlag),
                .value("lower_case", \.isLowercased, .yamlFlag),
            ]
        }
    }

    enum Security: String, CaseIterable {
        case unsaid = ""
        case none, starttls, always
    }

    var address = ""
    var security = Security.unsaid
    var trustsAnybody = false
    var authorityFile = ""
    var base = ""
    var filter = ""
    var bindName = ""
    var bindPasswordFile = ""
    var bindsAsUser = false
    var labels: [String: Label] = [:]

    static var keys: [Key<Self>] {
        [
            .value("addr", \.address, .text("a server such as `ldap.example.com:636`"), isRequired: true),
            .value("tls", \.security, .choice),
            .value("insecure_tls_skip_verify", \.trustsAnybody, .yamlFlag),
            .value("ca_certificate", \.authorityFile, .anyText),
            .value("base", \.base, .anyText),
            .value("filter", \.filter, .anyText),
            .value("bind_dn", \.bindName, .anyText),
            .value("bind_password_file", \.bindPasswordFile, .anyText),
            .value("initial_bind_as_user", \.bindsAsUser, .yamlFlag),
            .named("labels", \.labels),
        ]
    }
}

/// `mongo_auth:` and `acl_mongo:`
enum DockerAuthMongo {
    struct Dial: ConfigurationSection {
        var addresses: [String] = []
        var timeout: Duration?
        var database = ""
        var userName = ""
        var password = ""
        var passwordFile = ""
        var usesTLS = false
        var isDirect = false
        var failsFast = false
        var source = ""
        var service = ""
        var mechanism = ""

        static var keys: [Key<Self>] {
            [
                .value("addrs", \.addresses, .list(of: .anyText), isRequired: true),
                .value("timeout", \.timeout, .optional(.goDuration)),
                .value("database", \.database, .text("the name of a database"), isRequired: true),
                .value("username", \.userName, .anyText),
                .value("password", \.password, .anyText),
                .value("password_file", \.passwordFile, .anyText),
                .value("enable_tls", \.usesTLS, .yamlFlag),
                .value("direct", \.isDirect, .yamlFlag),
                .value("failfast", \.failsFast, .yamlFlag),
                .value("source", \.source, .anyText),
                .value("service", \.service, .anyText),
                .value("mechanism", \.mechanism, .anyText),
            ]
        }
    }

    struct Users: ConfigurationSection {
        var dial = Dial()
        var collection = ""

        static var keys: [Key<Self>] {
            [
                .section("dial_info", \.dial),
                .value("collection", \.collection, .text("the name of a collection"), isRequired: true),
            ]
        }
    }

    struct Rules: ConfigurationSection {
        var dial = Dial()
        var collection = ""
        /// docker_auth ends at its start without one.
        var cacheTime = Duration.seconds(10)

        static var keys: [Key<Self>] {
            [
                .section("dial_info", \.dial),
                .value("collection", \.collection, .text("the name of a collection"), isRequired: true),
                .value("cache_ttl", \.cacheTime, .goDuration),
            ]
        }
    }
}

/// `google_auth:`, `github_auth:`, `oidc_auth:` and `gitlab_auth:`
enum DockerAuthBrowser {
    /// Where passwords that were given out are kept.
    struct FolderStore: ConfigurationSection {
        var path = ""
        var cost = 0

        static var keys: [Key<Self>] {
            [.value("path", \.path, .anyText), .value("token_hash_cost", \.cost, .integer(0...31))]
        }
    }

    struct CloudStore: ConfigurationSection {
        var bucket = ""
        var secretFile = ""
        var cost = 0

        static var keys: [Key<Self>] {
            [
                .value("bucket", \.bucket, .anyText),
                .value("client_secret_file", \.secretFile, .anyText),
                .value("token_hash_cost", \.cost, .integer(0...31)),
            ]
        }
    }

    /// Its options are another program's, and nothing is done with them.
    struct RedisStore: ConfigurationSection {
        var options: [String: String] = [:]
        var clusterOptions: [String: String] = [:]
        var cost = 0

        static var keys: [Key<Self>] {
            [
                .named("redis_options", \.options, .anything),
                .named("redis_cluster_options", \.clusterOptions, .anything),
                .value("token_hash_cost", \.cost, .integer(0...31)),
            ]
        }
    }

    struct Stores: Equatable, Sendable {
        var folder = FolderStore()
        var cloud = CloudStore()
        var redis = RedisStore()
    }

    struct Client: Equatable, Sendable {
        var id = ""
        var secret = ""
        var secretFile = ""
        var timeout = Duration.seconds(10)
    }

    struct Google: ConfigurationSection {
        var domain = ""
        var client = Client()
        var stores = Stores()

        static var keys: [Key<Self>] {
            [.value("domain", \.domain, .anyText)] + clientKeys(\.client) + storeKeys(\.stores)
        }
    }

    struct GitHub: ConfigurationSection {
        var organization = ""
        var client = Client()
        var stores = Stores()
        var revalidation = Duration.seconds(3600)
        var webURL = ""
        var programURL = ""
        var registryURL = ""

        static var keys: [Key<Self>] {
            [
                .value("organization", \.organization, .anyText),
                .value("revalidate_after", \.revalidation, .goDuration),
                .value("github_web_uri", \.webURL, .anyText),
                .value("github_api_uri", \.programURL, .anyText),
                .value("registry_url", \.registryURL, .anyText),
            ] + clientKeys(\.client) + storeKeys(\.stores)
        }
    }

    struct OIDC: ConfigurationSection {
        var issuer = ""
        var redirectURL = ""
        var client = Client()
        var stores = Stores()
        var registryURL = ""
        var userClaim = "email"
        var labelClaims: [String] = []
        var scopes = ["openid", "email"]

        static var keys: [Key<Self>] {
            [
                .value("issuer", \.issuer, .text("the provider's address"), isRequired: true),
                .value(
                    "redirect_url", \.redirectURL, .text("an address that ends in /oidc_auth"),
                    isRequired: true),
                .value("registry_url", \.registryURL, .anyText),
                .value("user_claim", \.userClaim, .text("the name of a claim")),
                .value("labels_claims", \.labelClaims, .list(of: .anyText)),
                .value("scopes", \.scopes, .list(of: .anyText)),
            ] + clientKeys(\.client) + storeKeys(\.stores)
        }
    }

    struct GitLab: ConfigurationSection {
        var organization = ""
        var client = Client()
        var stores = Stores()
        var revalidation = Duration.seconds(3600)
        var webURL = ""
        var programURL = ""
        var registryURL = ""
        var grant = ""
        var redirectURL = ""

        static var keys: [Key<Self>] {
            [
                .value("organization", \.organization, .anyText),
                .value("revalidate_after", \.revalidation, .goDuration),
                .value("gitlab_web_uri", \.webURL, .anyText),
                .value("gitlab_api_uri", \.programURL, .anyText),
                .value("registry_url", \.registryURL, .anyText),
                .value("grant_type", \.grant, .anyText),
                .value("redirect_uri", \.redirectURL, .anyText),
            ] + clientKeys(\.client) + storeKeys(\.stores)
        }
    }

    private static func clientKeys<Section>(_ client: WritableKeyPath<Section, Client>) -> [Key<Section>] {
        [
            .value("client_id", client.appending(path: \.id), .anyText),
            .value("client_secret", client.appending(path: \.secret), .anyText),
            .value("client_secret_file", client.appending(path: \.secretFile), .anyText),
            .value("http_timeout", client.appending(path: \.timeout), .goDuration),
        ]
    }

    private static func storeKeys<Section>(_ stores: WritableKeyPath<Section, Stores>) -> [Key<Section>] {
        [
            .section("level_token_db", stores.appending(path: \.folder)),
            .section("gcs_token_db", stores.appending(path: \.cloud)),
            .section("redis_token_db", stores.appending(path: \.redis)),
        ]
    }
}

/// `xorm_auth:` and `acl_xorm:`
enum DockerAuthSQL {
    struct Users: ConfigurationSection {
        var kind = ""
        var connection = ""

        static var keys: [Key<Self>] {
            [.value("database_type", \.kind, .anyText), .value("conn_string", \.connection, .anyText)]
        }
    }

    struct Rules: ConfigurationSection {
        var kind = ""
        var connection = ""
        var cacheTime = Duration.seconds(10)

        static var keys: [Key<Self>] {
            [
                .value("database_type", \.kind, .anyText), .value("conn_string", \.connection, .anyText),
                .value("cache_ttl", \.cacheTime, .goDuration),
            ]
        }
    }
}

/// `ext_auth:` and `ext_authz:`
struct DockerAuthProgram: ConfigurationSection {
    var command = ""
    var arguments: [String] = []

    static var keys: [Key<Self>] {
        [
            .value("command", \.command, .text("the name of a program"), isRequired: true),
            .value("args", \.arguments, .list(of: .anyText)),
        ]
    }
}

/// `plugin_authn:` and `plugin_authz:`
struct DockerAuthPlugin: ConfigurationSection {
    var path = ""

    static var keys: [Key<Self>] { [.value("plugin_path", \.path, .anyText)] }
}

/// `casbin_authz:`
struct DockerAuthCasbin: ConfigurationSection {
    var model = ""
    var policy = ""

    static var keys: [Key<Self>] {
        [.value("model_path", \.model, .anyText), .value("policy_path", \.policy, .anyText)]
    }
}
