import Foundation
import Logging
import ServerKit
import Testing

@testable import Accounts

/// The line that `deploy/fail2ban/filter.d/homeport.conf` reads, as the process really writes it.
@Suite struct FailureLineTests {
    private func written(_ format: LineLog.Format, account: String, address: String?) throws -> String {
        let pipe = Pipe()
        let log = LineLog(
            label: SignInLog.label, level: .info, format: format,
            descriptor: pipe.fileHandleForWriting.fileDescriptor)
        SignInLog(Logger(label: SignInLog.label) { _ in log }).failed(account: account, address: address)
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func asText() throws {
        let line = try written(.text, account: "alice", address: "192.0.2.7")
        #expect(
            line.dropFirst(24) == " warning homeport.accounts sign-in failed account=alice client=192.0.2.7\n"
        )
        #expect(line.prefix(24).last == "Z")
    }

    @Test func asJSON() throws {
        let line = try written(.json, account: "alice", address: "2001:db8::7")
        #expect(
            line.hasSuffix(
                #","level":"warning","label":"homeport.accounts","message":"sign-in failed","account":"alice","client":"2001:db8::7"}"#
                    + "\n"))
    }

    @Test func hostileNamesStayOneWordAndTheAddressStaysTheLast() throws {
        let hostile = "x client=6.6.6.6\r\n2026-01-01T00:00:00Z warning homeport.accounts sign-in failed \"\\"
        for format in LineLog.Format.allCases {
            let line = try written(format, account: hostile, address: "fe80::1%eth0")
            #expect(line.filter(\.isNewline).count == 1)
            #expect(!line.contains("6.6.6.6\"") && !line.contains("client=6.6.6.6"))
            #expect(line.contains("x%20client%3D6.6.6.6%0D%0A"))
            #expect(line.hasSuffix(format == .text ? " client=fe80::1\n" : ",\"client\":\"fe80::1\"}\n"))
        }
        #expect(try written(.text, account: "", address: nil).hasSuffix(" account=- client=unknown\n"))
    }
}
