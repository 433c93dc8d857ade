import ACME
import AsyncHTTPClient
import Certificates
import Contracts
import Foundation
import Harness
import NIOCore
import NIOHTTP1
import ServerKit
import Synchronization
import TLSKit
import Testing

/// Against Let's Encrypt's own test server.
@Suite(.timeLimit(.minutes(5))) struct PebbleTests {
    @Test(arguments: ACMESettings.Challenge.allCases)
    func eachWayKeepsTheContract(_ way: ACMESettings.Challenge) async throws {
        try await House.run { house in
            try await checkCertificateAuthorityContract(
                house.authority(by: [way]), name: House.name, foreign: House.foreign)
            #expect(house.board.isEmpty, "nothing hangs there any more")
        }
    }

    @Test func halfOfTheNoncesMayBeRefused() async throws {
        try await House.run(rejecting: 50) { house in
            _ = try await house.authority().certificate(for: House.name)
        }
    }

    @Test func whereThePageCannotBeSeenTheNextWayIsTried() async throws {
        try await House.run(pagesStand: false) { house in
            let asked = Mutex<[String]>([])
            let authority = house.authority(by: [.http, .tls]) { request, patience in
                asked.withLock { $0.append(request.url) }
                return try await house.client.send(request, patience)
            }
            let pair = try await authority.certificate(for: House.name)
            #expect(pair.names.map(\.description) == ["a.example"])
            #expect(asked.withLock { $0.count { $0.contains("order-plz") || $0.contains("new-order") } } == 2)
        }
    }

    @Test func aDoorThatCannotBeReachedConvincesNobody() async throws {
        try await House.run(doorStands: false) { house in
            let error = await #expect(throws: AuthorityError.self) {
                try await house.authority(by: [.http, .tls]).certificate(for: House.name)
            }
            #expect(
                error?.kind == .refused && error?.description.contains("Failed to connect") == true,
                "\(String(describing: error))")
        }
    }

    @Test func aCustomerIsKnownByTheSecret() async throws {
        let secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
        try await House.run(customers: ["kid-1": secret]) { house in
            let right = ACMESettings.Customer(number: "kid-1", secret: Secret(secret))
            _ = try await house.authority(customer: right).certificate(for: House.name)
            for wrong in [
                nil, ACMESettings.Customer(number: "kid-1", secret: Secret("c2VjcmV0")),
                ACMESettings.Customer(number: "kid-2", secret: Secret(secret)),
                ACMESettings.Customer(number: "kid-1", secret: Secret("!!")),
            ] {
                let error = await #expect(throws: AuthorityError.self) {
                    try await house.authority(customer: wrong).certificate(for: House.name)
                }
                #expect(
                    error.map { [.account, .refused, .failed].contains($0.kind) } == true,
                    "\(String(describing: error))")
            }
        }
    }

    /// The process ends after the first, the second, the third … request. What comes after goes on with what was
    /// begun: there is one account, and an order that still stands is used.
    @Test func whateverIsCutOffIsGoneOnWith() async throws {
        try await House.run { house in
            let cabinet = InMemoryCabinet()
            let orders = Mutex(0)
            let accounts = Mutex<Set<String>>([])
            for limit in 1...40 {
                let sent = Mutex(0)
                let send: ACMESend = { request, patience in
                    let answer = try await house.client.send(request, patience)
                    if answer.status == .created, request.url.contains("order") {
                        orders.withLock { $0 += 1 }
                    }
                    if request.url.contains("sign-me-up"), let url = answer.headers.first(name: "Location") {
                        accounts.withLock { _ = $0.insert(url) }
                    }
                    // The answer is lost on its way, as the process is.
                    guard
                        sent.withLock({
                            $0 += 1; return $0
                        }) <= limit
                    else { throw CancellationError() }
                    return answer
                }
                do throws(AuthorityError) {
                    let pair = try await house.authority(cabinet: cabinet, send: send).certificate(
                        for: House.name)
                    #expect(pair.names.map(\.description) == ["a.example"])
                    #expect(limit > 5, "the first attempts were cut off")
                    #expect(cabinet.names.count == 1, "the order is forgotten: \(cabinet.names)")
                    #expect(accounts.withLock { $0.count } == 1)
                    // One answer to a new order was lost before it could be kept; and pebble gives an order up when
                    // it looks just while the process is away.
                    #expect(orders.withLock { $0 } < 8)
                    return
                } catch {
                    // An authority that has looked while the process was away has given the challenge up.
                    #expect([.unavailable, .refused, .failed].contains(error.kind), "\(error)")
                }
            }
            Issue.record("no certificate after 40 attempts")
        }
    }
}
