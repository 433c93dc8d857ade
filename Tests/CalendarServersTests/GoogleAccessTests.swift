import Almanac
import AsyncHTTPClient
import CalendarPeers
import CalendarServers
import Contracts
import Crypto
import CryptoExtras
import Foundation
import NIOCore
import NIOHTTP1
import ServerKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct GoogleAccessTests {
    private let threads = BlockingThreads(count: 1, queueMax: 64)
    private let now = Date(timeIntervalSince1970: 1_774_000_000)

    private static func recording(_ name: String) throws -> [UInt8] {
        try Array(#require(FileManager.default.contents(atPath: Peers.recordings + "gcal/\(name)")))
    }

    @Test(arguments: [
        ("token_google-auth.json", "2026-11-23T12:00:00Z"),
        ("token_oauth2client.json", "2018-09-01T12:00:00Z"),
    ])
    func bothFormatsOfATokenAreRead(file: String, expires: String) throws {
        let token = try GoogleToken(json: Self.recording(file))
        #expect(token.accessToken?.revealed == "ya29.ACCESS")
        #expect(token.refreshToken.revealed == "1//REFRESH")
        #expect(token.clientID == "X.apps.googleusercontent.com" && token.clientSecret?.revealed == "SECRET")
        #expect(token.expires?.formatted(.iso8601) == expires)
        #expect(token.scopes == ["https://www.googleapis.com/auth/calendar"])

        let again = try GoogleToken(json: token.json())
        #expect(again.refreshToken.revealed == token.refreshToken.revealed && again.expires == token.expires)
    }

    @Test func whatIsWrittenIsReadByGooglesOwnLibrary() async throws {
        let json = try GoogleToken(json: Self.recording("token_oauth2client.json")).json()
        let folder = try TemporaryFolder()
        try Data(json).write(to: URL(filePath: folder.path + "/token.json"))
        let answer = try await Peers.run("google_token.py", [folder.path + "/token.json"])
        #expect(answer == "1//REFRESH X.apps.googleusercontent.com 2018-09-01T12:00:00\n")
    }

    @Test func credentialsAreReadAndNothingOfThemIsShown() throws {
        guard
            case .program(let program) = try GoogleCredentials(
                json: Self.recording("credentials_installed.json"))
        else {
            Issue.record("the recording is of a program")
            return
        }
        #expect(program.clientID == "X.apps.googleusercontent.com")
        #expect(!"\(program)".contains("SECRET"))
        #expect(throws: GoogleFileError.self) { try GoogleCredentials(json: Array("{}".utf8)) }
        #expect(throws: GoogleFileError.self) { try GoogleCredentials(json: Array("[1".utf8)) }
    }

    @Test func aTokenFileThatOthersMayReadIsRefused() async throws {
        let google = try GoogleDouble()
        let folder = try TemporaryFolder()
        let path = folder.path + "/token.json"
        try await google.serve { [now, threads] root in
            try writeToken(to: path, tokenURL: root + "/token")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let access = GoogleAccess(
                grant: .person(tokenFile: path, credentials: nil), client: .calendars, threads: threads,
                now: { now })
            let server = GoogleCalendar(
                settings: Self.settings(root, folder), access: access, client: .calendars, threads: threads)
            let error = await #expect(throws: CalendarServerError.self) { try await server.ownEvents() }
            #expect(error?.description.contains("chmod 600") == true)
        }
        #expect(google.withState { $0.tokensIssued } == 0)
    }

    @Test func manyCallersShareOneRefreshAndTheNewTokenIsKept() async throws {
        let google = try GoogleDouble()
        let folder = try TemporaryFolder()
        let path = folder.path + "/token.json"
        try await google.serve { [now, threads] root in
            try writeToken(to: path, tokenURL: root + "/token")
            let access = GoogleAccess(
                grant: .person(tokenFile: path, credentials: nil), client: .calendars, threads: threads,
                now: { now })
            let server = GoogleCalendar(
                settings: Self.settings(root, folder), access: access, client: .calendars, threads: threads)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = try await server.ownEvents() } }
                try await group.waitForAll()
            }
        }
        #expect(google.withState { $0.tokensIssued } == 1)
        let kept = try GoogleToken(json: Array(#require(FileManager.default.contents(atPath: path))))
        #expect(kept.accessToken?.revealed == "ya29.token-1")
        #expect(kept.expires == now.addingTimeInterval(3599))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func aServiceAccountSignsItsRequest() async throws {
        let google = try GoogleDouble()
        let folder = try TemporaryFolder()
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let pem = key.pemRepresentation.replacing("\n", with: "\\n")
        let file = """
            {"type": "service_account", "client_email": "w@p.iam.gserviceaccount.com", "private_key_id": "k1",
             "private_key": "\(pem)", "token_uri": "ROOT/token"}
            """
        try await google.serve { [now, threads] root in
            let json = Array(file.replacing("ROOT", with: root).utf8)
            guard case .service(let account) = try GoogleCredentials(json: json) else {
                Issue.record("this is a service account")
                return
            }
            let access = GoogleAccess(
                grant: .service(account, onBehalfOf: nil), client: .calendars, threads: threads, now: { now })
            let server = GoogleCalendar(
                settings: Self.settings(root, folder), access: access, client: .calendars, threads: threads)
            #expect(try await server.ownEvents() == nil)
        }
        let parts = try #require(google.withState { $0.assertions.first }).split(separator: ".")
        let signature = _RSA.Signing.RSASignature(rawRepresentation: try Self.base64URL(parts[2]))
        let signed = SHA256.hash(data: Data("\(parts[0]).\(parts[1])".utf8))
        #expect(key.publicKey.isValidSignature(signature, for: signed, padding: .insecurePKCS1v1_5))
        let (head, claims) = (
            try JSONValue.parse(Self.base64URL(parts[0])), try JSONValue.parse(Self.base64URL(parts[1]))
        )
        #expect(head["alg"]?.text == "RS256" && head["kid"]?.text == "k1")
        #expect(claims["iss"]?.text == "w@p.iam.gserviceaccount.com" && claims["sub"] == nil)
        #expect(claims["iat"] == .number(1_774_000_000) && claims["exp"] == .number(1_774_003_600))
    }

    private static func base64URL(_ text: Substring) throws -> Data {
        var text = text.replacing("-", with: "+").replacing("_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        return try #require(Data(base64Encoded: String(text)))
    }

    @Test func aPersonGrantsAccessInTheirBrowser() async throws {
        let google = try GoogleDouble()
        let folder = try TemporaryFolder()
        let path = folder.path + "/token.json"
        try await google.serve { [now, threads] root in
            let listener = try await LoopbackListener()
            let program = try Self.program(root)
            let authorization = GoogleAuthorization(
                program: program, redirect: listener.address, random: Array(0..<64))
            let asked = try Self.query(of: authorization.url)
            #expect(asked["redirect_uri"] == listener.address && asked["code_challenge_method"] == "S256")
            #expect(asked["access_type"] == "offline" && asked["prompt"] == "consent")
            google.withState { $0.challenges["the-code"] = asked["code_challenge"] }

            async let code = listener.answer { try? authorization.code(from: $0) }
            let state = try #require(asked["state"])
            for target in ["favicon.ico", "?state=guess&code=evil", "?state=\(state)&code=the-code"] {
                let answer = try await HTTPClient.shared.execute(
                    .init(url: listener.address + target), timeout: .seconds(5))
                #expect(answer.status == .ok)
            }
            let granted = try #require(await code)
            await listener.close()
            try await authorization.finish(
                code: granted, tokenFile: path, client: .calendars, threads: threads, now: now)
        }
        let token = try GoogleToken(json: Array(#require(FileManager.default.contents(atPath: path))))
        #expect(token.refreshToken.revealed == "1//granted")
    }

    @Test(arguments: ["/?code=x", "/?state=wrong&code=x", "/", "nonsense"])
    func anAnswerThatIsNotForThisAttemptIsRefused(address: String) throws {
        let authorization = GoogleAuthorization(
            program: try Self.program("http://x"), redirect: "http://127.0.0.1:1/", random: Array(0..<64))
        #expect(throws: GoogleFileError.self) { try authorization.code(from: address) }
    }

    @Test func aRefusalByThePersonIsSaid() throws {
        let authorization = GoogleAuthorization(
            program: try Self.program("http://x"), redirect: "http://127.0.0.1:1/", random: Array(0..<64))
        let state = try #require(try Self.query(of: authorization.url)["state"])
        let error = #expect(throws: GoogleFileError.self) {
            try authorization.code(from: "/?error=access_denied&state=\(state)")
        }
        #expect(error?.description == "google says: access_denied")
    }

    private static func program(_ root: String) throws -> GoogleCredentials.Program {
        let json = """
            {"installed": {"client_id": "X", "client_secret": "S", "auth_uri": "\(root)/auth", "token_uri": "\(root)/token"}}
            """
        guard case .program(let program) = try GoogleCredentials(json: Array(json.utf8)) else {
            throw CocoaError(.coderInvalidValue)
        }
        return program
    }

    private static func query(of url: String) throws -> [String: String] {
        let items = try #require(URLComponents(string: url)?.queryItems)
        return Dictionary(uniqueKeysWithValues: items.map { ($0.name, $0.value ?? "") })
    }

    private static func settings(_ root: String, _ folder: TemporaryFolder) -> GoogleCalendar.Settings {
        var settings = GoogleCalendar.Settings(
            owner: "w", name: "Weather", description: "", timeZone: "Europe/Berlin",
            stateFile: folder.path + "/calendars.json")
        settings.root = root
        return settings
    }
}
