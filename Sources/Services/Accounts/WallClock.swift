package import FoundationEssentials

/// What time it is, asked when it is needed; a test has one of its own.
package typealias WallClock = @Sendable () -> Date
