/// What somebody who is believed says of whoever has sent a request: a proxy in a header, an authority in a
/// certificate.
package struct Introduction: Sendable, Hashable {
    package enum Way: Sendable, Hashable {
        case header, certificate
    }

    package enum Word: Sendable, Hashable {
        /// As it was said, with nothing about it looked at.
        case name(String, groups: [String])
        /// Something is said, and it names nobody; the sentence is for the caller.
        case unusable(String)
    }

    package let way: Way
    package let word: Word

    package init(_ way: Way, _ word: Word) {
        self.way = way
        self.word = word
    }
}
