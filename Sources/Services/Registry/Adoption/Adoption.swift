import OCI
import ServerKit
import Synchronization

/// Takes over what another registry kept: every repository, blob, manifest and tag that can be read, as it
/// was.
///
/// Doing it again adds only what is not here yet, so one that was cut off is simply begun anew. What has been
/// changed or removed here since stays as it is here. A server may run meanwhile.
package final class Adoption: Sendable {
    /// Where it is taken to.
    package struct Destination: Sendable {
        let links: any BlobLinks
        let manifests: any ManifestStore
        let adoptions: any AdoptionStore

        package init(links: any BlobLinks, manifests: any ManifestStore, adoptions: any AdoptionStore) {
            self.links = links
            self.manifests = manifests
            self.adoptions = adoptions
        }
    }

    package struct Options: Sendable {
        /// Only say what would be done.
        package var isRehearsal = false
        /// Read every blob and leave out those whose digest is wrong. Manifests always are.
        package var verifiesBlobs = false

        package init() {}
    }

    let source: any ForeignRegistry
    /// Nil when there is nothing yet: for a rehearsal only.
    let destination: Destination?
    let options: Options
    /// Copies a blob into the store where bytes cannot be shared; nil to share them.
    let copy: BlobCopy?
    /// Blobs that were looked at for one repository need not be for the next.
    let looked = Mutex<[Digest: LookedAt]>([:])

    /// - Precondition: there is a destination, or it is a rehearsal.
    package init(
        of source: any ForeignRegistry, to destination: Destination?, options: Options = Options(),
        copying copy: BlobCopy? = nil
    ) {
        precondition(destination != nil || options.isRehearsal, "without a destination nothing can be done")
        self.source = source
        self.destination = destination
        self.options = options
        self.copy = copy
    }

    /// Takes everything over.
    ///
    /// - Parameter onProgress: told how many repositories are done, and of how many.
    package func run(onProgress: @Sendable (Int, Int) -> Void = { _, _ in }) async throws -> AdoptionReport {
        var report = AdoptionReport()
        let catalogue = try await source.repositories()
        report.omissions = catalogue.omissions
        for (index, name) in catalogue.names.enumerated() {
            onProgress(index, catalogue.names.count)
            try await take(name, into: &report)
            report.repositories += 1
        }
        onProgress(catalogue.names.count, catalogue.names.count)
        return report
    }

    private func take(_ name: RepositoryName, into report: inout AdoptionReport) async throws {
        let contents = try await source.contents(of: name)
        report.omissions += contents.omissions
        try await takeBlobs(contents.blobs, of: name, into: &report)
        let manifests = try await takeManifests(contents.manifests, of: name, into: &report)
        for tag in contents.tags { try await take(tag, of: name, among: manifests, into: &report) }
    }

    /// - Parameter manifests: those that are here, or would be.
    private func take(
        _ tag: AdoptedTag, of name: RepositoryName, among manifests: Set<Digest>,
        into report: inout AdoptionReport
    ) async throws {
        let outcome = try await adopt(tag, of: name, among: manifests)
        func leaveOut(_ reason: String) {
            report.omissions.append(Omission(.tag, name.text, tag.tag.text, reason))
        }
        switch outcome {
        case .new:
            report.tags.new += 1
            report.earlierMoves += tag.earlier.count
        case .known: report.tags.known += 1
        case .elsewhere(let digest): leaveOut("it points to \(digest) here, and is left there")
        case .removed: leaveOut("it was removed here")
        case .targetMissing: leaveOut("it points to \(tag.current.digest), which was not taken over")
        }
    }

    private func adopt(_ tag: AdoptedTag, of name: RepositoryName, among manifests: Set<Digest>)
        async throws -> TagAdoption
    {
        guard let destination, !options.isRehearsal else {
            let here = try await destination?.manifests.digest(of: tag.tag, in: name)
            if let here { return here == tag.current.digest ? .known : .elsewhere(here) }
            return manifests.contains(tag.current.digest) ? .new : .targetMissing
        }
        return try await destination.adoptions.adopt(tag, in: name)
    }
}
