import NIOCore
package import ServerKit
import Synchronization

extension S3Blobs {
    /// Sees that the bucket is this installation's, and makes it so where it is nobody's yet. Throws `.failed` where it
    /// is another one's: each would take the blobs of the other for garbage.
    ///
    /// Asked before anything is told that only the bucket knows of, and so could be thrown away.
    package func claim() async throws(StoreError) {
        guard !owner.isEmpty, !isClaimed.withLock(\.self) else { return }
        let key = places.owner
        let found = try await asking("asking whose the bucket is", key) { (client) throws(S3Failure) in
            if let found = try await Self.read(key, client) { return found }
            do throws(S3Failure) {
                _ = try await client.put(key, ByteBuffer(string: owner), isNew: true)
            } catch  where error.isUnknownCondition {
                if try await client.look(key) == nil {
                    _ = try await client.put(key, ByteBuffer(string: owner))
                }
            }
            // Somebody else may have been faster.
            return try await Self.read(key, client) ?? owner
        }
        guard found == owner else {
            throw StoreError(
                .failed,
                "\(settings.words) holds the blobs of another installation, and two would collect each other's as garbage: "
                    + "name another `s3.prefix`, or, when that one is gone for good, remove the object \(key)"
            )
        }
        isClaimed.withLock { $0 = true }
    }

    private static func read(_ key: String, _ client: S3Client) async throws(S3Failure) -> String? {
        do throws(S3Failure) {
            return String(buffer: try await client.begin(key, count: nameMax).1)
        } catch  where error.isMissing {
            return nil
        }
    }

    /// More than a name has: what says that there is none is longer.
    private static let nameMax = 16 << 10
}
