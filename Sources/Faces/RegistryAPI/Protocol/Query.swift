/// The parameters of a request's query, in the order sent. A name may come more than once.
///
/// `+` stands for itself: media types hold it (`application/vnd.example+json`), and no parameter of the
/// registry holds a space.
struct Query: Sendable {
    private let items: [(name: String, value: String)]

    /// Parameters that cannot be read are left out, as if they had not been sent.
    init(_ text: String?) {
        items = (text ?? "").split(separator: "&").compactMap { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decoded(parts[0]),
                let value = PercentCoding.decoded(parts.count > 1 ? parts[1] : "")
            else { return nil }
            return (name, value)
        }
    }

    /// The first value of a parameter that is not empty.
    subscript(name: String) -> String? {
        items.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// All values of a parameter, in the order sent.
    func all(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }
}
