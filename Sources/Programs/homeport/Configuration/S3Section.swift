internal import FoundationEssentials
internal import S3Blobs
internal import ServerKit
internal import TLSKit

/// `s3:` where the bytes of blobs are kept instead of in the data folder.
struct S3Section: ConfigurationSection {
    var endpoint: S3Endpoint?
    var region = "us-east-1"
    var bucket: String?
    var prefix: String?
    var pathStyle = true
    var accessKey: Secret?
    var secretKey: Secret?
    var sessionToken: Secret?
    var authorities: String?
    var redirects = false
    var redirectTime = Duration.seconds(600)
    var connectTimeout = Duration.seconds(5)
    var timeout = Duration.seconds(20)
    var connections = 64

    static var keys: [Key<Self>] {
        [
            .value("endpoint", \.endpoint, .optional(.s3Endpoint)),
            .value("region", \.region, .s3Region),
            .value("bucket", \.bucket, .optional(.s3Bucket)),
            .value("prefix", \.prefix, .optional(.s3Prefix)),
            .value("path_style", \.pathStyle, .flag),
            .value("access_key_file", \.accessKey, .optional(.secretFile)),
            .value("secret_key_file", \.secretKey, .optional(.secretFile)),
            .value("session_token_file", \.sessionToken, .optional(.secretFile)),
            .value("ca_file", \.authorities, .optional(.path("the name of a file with certificates"))),
            .value("redirects", \.redirects, .flag),
            .value("redirect_ttl", \.redirectTime, .duration(.seconds(60) ... .seconds(86_400))),
            .value("connect_timeout", \.connectTimeout, .duration(.milliseconds(100) ... .seconds(60))),
            .value("timeout", \.timeout, .duration(.seconds(1) ... .seconds(600))),
            .value("connections", \.connections, .integer(4...1000)),
        ]
    }

    /// Whether it is used at all.
    var isNamed: Bool { bucket != nil }

    func contradictions() -> [(key: String, message: String)] {
        guard isNamed else {
            let isBegun =
                endpoint != nil || accessKey != nil || secretKey != nil || prefix != nil || redirects
            return isBegun ? [("bucket", "is missing; name the bucket that the blobs are to lie in")] : []
        }
        var problems: [(key: String, message: String)] = []
        func refuse(_ key: String, _ message: String) { problems.append((key, message)) }
        if endpoint == nil {
            refuse("endpoint", "is missing; name the server, such as `https://s3.eu-central-1.amazonaws.com`")
        }
        if accessKey == nil {
            refuse("access_key_file", "is missing; name the file that holds the key's name")
        }
        if secretKey == nil { refuse("secret_key_file", "is missing; name the file that holds its secret") }
        for (key, secret) in [("access_key_file", accessKey), ("secret_key_file", secretKey)] {
            guard let secret, !secret.revealed.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                continue
            }
            refuse(key, "the file holds more than one word; it is to hold the key alone")
        }
        if let endpoint, !pathStyle, endpoint.isAddress {
            refuse("path_style", "must be true where the endpoint is an address and no name")
        }
        if let bucket, !pathStyle, endpoint?.isSecure == true, bucket.contains(".") {
            refuse("path_style", "must be true for a bucket with a dot: no certificate is for its name")
        }
        if let authorities {
            if endpoint?.isSecure == false {
                refuse("ca_file", "is for TLS, which `s3.endpoint` does not ask for")
            } else if !FileManager.default.isReadableFile(atPath: authorities) {
                refuse("ca_file", "the file `\(authorities)` is not there, or cannot be read")
            }
        }
        return problems
    }

    /// Nil where it is not used.
    var settings: S3Settings? {
        guard let endpoint, let bucket, let accessKey, let secretKey else { return nil }
        let keys = S3Settings.Keys(access: accessKey.revealed, secret: secretKey, token: sessionToken)
        var settings = S3Settings(endpoint: endpoint, bucket: bucket, keys: keys)
        settings.region = region
        settings.prefix = prefix ?? ""
        settings.usesPathStyle = pathStyle
        settings.tls.authorityFile = authorities
        settings.connectTime = connectTimeout
        settings.time = timeout
        settings.connections = connections
        settings.addressTime = redirectTime
        return settings
    }

    /// Which bytes it is about: a server that runs cannot move to others.
    var place: S3Place {
        get { S3Place(endpoint: endpoint, bucket: bucket, prefix: prefix) }
        set { (endpoint, bucket, prefix) = (newValue.endpoint, newValue.bucket, newValue.prefix) }
    }

    /// What a backup of the data does not hold.
    var notInBackups: String {
        "not in it: the blobs, which are in the \(words); keep its versions, or copy it with `aws s3 sync`"
    }

    /// `bucket images at s3.eu-central-1.amazonaws.com`.
    var words: String { settings?.words ?? "" }
}

struct S3Place: Equatable, Sendable {
    let endpoint: S3Endpoint?
    let bucket: String?
    let prefix: String?
}

extension ValueKind<S3Endpoint> {
    static var s3Endpoint: Self {
        ValueKind(
            text: "the address of a server alone, such as `https://s3.eu-central-1.amazonaws.com`",
            parse: { text, _ in S3Endpoint(text) }, show: { $0.description })
    }
}

extension ValueKind<String> {
    static var s3Bucket: Self {
        ValueKind(
            text: "the name of a bucket", parse: { text, _ in S3Settings.isBucket(text) ? text : nil },
            show: { $0 })
    }

    fileprivate static var s3Region: Self {
        ValueKind(
            text: "a region such as `eu-central-1`",
            parse: { text, _ in S3Settings.isRegion(text) ? text : nil }, show: { $0 })
    }

    fileprivate static var s3Prefix: Self {
        ValueKind(
            text: "what keys begin with, such as `homeport` or `team/registry`, without slashes at its ends",
            parse: { text, _ in S3Settings.isPrefix(text) ? text : nil }, show: { $0 })
    }
}
