import Contracts
import Foundation
import Harness
import Testing

/// A client that pushes small images to one repository without a pause.
struct BusyPusher {
    let number: Int
    let caller: RegistryCaller

    /// Pushes images of layers that all share, over and over under a few tags, so that there always is
    /// garbage. Returns what was acknowledged last, as the checker reads it.
    func push(until gate: Gate) async throws -> [String] {
        var tags: [String: String] = [:]
        var round = 0
        while await !gate.isOpen {
            let tag = "t\(number)-\(round % 2)"
            let layers = (0..<4).filter { _ in Bool.random() }.map { "layer \($0)" }
            if let digest = try await push("config \(number) \(round)", layers, as: tag) {
                tags[tag] = digest
            }
            round += 1
        }
        #expect(!tags.isEmpty, "pusher \(number) was never answered")
        let told: [String: Any] = ["repository": "crash/app", "tags": tags, "manifests": Array(tags.values)]
        return [String(decoding: try JSONSerialization.data(withJSONObject: told), as: UTF8.self)]
    }

    /// Nil when a collection took what was just sent, since there is no grace.
    private func push(_ config: String, _ layers: [String], as tag: String) async throws -> String? {
        for blob in [config] + layers {
            let digest = sha256(Data(blob.utf8))
            if try await caller.head("/v2/crash/app/blobs/\(digest)").status == 200 { continue }
            let answer = try await caller.post(
                "/v2/crash/app/blobs/uploads/?digest=\(digest)", body: Array(blob.utf8))
            #expect(answer.status == 201, "\(answer)")
        }
        func descriptor(_ blob: String, _ type: String) -> [String: Any] {
            ["mediaType": type, "digest": sha256(Data(blob.utf8)), "size": blob.utf8.count]
        }
        let type = "application/vnd.oci.image.manifest.v1+json"
        let manifest = try JSONSerialization.data(
            withJSONObject: [
                "schemaVersion": 2, "mediaType": type,
                "config": descriptor(config, "application/vnd.oci.image.config.v1+json"),
                "layers": layers.map { descriptor($0, "application/vnd.oci.image.layer.v1.tar") },
            ])
        let answer = try await caller.put(
            "/v2/crash/app/manifests/\(tag)", headers: [("Content-Type", type)], body: Array(manifest))
        if answer.status == 404, answer.errorCodes.allSatisfy({ $0 == "MANIFEST_BLOB_UNKNOWN" }) {
            return nil
        }
        #expect(answer.status == 201, "\(answer)")
        return answer.status == 201 ? sha256(manifest) : nil
    }
}

/// Says that it is over.
actor Gate {
    private(set) var isOpen = false

    func open() { isOpen = true }
}
