/// Why a store could not do what it was asked. What it says is for the operator; clients get a general
/// sentence.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What the caller can act on.
    package enum Kind: Sendable, Hashable {
        /// The store cannot be reached, or is too busy: the same call may succeed later.
        case unavailable
        /// No room is left: nothing was stored, what was stored before is whole.
        case full
        /// What the call speaks of is not there.
        case missing
        /// Something else has changed or taken it meanwhile.
        case conflict
        /// A condition that the caller set does not hold; `cause` says which.
        case refused
        /// What is stored cannot be read.
        case damaged
        /// Anything else.
        case failed
    }

    package let kind: Kind
    package let description: String
    package let cause: (any Error)?

    package init(_ kind: Kind, _ doing: String, cause: (any Error)? = nil) {
        self.kind = kind
        self.cause = cause
        self.description = cause.map { "\(doing): \($0)" } ?? doing
    }
}
