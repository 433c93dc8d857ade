import Access
import Accounts
import Harness
import ServerKit
import Testing

@testable import LDAPDirectory

/// People in an Active Directory, Samba's, which follows groups in groups itself.
@Suite(.timeLimit(.minutes(5))) struct ActiveDirectoryTests {
    @Test func itFollowsGroupsInGroupsByItsOwnRule() async throws {
        try await withActiveDirectory { (server: ActiveDirectory) async throws in
            let all = ["devs", "engineering", "everybody"]
            for (nesting, alice) in [
                (LDAPSettings.Nesting.none, ["devs"]), (.activeDirectory, all), (.walk, all),
            ] {
                var settings = LDAPSettings(
                    servers: ["ldap://" + server.address], base: ActiveDirectory.users,
                    filter: "(&(objectClass=user)(sAMAccountName=${account}))")
                settings.reader = LDAPSettings.Reader(
                    name: ActiveDirectory.reader.name, password: Secret(ActiveDirectory.reader.password))
                settings.isExact = false
                var groups = LDAPSettings.Groups(label: "groups", base: ActiveDirectory.users)
                groups.filter = "(&(objectClass=group)(member=${dn}))"
                groups.nesting = nesting
                settings.groups = groups
                let directory = LDAPDirectory(settings)
                let answer = try await directory.answer(
                    AccountName("alice"), password: Secret(ActiveDirectory.password), from: nil)
                guard case .signedIn(let labels) = answer else {
                    Issue.record("\(nesting): \(answer)")
                    continue
                }
                #expect((labels["groups"] ?? []).map(\.text).sorted() == alice, "\(nesting)")
                let wrong = try await directory.answer(
                    AccountName("alice"), password: Secret("wrong"), from: nil)
                #expect(wrong == .wrongPassword)
                let stranger = try await directory.answer(
                    AccountName("zoe"), password: Secret(ActiveDirectory.password), from: nil)
                #expect(stranger == .notMine)
            }
        }
    }
}
