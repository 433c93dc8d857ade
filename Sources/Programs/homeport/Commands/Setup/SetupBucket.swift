internal import ArgumentParser
internal import FoundationEssentials
internal import S3Blobs
internal import ServerKit

extension SetupPlan {
    /// A bucket for images.
    struct Bucket: Sendable {
        /// None for the folder of the data.
        var name: String?
        var endpoint: String?
        var region: String?
        var prefix: String?
        var accessKeyFile: String?
        var secretKeyFile: String?

        /// What does not go together; nil when all is well.
        var contradiction: String? {
            guard name != nil else {
                let others: [String?] = [endpoint, region, prefix, accessKeyFile, secretKeyFile]
                return others.allSatisfy { $0 == nil }
                    ? nil : "--s3-endpoint and what belongs to it go with --s3-bucket"
            }
            return endpoint == nil || accessKeyFile == nil || secretKeyFile == nil
                ? "--s3-bucket needs --s3-endpoint, --s3-access-key-file and --s3-secret-key-file" : nil
        }
    }
}

/// The options about a bucket.
struct SetupBucketOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A bucket of S3 for images, instead of the data folder.", valueName: "name"))
    var s3Bucket: String?

    @Option(
        help: ArgumentHelp("Its server, such as https://s3.eu-central-1.amazonaws.com.", valueName: "url"))
    var s3Endpoint: String?

    @Option(help: ArgumentHelp("Its region.", valueName: "name"))
    var s3Region: String?

    @Option(help: ArgumentHelp("What all keys in it begin with.", valueName: "text"))
    var s3Prefix: String?

    @Option(help: ArgumentHelp("A file with the access key.", valueName: "file"), completion: .file())
    var s3AccessKeyFile: String?

    @Option(help: ArgumentHelp("A file with its secret.", valueName: "file"), completion: .file())
    var s3SecretKeyFile: String?

    var bucket: SetupPlan.Bucket {
        SetupPlan.Bucket(
            name: s3Bucket, endpoint: s3Endpoint, region: s3Region, prefix: s3Prefix,
            accessKeyFile: s3AccessKeyFile.map { DataFolder($0).path },
            secretKeyFile: s3SecretKeyFile.map { DataFolder($0).path })
    }
}

extension SetupQuestions {
    func askForBucket(_ bucket: inout SetupPlan.Bucket) throws {
        let embedded = "embedded"
        let name = try ask(
            "Where do images lie: embedded (in the data), or the name of a bucket of S3", default: embedded
        ) { $0 == embedded || S3Settings.isBucket($0) ? $0 : nil }
        guard name != embedded else { return }
        bucket.name = name
        bucket.endpoint = try ask("Its server, such as https://s3.eu-central-1.amazonaws.com", default: nil) {
            S3Endpoint($0)?.description
        }
        let region = try ask("Its region", default: "us-east-1") { S3Settings.isRegion($0) ? $0 : nil }
        bucket.region = region == "us-east-1" ? nil : region
        let prefix = try ask("What all keys in it begin with", default: "") {
            $0.isEmpty || S3Settings.isPrefix($0) ? $0 : nil
        }
        bucket.prefix = prefix.isEmpty ? nil : prefix
        bucket.accessKeyFile = try ask("File with the access key", default: nil) { DataFolder($0).path }
        bucket.secretKeyFile = try ask("File with its secret", default: nil) { DataFolder($0).path }
    }
}

extension SetupChecks {
    /// Whether the bucket answers; nil where there is to be none.
    var bucket: Finding? {
        get async {
            guard let name = plan.bucket.name else { return nil }
            var section = S3Section()
            section.endpoint = plan.bucket.endpoint.flatMap { S3Endpoint($0) }
            section.bucket = name
            section.region = plan.bucket.region ?? section.region
            section.prefix = plan.bucket.prefix
            section.accessKey = plan.bucket.accessKeyFile.flatMap { try? SecretFile.read($0) }
            section.secretKey = plan.bucket.secretKeyFile.flatMap { try? SecretFile.read($0) }
            var values = Configuration()
            values.s3 = section
            guard let trouble = await S3Trouble.of(values, now: Surroundings.current.now()) else {
                return .wrong(
                    "s3", "the files with the keys cannot be read", cure: "name files that hold them")
            }
            guard let words = trouble.words else { return .fine("s3", "the \(section.words) answers") }
            return .wrong("s3", words, cure: "make the bucket, and see that the key may use it")
        }
    }
}

extension SetupText {
    var bucket: String? {
        let bucket = plan.bucket
        guard let name = bucket.name, let endpoint = bucket.endpoint, let access = bucket.accessKeyFile,
            let secret = bucket.secretKeyFile
        else { return nil }
        var lines = [
            "# Images lie here, and nothing else may keep blobs below the same prefix (docs/s3.md).",
            "s3:", "  bucket: \(Self.quoted(name))", "  endpoint: \(Self.quoted(endpoint))",
        ]
        if let region = bucket.region { lines.append("  region: \(Self.quoted(region))") }
        if let prefix = bucket.prefix { lines.append("  prefix: \(Self.quoted(prefix))") }
        lines += [
            "  access_key_file: \(Self.quoted(access))", "  secret_key_file: \(Self.quoted(secret))",
            "  # Clients fetch blobs from the bucket themselves:", "  # redirects: true",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
