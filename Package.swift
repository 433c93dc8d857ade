// swift-tools-version: 6.2
import PackageDescription

// The house: every target is a room on a floor, and a room uses lower floors only. `room` refuses anything
// else, so a dependency that goes up or sideways stops every `swift` command with a sentence.

enum Floor: Int {
    case libraries, values, kits, services, adapters, faces, programs, tests

    var folder: String {
        switch self {
        case .libraries: "Sources/Libraries"
        case .values: "Sources/Values"
        case .kits: "Sources/Kits"
        case .services: "Sources/Services"
        case .adapters: "Sources/Adapters"
        case .faces: "Sources/Faces"
        case .programs: "Sources/Programs"
        case .tests: "Tests"
        }
    }
}

/// The floor each room stands on, filled as rooms are declared from the ground up.
var floors: [String: Floor] = [:]

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// What `FUZZ=1` is for: the fuzzers, and rooms made so that libFuzzer sees which way they take. See scripts/fuzz.
let isFuzzing = Context.environment["FUZZ"] == "1"
let watched: Set<String> = ["OCI", "Access", "Accounts", "Edge", "homeport"]

/// Checks that every room below really is on a lower floor, and notes where this one stands.
@MainActor
func admit(_ name: String, on floor: Floor, uses below: [String]) -> [Target.Dependency] {
    for other in below {
        guard let standing = floors[other] else {
            fatalError("\(name) uses \(other), which is not declared above it")
        }
        guard standing.rawValue < floor.rawValue || floor == .tests else {
            fatalError("\(name) may not use \(other): it is not on a lower floor")
        }
    }
    floors[name] = floor
    return below.map { .byName(name: $0) }
}

/// One target of the house: the rooms below that it uses, and the packages it uses.
@MainActor
func room(
    _ name: String,
    _ floor: Floor,
    uses below: [String] = [],
    packages: [Target.Dependency] = []
) -> Target {
    let dependencies = admit(name, on: floor, uses: below) + packages
    let path = "\(floor.folder)/\(name)"
    let watching: [SwiftSetting] =
        isFuzzing && watched.contains(name) ? [.unsafeFlags(["-sanitize=fuzzer"])] : []
    let settings = strict + watching
    switch floor {
    case .programs where isFuzzing:
        // An executable cannot be part of another; so it is a library that does not begin by itself.
        return .target(
            name: name, dependencies: dependencies, path: path,
            swiftSettings: settings + [.define("FUZZING")])
    case .programs:
        return .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
    default:
        return .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
    }
}

