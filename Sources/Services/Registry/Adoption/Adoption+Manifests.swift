import NIOCore
import OCI
import ServerKit

/// Manifests of a registry that is taken over.
extension Adoption {
    /// Returns the manifests that are here afterwards, or would be.
    func takeManifests(
        _ revisions: [ForeignRepository.Revision], of name: RepositoryName,
        into report: inout AdoptionReport
    ) async throws -> Set<Digest> {
        var here: Set<Digest> = []
        var lists: [(digest: Digest, children: [Digest])] = []
        let blobs = Set(
            report.omissions.filter { $0.kind == .blob && $0.repository == name.text }.map(\.name))
        for revision in revisions {
            if try await destination?.manifests.manifest(revision.digest, in: name) != nil {
                report.manifests.known += 1
                here.insert(revision.digest)
                continue
            }
            switch try await read(revision.digest) {
            case .failure(let problem):
                report.omissions.append(
                    Omission(.manifest, name.text, revision.digest.description, problem.reason))
            case .success(let manifest):
                try await adopt(manifest, revision, of: name, into: &report)
                here.insert(revision.digest)
                lists.append((revision.digest, manifest.requiredManifests))
                let missing = try await missing(manifest.requiredBlobs, of: name, leftOut: blobs)
                note(missing, missingFrom: revision.digest, of: name, in: &report)
            }
        }
        for list in lists {
            note(list.children.filter { !here.contains($0) }, missingFrom: list.digest, of: name, in: &report)
        }
        return here
    }

    private func adopt(
        _ manifest: Manifest, _ revision: ForeignRepository.Revision, of name: RepositoryName,
        into report: inout AdoptionReport
    ) async throws {
        // What it needs is not required of it: it was here without, and is no worse for it.
        let push = ManifestPush(
            digest: revision.digest, manifest: manifest, tags: [], requiredBlobs: [], requiredManifests: [],
            account: "", date: revision.date)
        var isNew = true
        if let destination, !options.isRehearsal {
            isNew = try await destination.adoptions.adopt(push, in: name)
        }
        report.manifests.add(isNew: isNew)
        if isNew, manifest.subject != nil { report.referrers += 1 }
    }

    private struct Unreadable: Error {
        let reason: String
    }

    /// A manifest whose bytes have the digest and that this registry takes.
    private func read(_ digest: Digest) async throws -> Result<Manifest, Unreadable> {
        do {
            let blob = try await source.open(digest)
            guard blob.size <= Int64(Manifest.sizeMax) else {
                return .failure(Unreadable(reason: "it has more than \(Manifest.sizeMax) bytes"))
            }
            let bytes = Array(buffer: try await blob.read(at: 0, count: Int(blob.size)))
            let actual = digest.algorithm.digest(of: bytes)
            guard actual == digest else {
                return .failure(Unreadable(reason: "its bytes have the digest \(actual)"))
            }
            // The type is written down nowhere else, so the document itself has to say it.
            return .success(try Manifest(bytes, contentType: nil))
        } catch let error as OCIError {
            return .failure(Unreadable(reason: error.detail))
        } catch let error as StoreError where error.kind == .missing {
            return .failure(Unreadable(reason: "its bytes are not there"))
        } catch let error as StoreError where error.kind == .damaged {
            return .failure(Unreadable(reason: error.description))
        }
    }

    private func missing(_ digests: [Digest], of name: RepositoryName, leftOut: Set<String>) async throws
        -> [Digest]
    {
        guard let destination, !options.isRehearsal else {
            return digests.filter { leftOut.contains($0.description) }
        }
        return try await destination.links.missing(digests, in: name)
    }

    private func note(
        _ missing: [Digest], missingFrom digest: Digest, of name: RepositoryName,
        in report: inout AdoptionReport
    ) {
        guard let first = missing.first else { return }
        let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
        report.incomplete.append(
            Omission(.manifest, name.text, digest.description, "\(first)\(others) is not there"))
    }
}
