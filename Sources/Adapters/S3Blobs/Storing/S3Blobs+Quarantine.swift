package import OCI
package import Registry
package import ServerKit

extension S3Blobs: BlobQuarantine {
    /// The largest object that is copied in one step; S3 takes five times as much.
    private static let copyMax: Int64 = 1 << 30

    package func setAside(_ digest: Digest, opened: (any StoredBlob)?) async throws(StoreError) -> String? {
        let key = places.blob(digest)
        let seen = (opened as? S3Blob)?.object
        let places = places
        return try await asking("setting blob \(digest) aside", key) {
            (client) throws(S3Failure) -> String? in
            guard let there = try await client.look(key), seen.map({ $0.tag == there.tag }) ?? true else {
                return nil
            }
            let taken = Set(try await client.listAll(places.damaged(digest)).objects.map(\.key))
            var number = 1
            while taken.contains(places.damaged(digest, number: number)) { number += 1 }
            let place = places.damaged(digest, number: number)
            do throws(S3Failure) {
                // Without a condition, which Swift does not know of objects that were put together; looking again is one.
                try await Self.copy(S3Object(key: key, size: there.size, tag: ""), to: place, client)
                // Between the two a push may have put other bytes there. Those stay where S3 knows the condition.
                guard try await client.look(key)?.tag == there.tag else {
                    try await client.delete(place)
                    return nil
                }
                try await Self.remove(there, client)
            } catch  where error.isChanged || error.isMissing {
                try await client.delete(place)
                return nil
            }
            return "s3://\(client.settings.bucket)/\(place)"
        }
    }

    /// Removes an object that is still what it was, also where the server knows no condition on removing what was put
    /// together of parts.
    private static func remove(_ object: S3Object, _ client: S3Client) async throws(S3Failure) {
        do throws(S3Failure) {
            try await client.delete(object.key, ifTag: object.tag)
        } catch  where error.isChanged {
            guard try await client.look(object.key)?.tag == object.tag else { throw error }
            try await client.delete(object.key)
        }
    }

    private static func copy(_ object: S3Object, to key: String, _ client: S3Client) async throws(S3Failure) {
        guard object.size > copyMax else {
            _ = try await client.copy(object, to: key)
            return
        }
        let parts = stride(from: 0, to: object.size, by: Int(copyMax)).map { start in
            S3Client.Part.copy(object, start..<min(object.size, start + copyMax))
        }
        _ = try await client.assemble(key, from: parts)
    }

    package func isInPlace(_ digest: Digest, size: Int64?) throws(StoreError) -> Bool {
        let key = places.blob(digest)
        let there = try askingNow("looking for blob \(digest)", key) { (client) throws(S3Failure) in
            try client.lookNow(key)
        }
        guard let there else { return false }
        return size.map { $0 == there.size } ?? true
    }
}
