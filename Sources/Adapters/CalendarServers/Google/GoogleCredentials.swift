import FoundationEssentials
package import ServerKit

/// Who the program is to Google, read from the `credentials.json` that Google's console hands out.
package enum GoogleCredentials: Equatable, Sendable {
    /// A program that a person lets use their calendar.
    case program(Program)
    /// An account of its own, without a person.
    case service(ServiceAccount)

    package struct Program: Equatable, Sendable {
        package let clientID: String
        package let clientSecret: Secret?
        package let authorizationURL: String
        package let tokenURL: String
    }

    package struct ServiceAccount: Equatable, Sendable {
        package let address: String
        package let keyID: String?
        package let privateKey: Secret
        package let tokenURL: String
    }

    /// Reads the file's contents: an object `installed` or `web`, or one of `type` `service_account`.
    package init(json: [UInt8]) throws(GoogleFileError) {
        guard let file = try? JSONDecoder.snakeCase.decode(File.self, from: Data(json)) else {
            throw GoogleFileError("this is no credentials.json of Google's console")
        }
        if let program = file.installed ?? file.web {
            self = .program(
                Program(
                    clientID: program.clientId, clientSecret: program.clientSecret.map(Secret.init),
                    authorizationURL: program.authUri ?? "https://accounts.google.com/o/oauth2/auth",
                    tokenURL: program.tokenUri ?? googleTokenURL))
        } else if file.type == "service_account", let address = file.clientEmail, let key = file.privateKey {
            self = .service(
                ServiceAccount(
                    address: address, keyID: file.privateKeyId, privateKey: Secret(key),
                    tokenURL: file.tokenUri ?? googleTokenURL))
        } else {
            throw GoogleFileError(
                "credentials.json holds neither a program ('installed' or 'web') nor a service account")
        }
    }

    private struct File: Decodable {
        struct Client: Decodable {
            let clientId: String
            let clientSecret: String?
            let authUri: String?
            let tokenUri: String?
        }

        let installed: Client?
        let web: Client?
        let type: String?
        let clientEmail: String?
        let privateKeyId: String?
        let privateKey: String?
        let tokenUri: String?
    }
}

let googleTokenURL = "https://oauth2.googleapis.com/token"

/// Why a file with credentials cannot be used, in a sentence that holds nothing of them.
package struct GoogleFileError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
