import Testing

@testable import LDAPDirectory

/// Names as parts of filters and of names of entries.
@Suite struct TextTests {
    @Test(arguments: [
        ("alice", "alice"), ("*", #"\2a"#), (")(uid=*", #"\29\28uid=\2a"#), (#"\2a"#, #"\5c2a"#),
        ("\u{0}", #"\00"#), ("zoë", "zoë"), ("a|b&c!", "a|b&c!"),
    ])
    func nothingInAFilterIsMoreThanText(_ name: String, _ escaped: String) {
        #expect(LDAPText.filterValue(name) == escaped)
    }

    @Test(arguments: [
        ("alice", "alice"), ("a,ou=x", #"a\2cou\3dx"#), ("a+b", #"a\2bb"#), (#"a\"#, #"a\5c"#),
        ("#1", #"\231"#), (" a ", #"\20a\20"#), ("zoë", "zoë"), ("a@b.c-d_e", "a@b.c-d_e"),
    ])
    func nothingInANameIsMoreThanText(_ name: String, _ escaped: String) {
        #expect(LDAPText.nameValue(name) == escaped)
    }

    @Test func whatIsPutInIsNotLookedAtAgain() {
        let filled = LDAPText.fill(
            "(&(a=${account})(b=${dn})(c=${account}))", [("account", "${dn}"), ("dn", "x")])
        #expect(filled == "(&(a=${dn})(b=x)(c=${dn}))")
        #expect(LDAPText.fill("${other}${account", [("account", "x")]) == "${other}${account")
    }

    @Test func theFirstCommonNameIsTaken() {
        #expect(LDAPText.commonName(of: "cn=Devs,ou=groups,dc=x") == "Devs")
        #expect(LDAPText.commonName(of: "ou=a,CN=Odd\\2C One,cn=b") == "Odd, One")
        #expect(LDAPText.commonName(of: "ou=a,dc=b") == nil)
        #expect(LDAPText.commonName(of: "no name") == nil)
        #expect(LDAPText.commonName(of: "") == nil)
    }

    @Test func theNameIsToldFromTheFilter() throws {
        let entry = LDAPEntry(name: "x", values: ["uid": ["anna"], "mail": ["anna@example.com"]])
        let simple = try #require(LDAPIdentity("(uid=${account})"))
        #expect(simple.matches(entry, "anna"))
        for other in ["Anna", "anna ", "ann", "anna@example.com", ""] {
            #expect(!simple.matches(entry, other))
        }
        let either = try #require(
            LDAPIdentity("(&(objectClass=person)(|(uid=${account})(mail:=${account})))"))
        #expect(either.matches(entry, "anna") && either.matches(entry, "anna@example.com"))
        let within = try #require(LDAPIdentity("(mail=${account}@example.com)"))
        #expect(within.matches(entry, "anna") && !within.matches(entry, "anna@example.com"))
        for filter in ["(uid=*)", "(uid=${account}*)", "", "(objectClass=person)"] {
            #expect(LDAPIdentity(filter) == nil)
        }
    }

    @Test func activeDirectoryIsAskedByItsOwnRule() {
        var settings = LDAPSettings.Groups(label: "groups", base: "")
        settings.filter = "(&(objectClass=group)(member=${dn}))"
        settings.nesting = .activeDirectory
        let groups = LDAPGroups(settings: settings, base: "dc=x")
        #expect(
            groups.filter("cn=a(b),dc=x", "a")
                == #"(&(objectClass=group)(member:1.2.840.113556.1.4.1941:=cn=a\28b\29,dc=x))"#)
    }
}
