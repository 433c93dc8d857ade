internal import Access
internal import ArgumentParser

/// How patterns and amounts of policies are written on the command line.
enum PolicyText {
    static func glob(_ text: String) throws -> Glob {
        do throws(AccessError) {
            return try Glob(text)
        } catch {
            throw ValidationError(error.description)
        }
    }

    static func duration(_ text: String) throws -> Duration {
        guard let span = DurationText.parse(text) else {
            throw ValidationError("`\(text)` is no time; write it like 30d or 12h")
        }
        return span
    }

    static func size(_ text: String) throws -> Int64 {
        guard let bytes = SizeText.parse(text) else {
            throw ValidationError("`\(text)` is no size; write it like 50GiB")
        }
        return Int64(bytes)
    }
}
