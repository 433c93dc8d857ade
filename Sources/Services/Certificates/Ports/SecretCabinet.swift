/// Where keys and certificates of the server's own are kept, each by a name, readable for the server alone.
///
/// Every implementation passes `checkSecretCabinetContract`.
package protocol SecretCabinet: Sendable {
    /// What is kept by this name, or nil.
    func load(_ name: CabinetName) async throws(CabinetError) -> String?

    /// Keeps it, also across a power cut, in place of what was there: whole, or not at all.
    func save(_ text: String, as name: CabinetName) async throws(CabinetError)

    /// Removes it. Removing what is not there is not a failure.
    func remove(_ name: CabinetName) async throws(CabinetError)
}

/// A name in a cabinet: letters, digits, `.`, `-` and `_`, not led by a dot.
package struct CabinetName: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package var description: String { text }

    /// Other characters become `_`.
    package init(_ text: String) {
        let plain = text.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) ? $0 : "_" }
        let name = String(plain.prefix(200))
        self.text = name.isEmpty || name.hasPrefix(".") ? "_" + name.dropFirst() : name
    }
}

/// Something could not be kept or found. What it says is for the operator.
package struct CabinetError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
