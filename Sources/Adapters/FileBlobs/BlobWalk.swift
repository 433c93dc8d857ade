import OCI
import Registry
import ServerKit

/// Walks the blobs in order of their digests. Reads one shelf at a time, from where the page begins.
struct BlobWalk {
    let layout: Layout

    func page(after last: Digest?, limit: Int) throws(StoreError) -> [Digest] {
        var found: [Digest] = []
        for algorithm in Digest.Algorithm.allCases.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let last, algorithm.rawValue < last.algorithm.rawValue { continue }
            let start = last?.algorithm == algorithm ? last.map { String($0.hex) } : nil
            for shelf in try shelves(of: algorithm, from: start) {
                guard found.count < limit else { return found }
                try collect(shelf, of: algorithm, after: start, limit: limit, into: &found)
            }
        }
        return found
    }

    /// The shelves, beginning with the one that holds `start`.
    private func shelves(of algorithm: Digest.Algorithm, from start: String?) throws(StoreError) -> [String] {
        let names = try Disk.names(in: layout.folder(of: algorithm))
        let first = start.map { String($0.prefix(DistributionLayout.shelfLength)) } ?? ""
        return names.filter { $0.utf8.count == DistributionLayout.shelfLength && $0 >= first }.sorted()
    }

    private func collect(
        _ shelf: String, of algorithm: Digest.Algorithm, after start: String?, limit: Int,
        into found: inout [Digest]
    ) throws(StoreError) {
        let names = try Disk.names(in: "\(layout.folder(of: algorithm))/\(shelf)")
        for name in names.sorted() where name.hasPrefix(shelf) && name > start ?? "" {
            guard found.count < limit else { return }
            // Folders without bytes stay behind where another registry has removed a blob.
            guard let digest = try? Digest("\(algorithm.rawValue):\(name)"),
                try Disk.facts(at: layout.data(of: digest)) != nil
            else { continue }
            found.append(digest)
        }
    }
}
