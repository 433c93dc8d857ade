import Foundation
import Testing

/// Which room may import what. That rooms use only rooms below them is kept by the manifest itself.
@Suite struct FloorTests {
    @Test func valuesImportNothingButTheStandardLibrary() throws {
        for file in try SourceTree.swiftFiles(in: "Sources/Values") {
            // The C library is there for its mathematics; what else it has is looked for below.
            var allowed: Set<String> = ["FoundationEssentials", "Glibc", "Musl", "Darwin"]
            if file.path.hasPrefix("Sources/Values/Access/") { allowed.insert("CPCRE2") }
            let others = Set(file.imports).subtracting(allowed)
            #expect(others.isEmpty, "\(file.path) imports \(others.sorted())")
        }
    }

    /// Packages that belong to certain floors or rooms: everybody else asks those.
    private static let owners: [(module: String, folders: [String])] = [
        ("ArgumentParser", ["Sources/Programs/"]),
        ("Yams", ["Sources/Programs/"]),
        ("GRDB", ["Sources/Adapters/"]),
        ("AsyncHTTPClient", ["Sources/Adapters/", "Sources/Programs/"]),
        ("Subprocess", ["Sources/Adapters/"]),
        ("Hummingbird", ["Sources/Faces/", "Sources/Kits/HTTPKit/", "Sources/Kits/PageKit/"]),
        ("HummingbirdCore", ["Sources/Faces/", "Sources/Kits/HTTPKit/", "Sources/Programs/"]),
        ("HTTPTypes", ["Sources/Faces/", "Sources/Kits/HTTPKit/", "Sources/Kits/PageKit/"]),
        ("JWTKit", ["Sources/Services/Accounts/", "Sources/Adapters/"]),
        ("X509", ["Sources/Services/Accounts/", "Sources/Kits/TLSKit/", "Sources/Adapters/ACME/"]),
        (
            "NIOSSL",
            [
                "Sources/Kits/TLSKit/", "Sources/Faces/Edge/", "Sources/Adapters/ACME/",
                "Sources/Adapters/IdentityProviders/",
            ]
        ),
        ("NIOHTTP2", ["Sources/Faces/Edge/"]),
        ("CCrypt", ["Sources/Services/Accounts/"]),
        ("COpenSSL", ["Sources/Services/Accounts/"]),
        ("CPCRE2", ["Sources/Values/Access/"]),
    ]

    @Test(arguments: owners) func packagesStayWhereTheyBelong(_ module: String, in folders: [String]) throws {
        for file in try SourceTree.swiftFiles(in: "Sources") where file.imports.contains(module) {
            #expect(folders.contains { file.path.hasPrefix($0) }, "\(file.path) imports \(module)")
        }
    }

    @Test func onlyTheProgramReadsTheEnvironment() throws {
        for file in try SourceTree.swiftFiles(in: "Sources") where !file.path.hasPrefix("Sources/Programs/") {
            for call in ["getenv(", "processInfo.environment"] {
                #expect(!file.code.contains(call), "\(file.path) reads the environment")
            }
        }
    }

    @Test func valuesKnowNoClockAndNoDice() throws {
        for file in try SourceTree.swiftFiles(in: "Sources/Values") {
            for call in [
                "Date()", "Date.now", ".random(", "SystemRandomNumberGenerator", "UUID()", "FileManager",
            ] {
                #expect(!file.code.contains(call), "\(file.path) calls \(call)")
            }
        }
    }

    /// Ports that need no contract suite of their own, and why.
    private static let portsWithoutContract: [String: String] = [
        "StoredBlob": "opened by a BlobStore, whose contract covers it",
        "BlobUpload": "made by a BlobStore, whose contract covers it",
        "ForecastSource": "each service is held against its recorded answers and an independent reader",
        "WarningSource": "each office is held against its recorded answers and an independent reader",
        "PlaceFinder": "it has one implementation, tested with its recorded answers",
        "ForeignRegistry": "it has one implementation, held against Debian's docker-registry",
        "Authorizer": "what faces ask; it has one implementation, tested with its service",
    ]

    @Test func everyPortHasAContract() throws {
        let contracts = try SourceTree.swiftFiles(in: "Tests/Contracts").map(\.code).joined(separator: "\n")
        var ports: Set<String> = []
        for file in try SourceTree.swiftFiles(in: "Sources/Services") where file.path.contains("/Ports/") {
            for line in file.codeLines where line.hasPrefix("package protocol ") {
                let name = line.dropFirst("package protocol ".count).prefix { $0.isLetter || $0.isNumber }
                ports.insert(String(name))
            }
        }
        #expect(!ports.isEmpty)
        for port in ports.sorted() where Self.portsWithoutContract[port] == nil {
            let hasContract = contracts.contains("func check\(port)Contract(")
            #expect(hasContract, "\(port) has no contract in Tests/Contracts")
        }
        for port in Self.portsWithoutContract.keys {
            #expect(ports.contains(port), "\(port) is excused and does not exist")
        }
    }
}
