package import FoundationEssentials
package import NIOSSL

/// How a server of somebody else is spoken to by TLS: whom one believes, and what one shows of oneself.
package struct ClientTLS: Sendable, Hashable {
    /// The certificates that the server's is issued by; those of the system where it is nil.
    package var authorityFile: String?
    /// What is shown to a server that asks.
    package var own: CertificateFiles?

    package init(authorityFile: String? = nil, own: CertificateFiles? = nil) {
        self.authorityFile = authorityFile
        self.own = own
    }

    /// Which state all of the files are in. Blocks for as long as the disk takes.
    package func state() -> CertificateFiles.State {
        CertificateFiles.State(
            of: [authorityFile, own?.certificate, own?.key].compactMap(\.self))
    }

    /// Reads the files. Blocks for as long as the disk takes.
    package func configuration(now: Date) throws(CertificateFileError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorityFile {
            configuration.trustRoots = .certificates(try AuthorityFile.certificates(in: authorityFile))
        }
        if let own {
            let pair = try own.read(now: now)
            configuration.certificateChain = pair.tlsChain.map { .certificate($0) }
            configuration.privateKey = .privateKey(pair.tlsKey)
        }
        return configuration
    }

    /// What TLS has to say of an error; nil for an error of something else.
    package static func words(_ error: any Error) -> String? {
        switch error {
        case let error as NIOSSLError: "\(error)"
        case let error as NIOSSLExtraError: "\(error)"
        case let error as BoringSSLError: "\(error)"
        default: nil
        }
    }
}

/// Certificates of authorities, as PEM in one file.
package enum AuthorityFile {
    /// Blocks for as long as the disk takes.
    package static func certificates(in path: String) throws(CertificateFileError) -> [NIOSSLCertificate] {
        let text = try CertificateFiles.text(of: path)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(Array(text.utf8)), !certificates.isEmpty
        else { throw CertificateFileError(file: path, .noAuthority) }
        return certificates
    }
}
