/// The parts of a scope, by the grammar of the token specification's page on scopes.
enum ScopeGrammar {
    /// `resourcetype := value [ '(' value ')' ]`, with `value := [a-z0-9]+`.
    static func type(_ text: Substring) throws(AccessError) -> (type: String, resourceClass: String) {
        var type = text.utf8
        var resourceClass = type.suffix(0)
        if let opening = type.firstIndex(of: UInt8(ascii: "(")) {
            guard type.last == UInt8(ascii: ")") else {
                throw AccessError("its type reads like repository or repository(plugin)")
            }
            resourceClass = type[type.index(after: opening)...].dropLast()
            guard !resourceClass.isEmpty else { throw AccessError("the class in its type is empty") }
            type = type[..<opening]
        }
        guard !type.isEmpty else { throw AccessError("its type is empty") }
        guard type.allSatisfy(\.isLowercaseOrDigit), resourceClass.allSatisfy(\.isLowercaseOrDigit) else {
            throw AccessError("its type holds only the letters a to z and digits, as in repository")
        }
        return (String(Substring(type)), String(Substring(resourceClass)))
    }

    /// `action *( ',' action )`, each `[a-z]*` or `*`.
    static func actions(_ text: Substring) throws(AccessError) -> [String] {
        var actions: [String] = []
        for action in text.utf8.split(separator: UInt8(ascii: ",")) {
            guard isAction(action) else {
                throw AccessError(
                    "its action \(quoted(String(Substring(action)))) is neither letters a to z nor *")
            }
            guard actions.count < Scope.actionsMax else {
                throw AccessError("it has more than \(Scope.actionsMax) actions")
            }
            actions.append(String(Substring(action)))
        }
        return actions
    }

    static func isAction(_ text: Substring.UTF8View) -> Bool {
        if text.count == 1, text.first == UInt8(ascii: "*") { return true }
        return !text.isEmpty && text.allSatisfy(\.isLowercase)
    }

    /// `[ hostname '/' ] component *( '/' component )`.
    static func checkName(_ name: Substring) throws(AccessError) {
        guard !name.isEmpty else { throw AccessError("its name is empty") }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
            if isComponent(part) { continue }
            if place == 0, parts.count > 1, isHostname(part) { continue }
            throw AccessError(
                """
                \(quoted(String(Substring(part)))) in its name is not letters a to z and digits with single \
                ".", single or double "_", or any number of "-" between them
                """)
        }
    }

    /// `[a-z0-9]+ *( separator [a-z0-9]+ )` with the separators `_`, `.`, `__` and any number of `-`.
    private static func isComponent(_ text: Substring.UTF8View) -> Bool {
        var separator: (byte: UInt8, count: Int)?
        var hasWord = false
        for byte in text {
            if byte.isLowercaseOrDigit {
                if let ended = separator, !isSeparator(ended.byte, ended.count) { return false }
                separator = nil
                hasWord = true
            } else if let running = separator {
                guard running.byte == byte else { return false }
                separator = (byte, running.count + 1)
            } else {
                guard hasWord else { return false }
                separator = (byte, 1)
            }
        }
        return hasWord && separator == nil
    }

    private static func isSeparator(_ byte: UInt8, _ count: Int) -> Bool {
        switch byte {
        case UInt8(ascii: "-"): true
        case UInt8(ascii: "_"): count <= 2
        case UInt8(ascii: "."): count == 1
        default: false
        }
    }

    /// `hostcomponent *( '.' hostcomponent ) [ ':' port ]`.
    private static func isHostname(_ text: Substring.UTF8View) -> Bool {
        var host = text
        if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let port = text[text.index(after: colon)...]
            guard !port.isEmpty, port.allSatisfy(\.isDigit) else { return false }
            host = text[..<colon]
        }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.first, let last = part.last else { return false }
            let hyphen = UInt8(ascii: "-")
            return first != hyphen && last != hyphen && part.allSatisfy { $0.isLetterOrDigit || $0 == hyphen }
        }
    }
}
