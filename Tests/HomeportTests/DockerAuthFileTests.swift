import Contracts
import Foundation
import Testing

@testable import homeport

/// docker_auth's configuration, read with every key and with the line of everything that is wrong.
@Suite struct DockerAuthFileTests {
    /// Every key that docker_auth knows.
    private static let everything = #"""
        server:
          addr: ":5001"
          net: tcp
          path_prefix: /tokens
          real_ip_header: X-Forwarded-For
          real_ip_pos: -2
          certificate: server.pem
          key: server.key
          hsts: yes
          tls_min_version: TLS12
          tls_curve_preferences: [P256, X25519]
          tls_cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
          letsencrypt: {email: a@example.com, cache_dir: /tmp, host: auth.example.com}
        token: {issuer: Acme, expiration: 900, certificate: c, key: k, disable_legacy_key_id: true}
        users:
          admin: {password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"}
          dotted.name: {labels: {group: [VIP, "t*"], one: [x]}}
          "": {}
        google_auth:
          domain: example.com
          client_id: id
          client_secret: secret
          client_secret_file: file
          http_timeout: 10s
          level_token_db: {path: /data/google.ldb, token_hash_cost: 5}
        github_auth:
          organization: acme
          client_id: id
          client_secret_file: file
          http_timeout: 1m30s
          revalidate_after: 1.5h
          github_web_uri: https://github.acme.com
          github_api_uri: https://github.acme.com/api/v3
          registry_url: registry.acme.com
          gcs_token_db: {bucket: b, client_secret_file: f, token_hash_cost: 5}
        oidc_auth:
          issuer: https://accounts.example.com
          redirect_url: https://auth.example.com/oidc_auth
          client_id: id
          client_secret: secret
          http_timeout: 500ms
          registry_url: r
          user_claim: email
          labels_claims: [groups]
          scopes: [openid, email]
          redis_token_db:
            redis_options: {addr: "localhost:6379"}
            redis_cluster_options: {addrs: ["localhost:7000", "localhost:7001"]}
            token_hash_cost: 5
        gitlab_auth:
          organization: acme
          client_id: id
          client_secret: secret
          http_timeout: 10s
          revalidate_after: 1h
          gitlab_web_uri: https://gitlab.com
          gitlab_api_uri: https://gitlab.com/api/v4
          registry_url: r
          grant_type: authorization_code
          redirect_uri: https://auth.example.com/gitlab_auth
          level_token_db: {path: /data/gitlab.ldb}
        ldap_auth:
          addr: ldap.example.com:636
          tls: always
          insecure_tls_skip_verify: false
          ca_certificate: ca.pem
          base: o=example.com
          filter: (&(uid=${account})(objectClass=person))
          bind_dn: cn=reader
          bind_password_file: file
          initial_bind_as_user: false
          labels:
            title: {attribute: title, parse_cn: false, lower_case: true}
        mongo_auth: &mongo
          dial_info:
            addrs: ["localhost:27017", "other:27017"]
            timeout: 10s
            database: docker_auth
            username: ""
            password: ""
            password_file: ""
            enable_tls: false
            direct: false
            failfast: false
            source: admin
            service: ""
            mechanism: SCRAM-SHA-1
          collection: users
        acl_mongo:
          dial_info: {addrs: ["localhost"], database: docker_auth}
          collection: acl
          cache_ttl: 1m
        xorm_auth: {database_type: mysql, conn_string: x}
        acl_xorm: {database_type: mysql, conn_string: x, cache_ttl: 1m}
        ext_auth: {command: /usr/local/bin/ext_auth, args: ["--flag", "x"]}
        ext_authz: {command: /usr/local/bin/ext_authz, args: []}
        plugin_authn: {plugin_path: x.so}
        plugin_authz: {plugin_path: x.so}
        casbin_authz: {model_path: m, policy_path: p}
        acl:
          - match: {account: "", type: repository, name: "${labels:group}/*", service: "*", ip: 10.0.0.0/8,
                    labels: {group: "VIP"}}
            actions: [pull]
            comment: all conditions there are
          - match: {}
            actions: []
        """#

    @Test func everyKeyIsUnderstood() throws {
        let file = try DockerAuthFile.read(Self.everything, path: "auth_config.yml")
        let values = file.values
        #expect(values.server.realIPPosition == -2 && values.server.strictTransport)
        #expect(values.token.disablesLegacyKeyID)
        #expect(values.users["dotted.name"]?.labels == ["group": ["VIP", "t*"], "one": ["x"]])
        #expect(values.users[""]?.password == nil)
        #expect(values.github.revalidation == .seconds(5400) && values.github.client.timeout == .seconds(90))
        #expect(values.google.stores.folder.path == "/data/google.ldb")
        #expect(values.oidc.stores.redis.clusterOptions["addrs"] == "localhost:7000,localhost:7001")
        #expect(values.ldap.security == .always && values.ldap.labels["title"]?.isLowercased == true)
        #expect(values.mongo.dial.addresses.count == 2 && values.mongo.dial.timeout == .seconds(10))
        #expect(values.mongoACL.cacheTime == .seconds(60))
        #expect(values.program.arguments == ["--flag", "x"])
        #expect(values.acl[0].match.account == "" && values.acl[0].match.labels == ["group": "VIP"])
        #expect(values.acl[1].match.account == nil && values.acl[1].actions.isEmpty)
        #expect(file.line(of: "users.dotted.name.labels") == 17)
        #expect(file.names("acl[1].match") && !file.names("acl[1].match.account"))
    }

    /// Bytes left out, doubled or exchanged: whatever comes of it is read or refused with a line, and ends nobody.
    @Test(.timeLimit(.minutes(1))) func aDamagedFileIsReadOrRefused() {
        var state: UInt64 = 1
        func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(sides))
        }
        let whole = Array(Self.everything.utf8)
        let strange = Array("{}[]:,-&*!|>'\"%@`#~?\\\n\t $\0<".utf8)
        var read = 0
        for _ in 0..<400 {
            var bytes = whole
            for _ in 0...roll(4) {
                let place = roll(bytes.count)
                switch roll(4) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(strange[roll(strange.count)], at: place)
                case 2: bytes[place] = strange[roll(strange.count)]
                default: bytes.removeSubrange(place..<min(bytes.count, place + roll(60)))
                }
            }
            do throws(ConfigurationError) {
                let file = try DockerAuthFile.read(String(decoding: bytes, as: UTF8.self), path: "a.yml")
                read += 1
                _ = try DockerAuthPlan(file, options: DockerAuthOptions(), now: Date())
            } catch {
                #expect(!error.problems.isEmpty)
            }
        }
        #expect(read > 10, "some are still files")
    }

    @Test func damagedDocumentsAreReadOrLeftOut() {
        for text in [
            "", "[", "[]", "[1]", "{}", "null", "[[[]]]", "{\"username\": {}}", "{\"username\": [\"a\"]}",
            "{\"username\": \"a\", \"expires\": {\"$date\": {}}}", "{\"username\": \"a\", \"labels\": [1]}",
            "a: b: c",
            "{\"username\": \"a\", \"disabled\": 7}", "\u{FEFF}{}", "&a *a", "<<: *x",
        ] {
            let documents = DockerAuthDocuments<DockerAuthUserDocument>(text, path: "users.json")
            #expect(documents.entries.isEmpty, "\(text)")
        }
        let one = DockerAuthDocuments<DockerAuthUserDocument>(
            #"{"username":"a\u00e4","expires":{"$date":{"$numberLong":"1893456000000"}},"labels":{}}"#,
            path: "u")
        #expect(one.entries.first?.document.name == "aä")
        #expect(
            one.entries.first?.document.expires == Date(timeIntervalSince1970: 1_893_456_000),
            "\(one.problems)")
    }

    @Test func aKeyWithoutAValueIsNone() throws {
        let file = try DockerAuthFile.read(
            "users:\n  a: {password: }\nldap_auth:\nacl:\n- match:\n  actions: []\n  comment: ~",
            path: "a.yml")
        #expect(file.values.users["a"] != nil && file.values.users["a"]?.password == nil)
        #expect(
            !file.names("ldap_auth") && !file.names("acl[0].match"),
            "and no condition that grants to everybody")
    }

    @Test func whatIsWrittenOnceCanBeTakenOver() throws {
        let file = try DockerAuthFile.read(
            """
            mongo_auth:
              dial_info: &there {addrs: [one], database: people, username: reader}
              collection: users
            acl_mongo:
              dial_info: {<<: *there, database: rules}
              collection: acl
              cache_ttl: 10s
            """, path: "a.yml")
        #expect(file.values.mongoACL.dial.addresses == ["one"])
        #expect(
            file.values.mongoACL.dial.userName == "reader" && file.values.mongoACL.dial.database == "rules")
    }

    @Test(arguments: [
        (
            "server: {addr: ':5001', adress: x}",
            "a.yml:1: server.adress: unknown key; did you mean `server.addr`?"
        ),
        (
            "\nacl:\n  - match: {team: infrastructure}\n    actions: [pull]",
            "a.yml:3: acl[0].match.team: unknown key"
        ),
        ("acl:\n  - match: {}", "a.yml:2: acl[0].actions: is missing"),
        (
            "oidc_auth: {issuer: x, redirect_url: y, label_claims: [g]}",
            "a.yml:1: oidc_auth.label_claims: unknown key; did you mean `oidc_auth.labels_claims`?"
        ),
        ("token: {issuer: x, expiration: 0}", "a.yml:1: token.expiration: `0` cannot be taken"),
        ("token: {issuer: x, expiration: 10s}", "a.yml:1: token.expiration: `10s` cannot be taken"),
        (
            "users:\n  a: {pasword: x}",
            "a.yml:2: users.a.pasword: unknown key; did you mean `users.a.password`?"
        ),
        ("users: [a, b]", "a.yml:1: users: holds a list; expected names"),
        ("users: {a: {}, a: {}}", "a twice"),
        (
            "acl_mongo: {collection: a, cache_ttl: 10, dial_info: {addrs: [x], database: d}}",
            "acl_mongo.cache_ttl: `10` has no unit; write `10s` for seconds"
        ),
        ("ldap_auth: {addr: x, tls: sometimes}", "ldap_auth.tls: "),
        ("a: b: c", "a.yml:1: is not YAML"),
    ])
    func whatIsWrongIsSaidWithItsLine(_ yaml: String, _ said: String) throws {
        do throws(ConfigurationError) {
            _ = try DockerAuthFile.read(yaml, path: "a.yml")
            Issue.record("this was read: \(yaml)")
        } catch {
            #expect(error.description.contains(said), "\(error.description)")
        }
    }

    /// Files that can be read, and not served.
    @Test(arguments: [
        ("users: {a: {}}", "says nobody", false),
        ("", "server: is missing", true),
        ("", "token: is missing", true),
        ("", "says nobody who may sign in", true),
        ("", "grants nothing to anybody", true),
        ("server: {addr: here}", "auth.yml:1: server.addr: `here` cannot be taken", true),
        ("server: {addr: ':1', path_prefix: x}", "server.path_prefix: `x` does not begin with a slash", true),
        (
            "server: {addr: ':1', certificate: x}",
            "server.certificate: `server.certificate` and `server.key` belong", true
        ),
        ("server: {addr: ':1', certificate: /none.pem, key: /none.key}", "/none.pem cannot be read", true),
        ("server: {addr: ':1', tls_min_version: TLS9}", "server.tls_min_version: `TLS9` is not known", true),
        ("server: {addr: ':1', real_ip_header: 'a b'}", "`a b` is no name of a header", true),
        ("server: {addr: ':1', letsencrypt: {cache_dir: /tmp}}", "letsencrypt.host: names no host", true),
        ("token: {issuer: x, expiration: 900}", "token: there is no key to sign with", true),
        ("users: {'a:b': {}}", "users.a:b: an account name holds no colon", true),
        ("users: {'': {password: x}}", "users.: whoever has not signed in shows no password", true),
        ("acl: [{actions: []}]", "auth.yml:1: acl[0]: has no `match`", true),
        ("acl:\n- match: {account: '/(/'}\n  actions: []", "auth.yml:2: acl[0].match.account: ", true),
        ("acl:\n- match: {ip: 1.2.3}\n  actions: []", "auth.yml:2: acl[0].match.ip: ", true),
        ("acl:\n- match: {name: '[a'}\n  actions: []", "auth.yml:2: acl[0].match.name: ", true),
        ("acl:\n- match: {}\n  actions: [PULL]", "auth.yml:3: acl[0].actions: ", true),
        ("casbin_authz: {model_path: m}", "casbin_authz: models of Casbin are not understood", true),
        ("plugin_authn: {plugin_path: m}", "plugin_authn: a plugin in Go can be loaded by no other", true),
        ("xorm_auth: {database_type: m}", "xorm_auth: databases of SQL are not asked here", true),
    ])
    func whatCannotBeServedIsSaidWithItsLine(_ yaml: String, _ said: String, _ isSaid: Bool) throws {
        let file = try DockerAuthFile.read(yaml, path: "auth.yml")
        do throws(ConfigurationError) {
            _ = try DockerAuthPlan(file, options: DockerAuthOptions(), now: Date())
            Issue.record("this can be served: \(yaml)")
        } catch {
            #expect(error.description.contains(said) == isSaid, "\(error.description)")
        }
    }

    @Test(arguments: [
        ("10s", 10_000), ("1m30s", 90_000), ("1.5h", 5_400_000), ("1h0m0s", 3_600_000), ("300ms", 300),
        ("0s", 0),
    ])
    func timesAreThoseOfGo(_ text: String, _ milliseconds: Int) {
        #expect(GoDuration.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "10", "-1s", "1d", "s", "1.2.3s", "99999999999h", "1 s", "infs", "nans"])
    func whatIsNoTimeIsNone(_ text: String) {
        #expect(GoDuration.parse(text) == nil)
    }

    @Test(arguments: [
        (
            ["token-server", "-v=2", "-logtostderr", "a.yml"],
            ["token-server", "--v=2", "--logtostderr", "a.yml"]
        ),
        (
            ["token-server", "-v", "2", "--alsologtostderr=true", "a.yml"],
            ["token-server", "--v", "2", "--alsologtostderr", "a.yml"]
        ),
        (
            ["token-server", "-logtostderr=false", "-log_dir=/logs", "a.yml"],
            ["token-server", "--log_dir=/logs", "a.yml"]
        ),
        (["serve", "-v=2"], ["serve", "-v=2"]), ([], []),
        (["token-server", "-", "--", "---v"], ["token-server", "-", "--", "---v"]),
    ])
    func flagsOfTheLogLibraryAreTaken(_ given: [String], _ meant: [String]) {
        #expect(GlogOptions.translated(given) == meant)
    }
}
