import Contracts
import Foundation
import Harness
import Testing

/// `homeport setup` makes what a server then serves, and touches nothing that is there.
@Suite(.timeLimit(.minutes(5))) struct SetupTests {
    private func setup(_ folder: TemporaryFolder, _ more: [String] = [], input: String = "") async throws
        -> Finished
    {
        let port = try freePorts(1)[0]
        return try await homeport(
            ["setup", "--config", folder.path + "/homeport.yaml", "--listen", "127.0.0.1:\(port)"] + more,
            data: folder.path + "/data", input: input)
    }

    @Test func whatItMakesIsServed() async throws {
        let folder = try TemporaryFolder()
        let made = try await setup(
            folder, ["--admin", "chief", "--access", "open", "--password-stdin"], input: "a good password\n"
        ).succeeded()
        #expect(made.output.contains("is free"), "\(made)")
        #expect(made.output.contains("docker login --username chief 127.0.0.1:"), "\(made)")
        #expect(!made.text.contains("a good password"))
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/homeport.yaml")
        #expect(mode[.posixPermissions] as? Int == 0o640)
        let settings = try String(contentsOfFile: folder.path + "/homeport.yaml", encoding: .utf8)
        try await withHomeport(in: folder, settings: settings) { server in
            let chief = server.caller("chief", "a good password")
            try await Homeport.$shared.withValue(server) {
                let start = try await chief.post("/v2/chief/app/blobs/uploads/")
                #expect(start.status == 202, "\(start)")
            }
            let rules = try await server.command("acl", "list", "--json")
            #expect(rules.output.contains("the whole world pulls"), "\(rules)")
        }
    }

    /// What it writes of people is a configuration that the program takes; the hints in it, too.
    @Test func othersCanKnowPeople() async throws {
        let secret = try TemporaryFolder()
        try "secret".write(toFile: secret.path + "/secret", atomically: true, encoding: .utf8)
        let host = ["--host", "registry.invalid", "--tls", "proxy"]
        for (words, told) in [
            (
                [
                    "--sign-in", "ldap", "--ldap-server", "ldaps://127.0.0.1:9", "--ldap-base",
                    "dc=example,dc=com",
                ],
                "The sign-in source directory cannot be asked"
            ),
            (
                host + [
                    "--sign-in", "browser", "--provider", "github", "--client-id", "id", "--members", "shop",
                    "--client-secret-file", secret.path + "/secret",
                ], "The provider github"
            ),
            (
                host + [
                    "--sign-in", "browser", "--provider", "oidc", "--client-id", "id", "--provider-url",
                    "https://127.0.0.1:9", "--members", "staff", "--client-secret-file",
                    secret.path + "/secret",
                ], "The provider oidc cannot be asked"
            ),
        ] {
            let folder = try TemporaryFolder()
            try await setup(folder, ["--yes"] + words).succeeded()
            let file = folder.path + "/homeport.yaml"
            let check = try await homeport(["check", "--config", file]).succeeded()
            #expect(check.text.contains(told), "\(check)")
            // Whoever takes the comment signs away finds what is meant.
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let hints = text.split(separator: "\n").drop { !$0.hasPrefix("# What is usually set next") }
                .dropFirst(2).map { $0.dropFirst(2) }
            try (text + "\n" + hints.joined(separator: "\n") + "\n").write(
                toFile: file, atomically: true, encoding: .utf8)
            try await homeport(["check", "--config", file]).succeeded()
        }
    }

    @Test func imagesCanLieInABucket() async throws {
        let keys = try S3Tests.keys()
        try await withS3Server(in: TemporaryFolder()) { s3 in
            let bucket = try await s3.newBucket()
            let folder = try TemporaryFolder()
            let made = try await setup(
                folder,
                [
                    "--s3-bucket", bucket, "--s3-endpoint", s3.endpoint, "--s3-prefix", "images",
                    "--s3-access-key-file", keys.path + "/access", "--s3-secret-key-file",
                    keys.path + "/secret", "--password-stdin",
                ], input: "a good password\n"
            ).succeeded()
            #expect(made.output.contains("below images/ answers"), "\(made)")
            let settings = try String(contentsOfFile: folder.path + "/homeport.yaml", encoding: .utf8)
            try await withHomeport(in: folder, settings: settings) { server in
                let admin = server.caller("admin", "a good password")
                let start = try await admin.post("/v2/admin/app/blobs/uploads/")
                #expect(start.status == 202, "\(start)")
                #expect(try await s3.edit(bucket, "print(len(keys('images/docker')))") == "1")
            }
        }
    }

    @Test func accountsCanLieInAMongoDB() async throws {
        try await withMongoServer(in: TemporaryFolder()) { mongo in
            let host = "127.0.0.1:\(mongo.port)"
            let first = try TemporaryFolder()
            let made = try await setup(first, ["--yes", "--mongodb", host, "--mongodb-database", "shop"])
                .succeeded()
            #expect(made.output.contains("made account admin"), "\(made)")
            // A second server finds the people of the first.
            let second = try TemporaryFolder()
            let joined = try await setup(
                second, ["--yes", "--mongodb", host, "--mongodb-database", "shop"]
            ).succeeded()
            #expect(joined.output.contains("they stay as they are"), "\(joined)")
            let accounts = try await homeport([
                "account", "list", "--config", second.path + "/homeport.yaml",
            ]).succeeded()
            #expect(accounts.output.contains("admin"), "\(accounts)")
        }
    }

    @Test func serversCanShareEverything() async throws {
        try await withMongoServer(in: TemporaryFolder()) { mongo in
            let shared = ["--yes", "--mongodb", "127.0.0.1:\(mongo.port)", "--mongodb-keeps", "everything"]
            let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
            let made = try await setup(first, shared).succeeded()
            #expect(made.output.contains("made account admin"), "\(made)")
            let joined = try await setup(second, shared).succeeded()
            #expect(joined.output.contains("they stay as they are"), "\(joined)")
            let files = [first, second].map { $0.path + "/homeport.yaml" }
            try await homeport(["ban", "add", "192.0.2.7", "--reason", "a test", "--config", files[0]])
                .succeeded()
            let bans = try await homeport(["ban", "list", "--config", files[1]]).succeeded()
            #expect(bans.output.contains("192.0.2.7"), "\(bans)")
        }
    }

    @Test func nothingIsOverwritten() async throws {
        let folder = try TemporaryFolder()
        try await setup(folder, ["--yes"]).succeeded()
        let file = folder.path + "/homeport.yaml"
        let before = try Data(contentsOf: URL(filePath: file))
        let again = try await setup(folder, ["--yes"])
        #expect(again.status == 1 && again.errors.contains("nothing is overwritten"), "\(again)")
        try FileManager.default.removeItem(atPath: file)
        let data = try await setup(folder, ["--yes"])
        #expect(data.status == 1 && data.errors.contains("data is not empty"), "\(data)")
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(!before.isEmpty)
    }

    @Test func aKeyOfTheOldKindIsMade() async throws {
        let folder = try TemporaryFolder()
        try await setup(folder, ["--yes", "--keys", "rsa4096", "--access", "closed"]).succeeded()
        let keys = try await homeport(["key", "list", "--json"], data: folder.path + "/data").succeeded()
        #expect(keys.output.contains("rsa4096"), "\(keys)")
        let rules = try await homeport(["acl", "list", "--json"], data: folder.path + "/data").succeeded()
        #expect(!rules.output.contains("below their own name"), "\(rules)")
    }

    @Test(arguments: [
        (["--tls", "acme"], "needs the name of a host"),
        (["--host", "a.example", "--tls", "files"], "--certificate-file"),
        (["--host", "a..b"], "no name of a host"),
        (["--host", "a.example", "--tls", "none"], "who speaks TLS"),
        (["--admin", ""], "admin_name"),
        (["--mongodb-user", "x"], "belong to --mongodb"),
        (["--mongodb-keeps", "everything"], "belong to --mongodb"),
        (["--s3-endpoint", "https://s3.example"], "go with --s3-bucket"),
        (["--s3-bucket", "images"], "needs --s3-endpoint"),
        (["--sign-in", "ldap"], "needs --ldap-server"),
        (["--sign-in", "browser"], "needs --provider"),
        (["--provider", "github"], "--sign-in browser"),
        (
            [
                "--sign-in", "browser", "--provider", "github", "--client-id", "a", "--client-secret-file",
                "b",
            ],
            "needs TLS"
        ),
        (["--host", "a.example", "--acme-directory", "http://plain"], "acme.directory"),
    ])
    func whatCannotBeIsSaidAndNothingIsMade(_ arguments: [String], _ words: String) async throws {
        let folder = try TemporaryFolder()
        let refused = try await setup(folder, ["--yes"] + arguments)
        #expect(refused.status == 2 && refused.errors.contains(words), "\(refused)")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left == [], "\(left)")
    }

    @Test func whatIsWrongWithTheMachineIsSaid() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport { server in
            let made = try await homeport(
                [
                    "setup", "--yes", "--config", folder.path + "/homeport.yaml", "--listen", server.address,
                    "--host", "nowhere.invalid", "--tls", "proxy",
                ], data: folder.path + "/data"
            ).succeeded()
            #expect(made.output.contains("another program listens on \(server.address)"), "\(made)")
            #expect(made.output.contains("no address is known for it"), "\(made)")
            let check = try await homeport(["check", "--config", folder.path + "/homeport.yaml"]).succeeded()
            #expect(check.output.contains("https://nowhere.invalid"), "\(check)")
        }
    }
}