/// A C library of the system, found by pkg-config.
@MainActor
func systemLibrary(_ name: String, pkgConfig: String, debian: String) -> Target {
    _ = admit(name, on: .libraries, uses: [])
    return .systemLibrary(
        name: name, path: "Sources/Libraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([debian])])
}

/// A few lines of C for calls that Swift does not see.
@MainActor
func cLibrary(_ name: String) -> Target {
    _ = admit(name, on: .libraries, uses: [])
    return .target(name: name, path: "Sources/Libraries/\(name)")
}

/// Tests of one room. They may use what the room uses, the contracts and the harness.
@MainActor
func tests(_ name: String, uses below: [String], packages: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: admit(name, on: .tests, uses: below) + packages,
        path: "Tests/\(name)",
        swiftSettings: strict
    )
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let inMemoryLogging = Target.Dependency.product(name: "InMemoryLogging", package: "swift-log")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioExtras = Target.Dependency.product(name: "NIOExtras", package: "swift-nio-extras")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP1Types = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPCompression = Target.Dependency.product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHTTP2Types = Target.Dependency.product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let ground: [Target] = [
    systemLibrary("CCrypt", pkgConfig: "libcrypt", debian: "libcrypt-dev"),
    systemLibrary("CLDAP", pkgConfig: "ldap", debian: "libldap-dev"),
    systemLibrary("CMongo", pkgConfig: "libmongoc-1.0", debian: "libmongoc-dev"),
    systemLibrary("COpenSSL", pkgConfig: "libcrypto", debian: "libssl-dev"),
    systemLibrary("CPCRE2", pkgConfig: "libpcre2-8", debian: "libpcre2-dev"),
    systemLibrary("CSQLite", pkgConfig: "sqlite3", debian: "libsqlite3-dev"),
    systemLibrary("CZlib", pkgConfig: "zlib", debian: "zlib1g-dev"),

    cLibrary("CLinux"),

    room("OCI", .values),
    room("Access", .values, uses: ["CPCRE2"]),
    room("ICalendar", .values),
    room("Weather", .values),

    room("TimeKit", .kits),
    room("ArchiveKit", .kits, uses: ["CZlib"]),
    room("PageKit", .kits),
    room("XMLKit", .kits),
    room("TLSKit", .kits, packages: [nioSSL, nioCore, nioPosix, nioTLS, x509, asn1, crypto]),
    room("ServerKit", .kits, packages: [logging, coreMetrics, nioCore, nioPosix, lifecycle]),
    room(
        "HTTPKit", .kits, uses: ["CLinux", "CZlib"],
        packages: [
            hummingbird, hummingbirdCore, httpTypes, nioHTTPTypes, nioHTTP1Types, nioHTTP1, nioCore, nioPosix,
            nioFoundation,
        ]),
]

let services: [Target] = [
    room(
        "Registry", .services, uses: ["OCI", "Access", "ServerKit"],
        packages: [nioCore, crypto, logging, metrics]),
    room("Audit", .services, uses: ["ServerKit"], packages: [logging, metrics]),
    room(
        "Accounts", .services, uses: ["Access", "ServerKit", "CCrypt", "COpenSSL"],
        packages: [crypto, cryptoExtras, x509, asn1, metrics, logging]),
    room("Replication", .services, uses: ["ServerKit"]),
    room("Doorkeeper", .services, uses: ["ServerKit"], packages: [logging]),
    room("Certificates", .services, uses: ["TLSKit", "ServerKit"], packages: [coreMetrics, logging]),
    room(
        "Almanac", .services, uses: ["ICalendar", "Weather", "ServerKit", "TimeKit"],
        packages: [crypto, logging]),
]

let adapters: [Target] = [
    room(
        "ACME", .adapters, uses: ["TLSKit", "ServerKit", "Certificates"],
        packages: [asn1, asyncHTTPClient, crypto, nioCore, nioFoundation, nioHTTP1, nioSSL, x509]),
    room(
        "IdentityProviders", .adapters, uses: ["Access", "ServerKit", "Accounts"],
        packages: [
            asyncHTTPClient, crypto, cryptoExtras, metrics, nioCore, nioFoundation, nioHTTP1, nioSSL,
        ]),
    room("ExternalPrograms", .adapters, uses: ["CLinux", "Access", "Accounts", "ServerKit"]),
    room(
        "ExternalServers", .adapters, uses: ["Access", "Accounts", "ServerKit", "TLSKit"],
        packages: [asyncHTTPClient, logging, nioCore, nioHTTP1]),
    room("LDAPDirectory", .adapters, uses: ["CLDAP", "Access", "Accounts", "ServerKit"]),
    room("FileForecasts", .adapters, uses: ["Weather", "Almanac", "ServerKit"]),
    room(
        "ForecastSources", .adapters, uses: ["Weather", "Almanac", "ServerKit"],
        packages: [asyncHTTPClient, nioCore, nioHTTP1, nioHTTPCompression]),
    room(
        "FileBlobs", .adapters, uses: ["ArchiveKit", "CLinux", "OCI", "Registry", "ServerKit"],
        packages: [nioCore, crypto, systemPackage]),
    room(
        "S3Blobs", .adapters, uses: ["OCI", "Registry", "ServerKit", "TLSKit", "XMLKit"],
        packages: [asyncHTTPClient, crypto, metrics, nioCore, nioHTTP1]),
    room(
        "CalendarServers", .adapters, uses: ["ICalendar", "ServerKit", "XMLKit", "Almanac"],
        packages: [
            asyncHTTPClient, jwtKit, crypto, logging, nioCore, nioPosix, nioHTTP1, nioHTTPCompression,
            nioFoundation,
        ]),
    room(
        "MongoStore", .adapters, uses: ["CMongo", "Access", "ServerKit", "Accounts", "Audit", "Replication"],
        packages: [coreMetrics, logging]),
    room(
        "SQLiteStore", .adapters,
        uses: [
            "CLinux", "CSQLite", "OCI", "Access", "ServerKit", "Registry", "Accounts", "Audit", "Doorkeeper",
            "Replication",
        ],
        packages: [crypto, grdb, logging, metrics]),
]

let faces: [Target] = [
    room(
        "RegistryAPI", .faces,
        uses: ["OCI", "Access", "Registry", "Accounts", "Audit", "HTTPKit", "ServerKit"],
        packages: [hummingbird, httpTypes, nioCore, nioFoundation, logging, metrics]),
    room(
        "TokenAPI", .faces, uses: ["Access", "Accounts", "HTTPKit", "ServerKit"],
        packages: [hummingbird, httpTypes, metrics, nioCore]),
    room(
        "FeedAPI", .faces,
        uses: [
            "Weather", "ICalendar", "TimeKit", "PageKit", "HTTPKit", "ServerKit", "Accounts", "Access",
            "Almanac",
        ],
        packages: [hummingbird, httpTypes, logging]),
    room(
        "SignInAPI", .faces, uses: ["Access", "Accounts", "PageKit", "HTTPKit", "ServerKit"],
        packages: [hummingbird, httpTypes, logging, nioCore]),
    room(
        "Edge", .faces, uses: ["HTTPKit", "ServerKit", "TLSKit", "Certificates", "Doorkeeper"],
        packages: [
            hummingbird, hummingbirdCore, httpTypes, lifecycle, logging, metrics, nioCore, nioHTTPTypes,
            nioExtras, nioHPACK, nioHTTP2, nioHTTP2Types, nioPosix, nioSSL, nioTLS,
        ]),
]

let programs: [Target] = [
    room(
        "homeport", .programs,
        uses: [
            "CLinux", "OCI", "Access", "ArchiveKit", "ServerKit", "HTTPKit", "Registry", "Accounts", "Audit",
            "FileBlobs", "S3Blobs", "SQLiteStore", "RegistryAPI", "TokenAPI", "Edge", "TLSKit",
            "Certificates", "ACME",
            "Weather",
            "TimeKit", "ICalendar", "Almanac", "ForecastSources", "FileForecasts", "CalendarServers",
            "FeedAPI", "ExternalPrograms", "ExternalServers", "LDAPDirectory", "MongoStore", "Doorkeeper",
            "IdentityProviders", "Replication",
            "SignInAPI",
        ],
        packages: [
            argumentParser, asyncHTTPClient, yams, logging, coreMetrics, lifecycle, unixSignals,
            hummingbirdCore, nioCore, nioHTTP1, crypto,
        ])
]

let testRooms: [Target] = [
    room(
        "Contracts", .tests,
        uses: [
            "OCI", "Access", "ICalendar", "Weather", "ServerKit", "TLSKit", "Registry", "Accounts", "Almanac",
            "Certificates", "Audit", "Doorkeeper", "Replication",
        ],
        packages: [asn1, crypto, cryptoExtras, nioCore, x509]),

    room(
        "Harness", .tests, uses: ["Contracts"],
        packages: [
            asyncHTTPClient, crypto, nioCore, nioHTTP1, nioPosix, subprocess, systemPackage,
        ]),

    room("CalendarPeers", .tests, uses: ["Contracts", "Harness"]),
    room(
        "Properties", .tests,
        uses: ["OCI", "Access", "Registry", "Accounts", "ServerKit", "Edge", "homeport", "Contracts"],
        packages: [httpTypes, nioCore]),
    tests("PropertyTests", uses: ["Properties"]),
    tests("AuditTests", uses: ["Audit", "ServerKit", "Contracts"]),
    tests("ContractsTests", uses: ["Contracts"]),
    tests("DoorkeeperTests", uses: ["Doorkeeper", "ServerKit", "Contracts"]),
    tests("EndToEnd", uses: ["homeport", "Harness", "Contracts"], packages: [crypto]),
    tests(
        "ExternalProgramsTests", uses: ["ExternalPrograms", "Access", "Accounts", "ServerKit", "Contracts"]),
    tests(
        "ExternalServersTests",
        uses: ["ExternalServers", "Access", "Accounts", "ServerKit", "TLSKit", "Harness", "Contracts"],
        packages: [nioCore, nioHTTP1, nioPosix]),
    tests(
        "IdentityProvidersTests",
        uses: ["IdentityProviders", "Access", "Accounts", "ServerKit", "Contracts"],
        packages: [asyncHTTPClient, crypto, cryptoExtras, nioCore, nioHTTP1]),
    tests(
        "LDAPDirectoryTests",
        uses: ["LDAPDirectory", "Access", "Accounts", "ServerKit", "Harness", "Contracts"]),
    tests("HarnessTests", uses: ["Harness", "Contracts"]),
    tests("OCITests", uses: ["OCI"]),
    tests("ArchiveKitTests", uses: ["ArchiveKit", "Harness", "Contracts"]),
    tests(
        "RegistryTests", uses: ["OCI", "Access", "ServerKit", "Registry", "Contracts"], packages: [nioCore]),
    tests(
        "RegistryAPITests",
        uses: [
            "OCI", "Access", "ServerKit", "HTTPKit", "Registry", "Accounts", "FileBlobs", "SQLiteStore",
            "RegistryAPI", "Edge", "Contracts", "Harness",
        ],
        packages: [hummingbird, httpTypes, lifecycle, logging, nioCore, nioEmbedded]),
    tests(
        "FileBlobsTests", uses: ["Contracts", "FileBlobs", "OCI", "Registry", "ServerKit"],
        packages: [nioCore]),
    tests(
        "S3BlobsTests",
        uses: ["Contracts", "Harness", "S3Blobs", "OCI", "Registry", "ServerKit", "TLSKit", "XMLKit"],
        packages: [crypto, nioCore, nioHTTP1, nioPosix]),
    tests(
        "SQLiteStoreTests",
        uses: [
            "Contracts", "SQLiteStore", "FileBlobs", "OCI", "Access", "ServerKit", "Registry", "Accounts",
            "Audit", "Doorkeeper", "Replication",
        ],
        packages: [grdb, nioCore]),
    tests(
        "MongoStoreTests",
        uses: [
            "Contracts", "Harness", "MongoStore", "Access", "ServerKit", "Accounts", "Audit", "Replication",
        ],
        packages: [inMemoryLogging, logging]),
    tests("ICalendarTests", uses: ["ICalendar"]),
    tests("CalendarSyncTests", uses: ["ICalendar", "Almanac", "Contracts"]),
    tests("ServerKitTests", uses: ["ServerKit"], packages: [logging, coreMetrics]),
    tests(
        "CertificatesTests", uses: ["Certificates", "TLSKit", "ServerKit", "Contracts"],
        packages: [nioSSL]),
    tests(
        "ACMETests", uses: ["ACME", "Certificates", "TLSKit", "ServerKit", "Edge", "Contracts", "Harness"],
        packages: [asyncHTTPClient, hummingbird, lifecycle, logging, nioCore, nioHTTP1]),
    tests(
        "TLSKitTests", uses: ["TLSKit", "Harness", "Contracts"], packages: [nioCore, nioEmbedded, nioSSL]),
    tests(
        "EdgeTests",
        uses: [
            "Edge", "HTTPKit", "TLSKit", "Certificates", "Doorkeeper", "ServerKit", "Harness", "Contracts",
        ],
        packages: [crypto, hummingbird, httpTypes, lifecycle, logging, nioCore]),
    tests("AccessTests", uses: ["Access"]),
    tests(
        "AccountsTests", uses: ["Access", "Accounts", "ServerKit", "Contracts"],
        packages: [asn1, crypto, inMemoryLogging, jwtKit, logging, x509]),
    tests(
        "TokenAPITests", uses: ["Access", "Accounts", "TokenAPI", "HTTPKit", "ServerKit", "Contracts"],
        packages: [httpTypes, hummingbird, hummingbirdCore, logging, nioCore, nioEmbedded]),
    tests(
        "HomeportTests",
        uses: [
            "homeport", "ServerKit", "Accounts", "Almanac", "Audit", "IdentityProviders", "Harness",
            "Contracts",
        ],
        packages: [argumentParser, logging]),
    tests("HouseTests", uses: []),
    room(
        "RecordedWeather", .tests,
        uses: ["Weather", "TimeKit", "ServerKit", "Almanac", "ForecastSources", "CalendarPeers"],
        packages: [hummingbird, httpTypes, logging, nioCore]),
    tests(
        "WeatherProgramTests",
        uses: ["homeport", "Harness", "Contracts", "CalendarPeers", "RecordedWeather"],
        packages: [asyncHTTPClient, nioCore, nioHTTP1]),
    tests(
        "FeedAPITests",
        uses: [
            "Weather", "ICalendar", "Access", "Accounts", "Almanac", "HTTPKit", "ServerKit", "FeedAPI",
            "Contracts",
            "CalendarPeers", "Edge", "RecordedWeather",
        ], packages: [asyncHTTPClient, hummingbirdCore, lifecycle, logging, nioCore, nioHTTP1]),
    tests("TimeKitTests", uses: ["TimeKit", "CalendarPeers"]),
    tests("WeatherTests", uses: ["Weather"]),
    tests(
        "WeatherOfficeTests",
        uses: [
            "ICalendar", "Weather", "TimeKit", "ServerKit", "Almanac", "FileForecasts", "Contracts",
            "CalendarPeers",
        ]),
    tests(
        "ForecastSourcesTests",
        uses: [
            "Weather", "TimeKit", "ServerKit", "Almanac", "ForecastSources", "Contracts", "CalendarPeers",
            "RecordedWeather",
        ],
        packages: [asyncHTTPClient, hummingbird, httpTypes, nioCore]),
    tests("PageKitTests", uses: ["PageKit", "CalendarPeers"]),
    tests(
        "CalendarServersTests",
        uses: [
            "homeport", "ICalendar", "ServerKit", "Almanac", "CalendarServers", "CalendarPeers", "Contracts",
            "Harness", "RecordedWeather",
        ],
        packages: [asyncHTTPClient, crypto, cryptoExtras, hummingbird, httpTypes, logging, nioCore, nioHTTP1]),
]

/// Programs that measure: only there when BENCHMARKS is set, so that nobody else builds them.
let measuring: [Target] =
    Context.environment["BENCHMARKS"] == nil
    ? []
    : [
        .executableTarget(
            name: "weather-bench",
            dependencies: admit(
                "weather-bench", on: .programs,
                uses: [
                    "Weather", "ICalendar", "TimeKit", "ServerKit", "Almanac", "ForecastSources",
                    "FileForecasts",
                ]),
            path: "Benchmarks/WeatherBench", swiftSettings: strict)
    ]

let fuzzers: [Target] =
    isFuzzing
    ? [
        .executableTarget(
            name: "Fuzz", dependencies: admit("Fuzz", on: .tests, uses: ["Properties"]), path: "Tests/Fuzz",
            swiftSettings: strict)
    ] : []

let package = Package(
    name: "homeport",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.45.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: ground + services + adapters + faces + programs + measuring + testRooms + fuzzers,
    swiftLanguageModes: [.v6]
)
