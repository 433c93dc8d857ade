import Contracts
import Foundation
import Harness
import Testing

/// The real server with its blobs in a bucket.
@Suite(.s3Server, .timeLimit(.minutes(10))) struct S3Tests {
    private static let credentials = "admin:\(Homeport.adminPassword)"
    private let s3: S3Server
    private let keys: TemporaryFolder

    init() throws {
        s3 = try S3Server.shared()
        keys = try S3Tests.keys()
    }

    /// A folder with the files of the keys.
    static func keys() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, text) in [("access", S3Server.access), ("secret", S3Server.secret)] {
            try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
        }
        return folder
    }

    static func settings(_ s3: S3Server, _ bucket: String, _ keys: TemporaryFolder, _ more: String = "")
        -> String
    {
        """
        s3:
          endpoint: \(s3.endpoint)
          bucket: \(bucket)
          prefix: images
          access_key_file: \(keys.path)/access
          secret_key_file: \(keys.path)/secret
        \(more)
        """
    }

    private func settings(_ bucket: String, _ more: String = "") -> String {
        S3Tests.settings(s3, bucket, keys, more)
    }

    /// Made by the kernel, which takes less time than a loop.
    private static func manyBytes(_ count: Int) throws -> [UInt8] {
        let source = try #require(FileHandle(forReadingAtPath: "/dev/urandom"))
        return Array(try #require(try source.read(upToCount: count)))
    }

    private func place(_ digest: String) -> String {
        let hex = digest.dropFirst("sha256:".count)
        return "images/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
    }

    @Test func imagesGoToTheBucketAndComeBack() async throws {
        let bucket = try await s3.newBucket()
        let tools = try ContainerTools()
        try await withHomeport(settings: settings(bucket)) { server in
            var archive = TarArchive()
            archive.add("large", try Self.manyBytes(9_500_000))
            let layout = try OCILayout()
            let source = try layout.tag(layout.addImage(layers: [archive.finished]), "one")
            try await tools.copyThereAndBack(
                source, "\(server.address)/in/bucket:v1", credentials: Self.credentials)

            let lies = """
                import hashlib
                for key in keys('images/docker'):
                    print(hashlib.sha256(read(key)).hexdigest() == key.split('/')[7], end=' ')
                """
            #expect(
                try await s3.edit(bucket, lies) == "True True", "configuration and layer, each by its digest")
            let files = try FileManager.default.subpathsOfDirectory(atPath: server.folder.path + "/data")
            #expect(files.allSatisfy { !$0.hasPrefix("docker") }, "\(files)")

            #expect(try await server.nobody.get("/readyz").text.hasPrefix("ready\n"))
            let numbers = try await server.nobody.get("/metrics").text
            #expect(numbers.contains("homeport_s3_reachable 1"))
            #expect(numbers.contains(#"homeport_s3_requests_total{method="PUT",outcome="done"}"#))
            let said = try await server.run(["check"])
            #expect((said.output + said.errors).contains("bucket \(bucket) at"), "\(said)")
            #expect(!(said.output + said.errors).contains(S3Server.secret))
            let doctor = try await server.run(["doctor"])
            #expect(doctor.text.contains("below images/ answers"), "\(doctor)")
            let safe = try TemporaryFolder()
            let backup = try await server.command("backup", safe.path + "/copy")
            #expect(backup.output.contains("not in it: the blobs, which are in the bucket \(bucket)"))
            let restored = try await homeport(
                [
                    "restore", safe.path + "/copy", "--data", safe.path + "/data", "--config",
                    server.folder.path + "/homeport.yaml",
                ])
            #expect(restored.text.contains("the other blobs are in the bucket \(bucket)"), "\(restored)")
        }
    }

    @Test func whatIsDamagedIsFoundAndWhatIsNotNeededGoes() async throws {
        let bucket = try await s3.newBucket()
        try await withHomeport(settings: settings(bucket)) { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let (one, two) = (
                    try await repository.pushImage("one"), try await repository.pushImage("two")
                )
                try await server.command("verify")
                let damaged = place(sha256(one.layer))
                let swap = "put('\(damaged)', bytes(\(one.layer.count)))"
                _ = try await s3.edit(bucket, swap)
                let found = try await server.run(["verify"])
                #expect(found.status == 1, "\(found)")
                let aside = "images/damaged/sha256-\(sha256(one.layer).dropFirst(7))"
                #expect(found.output.contains("s3://\(bucket)/\(aside)"), "\(found)")
                let kept = try await s3.edit(bucket, "print(len(read('\(aside)')), '\(damaged)' in keys())")
                #expect(kept == "\(one.layer.count) False")
                let gone = try await server.admin.get("/v2/\(repository.name)/blobs/\(sha256(one.layer))")
                #expect(gone.status == 404)

                _ = try await server.admin.delete(repository.manifest(one.digest))
                _ = try await server.admin.delete(repository.manifest(two.digest))
                try await server.command("gc", "--grace", "0s", "--yes")
                let left = try await s3.edit(bucket, "print([key for key in keys() if 'owner' not in key])")
                #expect(left == "['\(aside)']")
            }
        }
    }

    @Test func anUploadGoesOnAfterTheServerWasKilled() async throws {
        let bucket = try await s3.newBucket()
        let folder = try TemporaryFolder()
        let bytes = try Self.manyBytes(10_000_000)
        let location = try await withHomeport(in: folder, settings: settings(bucket)) { server in
            let start = try await server.admin.post("/v2/resumed/blobs/uploads/")
            let half = try await server.admin.patch(
                try #require(start["Location"]), body: Array(bytes[..<9_200_000]))
            #expect(half.status == 202 && half["Range"] == "0-9199999", "\(half)")
            try await server.kill()
            return try #require(half["Location"]).path
        }
        try await withHomeport(in: folder, settings: settings(bucket)) { server in
            let status = try await server.admin.get(location)
            #expect(status["Range"] == "0-9199999", "\(status)")
            let rest = try await server.admin.patch(
                location, headers: [("Content-Range", "9200000-9999999")], body: Array(bytes[9_200_000...]))
            #expect(rest.status == 202, "\(rest)")
            let end = try await server.admin.put(location.adding("digest=\(sha256(bytes))"), body: [])
            #expect(end.status == 201, "\(end)")
            let blob = try await server.admin.get("/v2/resumed/blobs/\(sha256(bytes))")
            #expect(sha256(blob.body) == sha256(bytes))
            let part = try await server.admin.get(
                "/v2/resumed/blobs/\(sha256(bytes))", headers: [("Range", "bytes=5000000-5000009")])
            #expect(part.status == 206 && part.body.elementsEqual(bytes[5_000_000..<5_000_010]))
            #expect(try await s3.edit(bucket, "print(len(keys('images/docker')))") == "1")
        }
    }

    @Test func clientsAreSentToTheBucket() async throws {
        let bucket = try await s3.newBucket()
        try await withHomeport(settings: settings(bucket, "  redirects: true")) { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let image = try await repository.pushImage("v1")
                let path = "/v2/\(repository.name)/blobs/\(sha256(image.layer))"
                let answer = try await server.admin.get(path)
                #expect(answer.status == 307 && answer["Cache-Control"] == "no-store", "\(answer)")
                let address = try #require(answer["Location"])
                #expect(address.hasPrefix("\(s3.endpoint)/\(bucket)/images/docker/"))
                let nobody = RegistryCaller(address: "")
                #expect(try await nobody.get(address).body == image.layer)
                let part = try await nobody.get(address, headers: [("Range", "bytes=1-3")])
                #expect(part.body == Array(image.layer[1...3]))
                let head = try await server.admin.head(path)
                #expect(head.status == 200 && head["Content-Length"] == "\(image.layer.count)")
                #expect(try await server.nobody.get(path).status == 401)
                // And real clients follow.
                let target = try OCILayout()
                try await ContainerTools().skopeo(
                    "copy", "--src-tls-verify=false", "--src-creds", Self.credentials,
                    "docker://\(server.address)/\(repository.name):v1", "oci:\(target.path):copy"
                ).succeeded()
            }
        }
    }

    @Test func aBucketThatIsAwayIsSaidToBe() async throws {
        let folder = try TemporaryFolder()
        try await withS3Server(in: folder) { s3 in
            let bucket = try await s3.newBucket()
            try await withHomeport(settings: S3Tests.settings(s3, bucket, keys)) { server in
                try await Homeport.$shared.withValue(server) {
                    let repository = try SpecRepository()
                    let image = try await repository.pushImage("v1")
                    try await s3.misbehave([.init("ANY .", times: 1_000_000, do: "503 SlowDown")])
                    let path = "/v2/\(repository.name)/blobs/\(sha256(image.layer))"
                    let pull = try await server.admin.get(path)
                    #expect(pull.status == 503, "\(pull)")
                    let push = try await server.admin.post("/v2/\(repository.name)/blobs/uploads/")
                    #expect(push.status == 503, "\(push)")
                    let ready = try await server.nobody.get("/readyz")
                    #expect(ready.status == 200 && ready.text.contains("blobs: the bucket cannot be asked"))
                    let manifest = try await server.admin.get(repository.manifest("v1"))
                    #expect(manifest.status == 200, "what needs no blob goes on: \(manifest)")
                    try await s3.misbehave([])
                    #expect(try await server.admin.get(path).body == image.layer)
                    #expect(try await !server.nobody.get("/readyz").text.contains("bucket"))
                    #expect(!server.log.contains(S3Server.secret))
                }
            }
        }
    }

    /// Two installations would take each other's blobs for garbage.
    @Test func aBucketOfAnotherInstallationIsLeftAlone() async throws {
        let bucket = try await s3.newBucket()
        try await withHomeport(settings: settings(bucket)) { server in
            let repository = try Homeport.$shared.withValue(server) { try SpecRepository() }
            try await repository.pushImage("v1")
            #expect(try await s3.edit(bucket, "print(len(keys('images/homeport-owner')))") == "1")
        }
        let other = try TemporaryFolder()
        let file = other.path + "/homeport.yaml"
        try settings(bucket).write(toFile: file, atomically: true, encoding: .utf8)
        let words = ["--config", file, "--data", other.path + "/data"]
        let refused = try await homeport(["serve", "--listen", "127.0.0.1:0"] + words)
        #expect(refused.status == 3 && refused.errors.contains("another installation"), "\(refused)")
        let collected = try await homeport(["gc", "--yes"] + words)
        #expect(collected.status != 0 && collected.errors.contains("another installation"), "\(collected)")
        #expect(try await s3.edit(bucket, "print(len(keys('images/docker')))") == "2", "nothing went")
    }

    @Test(arguments: [
        ("s3: {endpoint: 'http://127.0.0.1:1'}", "s3.bucket"),
        ("s3: {bucket: abc}", "s3.endpoint"), ("s3: {bucket: abc}", "s3.secret_key_file"),
        ("s3: {bucket: 'a b'}", "the name of a bucket"), ("s3: {bucket: abc, prefix: /a}", "without slashes"),
        ("s3: {bucket: abc, endpoint: 'https://a.example/b'}", "the address of a server alone"),
        ("s3: {bucket: abc, endpoint: 'https://10.0.0.1', path_style: false}", "must be true"),
        ("s3: {bucket: abc, endpoint: 'http://a.example', ca_file: /etc/hostname}", "is for TLS"),
        (
            "s3: {bucket: abc}\nproxies: {trusted: [10.0.0.1], accel_redirect: /blobs/}",
            "proxies.accel_redirect"
        ),
    ])
    func whatDoesNotGoTogetherIsSaid(_ settings: String, _ words: String) async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/homeport.yaml"
        try (settings + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let checked = try await homeport(["check", "--config", file])
        #expect(checked.status != 0 && checked.errors.contains(words), "\(checked)")
    }
}
