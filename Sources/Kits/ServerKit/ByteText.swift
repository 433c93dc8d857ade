/// Amounts of bytes as people read them.
package enum ByteText {
    /// `1.4 GiB`, `312 KiB`, `17 B`.
    package static func rounded(_ bytes: Int64) -> String {
        var amount = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if amount < 1024 {
                let tenths = Int((amount * 10).rounded())
                let isShort = unit == "B" || tenths >= 100
                return isShort ? "\(Int(amount.rounded())) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
            }
            amount /= 1024
        }
        return "\(Int(amount.rounded())) TiB"
    }
}
