internal import ArgumentParser
internal import FoundationEssentials
internal import OCI
internal import ServerKit

struct SelfImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-image",
        abstract: "Make a container image of this program, without a container engine.",
        discussion: """
            The image holds the program, the libraries it has loaded, certificates of authorities and time zones of \
            this system, and nothing else: no shell, no root. Its data lies in /var/lib/homeport, it listens on port \
            5000, and its configuration is what HOMEPORT_… variables say, or a file that HOMEPORT_CONFIG names.

            --push sends it to a registry; --output writes it as an OCI layout, for skopeo and podman. The same \
            program on the same system makes the same image.
            """)

    @Option(
        help: ArgumentHelp(
            "Where to send it: registry.example.com/team/homeport, with a :tag or this version's.",
            valueName: "name"))
    var push: String?

    @Option(help: ArgumentHelp("Write it into this folder, which is not there yet.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("Whose account pushes.", valueName: "name"))
    var account: String?

    @Flag(help: "Read its password, or an access token of it, from standard input.")
    var passwordStdin = false

    @Option(
        help: ArgumentHelp("Certificates to believe beside the system's.", valueName: "file"),
        completion: .file())
    var authorityFile: String?

    @Flag(help: "Speak without TLS; to this machine that is so anyway.")
    var plainHttp = false

    func validate() throws {
        guard push != nil || output != nil else {
            throw ValidationError("Say where to: --push, or --output.")
        }
        guard (account != nil) == passwordStdin else {
            throw ValidationError("--account and --password-stdin belong together.")
        }
    }

    func run() async throws {
        let terminal = Surroundings.current.terminal
        let place = try push.map { try ImagePlace($0, plainHTTP: plainHttp) }
        var password = Secret("")
        if passwordStdin {
            guard let line = terminal.readLine(), !line.isEmpty else {
                throw CommandFailure.usage("nothing came from standard input")
            }
            password = Secret(line)
        }
        if let output, FileManager.default.fileExists(atPath: output) {
            throw CommandFailure.refused("\(output) is there already, and is not overwritten")
        }
        let image = try await Progress(terminal: terminal).during("Making the image") {
            try await BlockingThreads(count: 1, queueMax: 1).run { try SelfImage() }
        }
        if let output {
            try OCIFolder(path: output).write(image, tag: Version.current)
            terminal.print("wrote \(output)")
        }
        if let place { try await send(image, to: place, password, terminal) }
        terminal.print(RegistrySession.digest(image.manifest))
    }

    private func send(_ image: SelfImage, to place: ImagePlace, _ password: Secret, _ terminal: Terminal)
        async throws
    {
        let client = WebClient(authorityFile: authorityFile, address: nil, hosts: [])
        do {
            let (account, place) = (account ?? "", place)
            try await Progress(terminal: terminal).during("Sending it to \(place)") {
                let session = try await RegistrySession(
                    client, base: place.base, repository: place.repository.text, actions: "pull,push",
                    account: account, password: password)
                for bytes in image.layers + [image.config] { try await session.push(blob: bytes) }
                try await session.push(
                    manifest: image.manifest, type: OCIImage.manifestType, as: place.tag.text)
            }
        } catch let refusal as RegistrySession.Refusal {
            await client.shutDown()
            throw CommandFailure.refused(refusal.description)
        } catch {
            await client.shutDown()
            throw CommandFailure.unreachable("\(place.base) does not answer: \(error)")
        }
        await client.shutDown()
        terminal.print("pushed \(place)")
    }
}

/// Where an image is to go.
struct ImagePlace: Sendable, CustomStringConvertible {
    let base: String
    let repository: RepositoryName
    let tag: Tag
    private let host: String

    var description: String { "\(host)/\(repository.text):\(tag.text)" }

    init(_ text: String, plainHTTP: Bool) throws(CommandFailure) {
        guard let slash = text.firstIndex(of: "/"), slash > text.startIndex else {
            throw .usage(
                "--push: `\(printable(text))` names no registry; write registry.example.com/team/homeport")
        }
        let host = String(text[..<slash])
        let rest = text[text.index(after: slash)...]
        let colon = rest.firstIndex(of: ":")
        do throws(OCIError) {
            repository = try RepositoryName(String(rest[..<(colon ?? rest.endIndex)]))
            tag = try Tag(colon.map { String(rest[rest.index(after: $0)...]) } ?? Version.current)
        } catch {
            throw .usage("--push: `\(printable(text))` is no name of an image: \(error.detail)")
        }
        let isHere = host.hasPrefix("127.") || host.hasPrefix("localhost") || host.hasPrefix("[::1]")
        self.host = host
        base = "\(plainHTTP || isHere ? "http" : "https")://\(host)"
    }
}

/// An image in a folder, as the OCI image layout has it.
struct OCIFolder {
    let path: String

    private struct Index: Encodable {
        struct Entry: Encodable {
            let mediaType = OCIImage.manifestType
            let digest: String
            let size: Int
            let annotations: [String: String]
        }

        let schemaVersion = 2
        let mediaType = OCIImage.indexType
        let manifests: [Entry]
    }

    func write(_ image: SelfImage, tag: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: "\(path)/blobs/sha256", withIntermediateDirectories: true)
            for bytes in image.layers + [image.config, image.manifest] {
                let hex = RegistrySession.digest(bytes).dropFirst("sha256:".count)
                try Data(bytes).write(to: URL(filePath: "\(path)/blobs/sha256/\(hex)"))
            }
            let entry = Index.Entry(
                digest: RegistrySession.digest(image.manifest), size: image.manifest.count,
                annotations: ["org.opencontainers.image.ref.name": tag])
            try Data(OCIImage.encoded(Index(manifests: [entry]))).write(
                to: URL(filePath: "\(path)/index.json"))
            try Data(#"{"imageLayoutVersion":"1.0.0"}"#.utf8).write(to: URL(filePath: "\(path)/oci-layout"))
        } catch {
            throw CommandFailure.unreachable("\(path) cannot be written: \(DataFolder.reason(error))")
        }
    }
}
