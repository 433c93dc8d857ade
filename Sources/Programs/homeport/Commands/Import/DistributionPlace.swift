internal import FileBlobs
internal import FoundationEssentials
internal import Registry
internal import Yams

/// Where a registry of Docker's keeps its data: a folder, or what its configuration says.
enum DistributionPlace {
    /// The folder that it calls `rootdirectory`, absolute.
    ///
    /// - Parameter text: that folder, the one with `blobs` and `repositories` in it, or a `config.yml`.
    static func root(of text: String) throws -> String {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: text, isDirectory: &isFolder) else {
            throw CommandFailure.refused("there is no folder and no file \(text)")
        }
        let named = DataFolder(isFolder ? text : try rootDirectory(in: text)).path
        let inner = "/\(DistributionLayout.base)"
        let candidates = [named, named.hasSuffix(inner) ? String(named.dropLast(inner.count)) : named]
        for candidate in candidates where try DistributionFolder.isThere(candidate) { return candidate }
        throw CommandFailure.refused(
            "\(named) does not hold the data of Docker's registry: there is no "
                + "\(named)\(inner)/repositories")
    }

    /// What a configuration of distribution says, which is its default when it says nothing.
    private static func rootDirectory(in file: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: file), bytes.count <= sizeMax else {
            throw CommandFailure.refused("\(file) cannot be read")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw CommandFailure.refused("\(file) is not YAML: \(error)")
        }
        guard let storage = node?["storage"]?.mapping else {
            throw CommandFailure.refused(
                "\(file) is no configuration of Docker's registry: no `storage` in it")
        }
        guard storage.contains(where: { $0.key.string == "filesystem" }) else {
            let drivers = storage.compactMap(\.key.string).filter { !others.contains($0) }
            throw CommandFailure.refused(
                "the registry of \(file) keeps its data in \(drivers.first ?? "nothing") and not in a folder: "
                    + "copy it into one first, or push its images anew")
        }
        return storage["filesystem"]?["rootdirectory"]?.string ?? "/var/lib/registry"
    }

    /// What stands beside the driver under `storage`.
    private static let others: Set<String> = ["maintenance", "cache", "delete", "redirect", "tag"]
    private static let sizeMax = 1 << 20
}
