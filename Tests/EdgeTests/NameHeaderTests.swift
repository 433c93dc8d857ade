import HTTPTypes
import ServerKit
import Testing

@testable import Edge
@testable import HTTPKit

/// Who may say in a header who the caller is, and what of it is taken.
@Suite struct NameHeaderTests {
    private func header(groups: String? = "X-Groups", sockets: Bool = false) throws -> NameHeader {
        try #require(
            NameHeader(
                "X-Forwarded-User", groups: groups,
                senders: ["192.0.2.7", "2001:db8::/64"].compactMap { AddressRange($0) },
                trustsSockets: sockets))
    }

    private func said(_ fields: (String, String)...) throws -> Introduction.Word? {
        var headers = HTTPFields()
        for (name, value) in fields {
            headers.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
        }
        return try header().introduction(in: headers)?.word
    }

    @Test func onlyWhoIsListedIsBelieved() throws {
        let header = try header()
        #expect(header.believes("192.0.2.7") && header.believes("2001:db8::1"))
        #expect(header.believes("::ffff:192.0.2.7"), "the same address")
        for other in ["192.0.2.8", "127.0.0.1", "::1", "2001:db8:0:1::1", "unknown", ""] {
            #expect(!header.believes(other), "\(other)")
        }
        #expect(!header.believes(nil))
        #expect(try self.header(sockets: true).believes(nil))
    }

    @Test func oneNameIsTakenAsItIs() throws {
        #expect(try said(("X-Forwarded-User", "alice")) == .name("alice", groups: []))
        #expect(try said(("x-forwarded-user", " alice\t")) == .name("alice", groups: []))
        #expect(
            try said(("X-Forwarded-User", "a"), ("X-Groups", "red, blue,,green ,"))
                == .name("a", groups: ["red", "blue", "green"]))
        #expect(
            try said(("X-Forwarded-User", "a, b")) == .name("a, b", groups: []), "it is no name further on")
    }

    @Test func noNameIsNobody() throws {
        #expect(try said() == nil)
        #expect(try said(("X-Forwarded-User", "")) == nil)
        #expect(try said(("X-Forwarded-User", "  ")) == nil)
        #expect(try said(("X-Groups", "admins")) == nil)
        #expect(try said(("X_Forwarded_User", "alice")) == nil)
    }

    @Test(arguments: [["alice", "mallory"], ["alice", "alice"], ["", "alice"], ["alice", ""]])
    func twoNamesAreNone(_ names: [String]) throws {
        let word = try said(("X-Forwarded-User", names[0]), ("x-forwarded-user", names[1]))
        #expect(word == .unusable("the proxy sends X-Forwarded-User more than once"))
    }

    @Test func twoListsOfGroupsAreNone() throws {
        let word = try said(("X-Forwarded-User", "a"), ("X-Groups", "red"), ("X-Groups", "admins"))
        #expect(word == .unusable("the proxy sends X-Groups more than once"))
    }

    @Test func thereIsAnEndToGroups() throws {
        let many = Array(repeating: "g", count: 1001).joined(separator: ",")
        #expect(
            try said(("X-Forwarded-User", "a"), ("X-Groups", many))
                == .unusable("the proxy names more than 1000 groups"))
    }
}
