import Foundation
import Harness

/// A repository of a test's own on the suite's server, and somebody who may do everything with it.
struct SpecRepository {
    let server: Homeport
    let name: String
    let caller: RegistryCaller

    init(_ label: String = "spec") throws {
        server = try Homeport.current()
        name = "\(label)/r\(UInt32.random(in: .min ... .max))"
        caller = server.admin
    }

    var base: String { "/v2/\(name)" }

    func blob(_ digest: String) -> String { "\(base)/blobs/\(digest)" }
    func manifest(_ reference: String) -> String { "\(base)/manifests/\(reference)" }

    /// Starts an upload and returns where it goes on.
    func startUpload(_ query: String = "") async throws -> String {
        let answer = try await caller.post("\(base)/blobs/uploads/\(query)")
        guard answer.status == 202, let location = answer["Location"] else { throw UnexpectedAnswer(answer) }
        return location
    }

    /// Stores a blob in one go and returns its digest.
    @discardableResult
    func push(_ bytes: [UInt8]) async throws -> String {
        let digest = sha256(bytes)
        let location = try await startUpload()
        let answer = try await caller.put(location.adding("digest=\(digest)"), body: bytes)
        guard answer.status == 201 else { throw UnexpectedAnswer(answer) }
        return digest
    }

    /// Stores a small image under a tag and returns it.
    @discardableResult
    func pushImage(_ tag: String? = nil, subject: String? = nil, artifactType: String? = nil) async throws
        -> SpecImage
    {
        let config = Array(#"{"architecture":"amd64","os":"linux","r":\#(Int.random(in: 0 ... .max))}"#.utf8)
        let layer = randomBytes(600)
        try await push(config)
        try await push(layer)
        var fields = [
            #""schemaVersion":2"#, #""mediaType":"\#(OCILayout.imageType)""#,
            #""config":\#(descriptor(of: config, as: OCILayout.configType))"#,
            #""layers":[\#(descriptor(of: layer, as: OCILayout.layerType))]"#,
        ]
        if let artifactType { fields.append(#""artifactType":"\#(artifactType)""#) }
        if let subject {
            fields.append(
                #""subject":{"mediaType":"\#(OCILayout.imageType)","digest":"\#(subject)","size":7}"#)
        }
        fields.append(#""annotations":{"made.by":"a test"}"#)
        let image = SpecImage(
            bytes: Array("{\(fields.joined(separator: ","))}".utf8), config: config, layer: layer)
        let answer = try await put(image.bytes, at: tag ?? image.digest)
        guard answer.status == 201 else { throw UnexpectedAnswer(answer) }
        return image
    }

    func put(_ bytes: [UInt8], at reference: String, as mediaType: String = OCILayout.imageType)
        async throws -> Answer
    {
        try await caller.put(manifest(reference), headers: [("Content-Type", mediaType)], body: bytes)
    }

    /// The tags of one page, and where the next one is.
    func tags(_ query: String = "") async throws -> (tags: [String], next: String?) {
        let answer = try await caller.get("\(base)/tags/list\(query)")
        guard answer.status == 200, answer.object["name"] as? String == name else {
            throw UnexpectedAnswer(answer)
        }
        return (answer.object["tags"] as? [String] ?? [], answer.nextPage)
    }
}

/// An image as it was pushed.
struct SpecImage {
    let bytes: [UInt8]
    let config: [UInt8]
    let layer: [UInt8]

    var digest: String { sha256(bytes) }
}

func descriptor(of bytes: [UInt8], as mediaType: String) -> String {
    #"{"mediaType":"\#(mediaType)","digest":"\#(sha256(bytes))","size":\#(bytes.count)}"#
}

/// The server said something that a test cannot go on with.
struct UnexpectedAnswer: Error, CustomStringConvertible {
    let description: String

    init(_ answer: Answer) { description = "\(answer)" }
}

extension String {
    /// A URL with one more parameter.
    func adding(_ parameter: String) -> String { self + (contains("?") ? "&" : "?") + parameter }
}

extension Answer {
    /// Where RFC 8288's `rel="next"` leads.
    var nextPage: String? {
        guard let link = self["Link"], link.contains(#"rel="next""#) else { return nil }
        return link.split(separator: ">").first.map { String($0.dropFirst()) }
    }
}

/// What follows `Authorization: Basic`.
func basic(_ name: String, _ password: String) -> String {
    Data("\(name):\(password)".utf8).base64EncodedString()
}
