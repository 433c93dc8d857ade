import ACME
import Certificates
import Contracts
import Foundation
import ServerKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct CabinetTests {
    @Test func theFolderKeepsTheContract() async throws {
        let folder = try TemporaryFolder()
        try await checkSecretCabinetContract(
            CabinetFolder(path: folder.path + "/c", threads: BlockingThreads(count: 4, queueMax: 64)))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/c") == ["b.example.pem"])
    }

    @Test func theDoubleKeepsTheContract() async throws {
        try await checkSecretCabinetContract(InMemoryCabinet())
    }

    @Test func whatIsKeptIsForTheOwnerAlone() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/c"
        let cabinet = CabinetFolder(path: path, threads: BlockingThreads(count: 1, queueMax: 8))
        try await cabinet.save("x", as: CabinetName("../../etc/passwd"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["_._.._etc_passwd"])
        for (name, mode) in [(path, 0o700), (path + "/_._.._etc_passwd", 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: name)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(name)")
        }
    }

    @Test func aFolderThatCannotBeWrittenIsNamed() async throws {
        let cabinet = CabinetFolder(
            path: "/proc/certificates", threads: BlockingThreads(count: 1, queueMax: 8))
        let error = await #expect(throws: CabinetError.self) {
            try await cabinet.save("x", as: CabinetName("a"))
        }
        #expect(error?.description.contains("/proc/certificates") == true)
    }
}
