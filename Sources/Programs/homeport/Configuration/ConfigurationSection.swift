internal import Yams

/// A mapping of the configuration file as a type: the stored properties with their built-in values, and the
/// keys that set them.
///
/// The list of keys is the only place where a key is declared: reading the file, the names of environment
/// variables, `homeport check` and the test of the manual all follow from it.
protocol ConfigurationSection: Equatable, Sendable {
    init()

    static var keys: [Key<Self>] { get }

    /// What is wrong with values that are right one by one: the key it is said of, and the sentence.
    func contradictions() -> [(key: String, message: String)]
}

extension ConfigurationSection {
    func contradictions() -> [(key: String, message: String)] { [] }
}

/// One key of a section.
struct Key<Section> {
    let name: String
    /// Whether a section without this key is an error.
    let isRequired: Bool
    /// Reads the key's node into the section; what is wrong is noted with the reader.
    let read: (inout Section, Node, inout FileReader, _ path: String) -> Void
    /// The keys with values below this one, under the path given.
    let leaves: (_ path: String) -> [Leaf<Section>]
    /// Asks the sections below this key what contradicts itself.
    let contradictions: (Section, _ path: String) -> [(path: String, message: String)]
}

/// A key that holds a value, seen from a section above it.
struct Leaf<Section> {
    /// `registry.manifest_max`; a key of the sections in a list is written `weather.places[].name`.
    let path: String
    /// What the value has to be, in words that follow "expected".
    let expected: String
    /// Sets the value, or answers why it cannot; nil for keys of sections in a list, which have no
    /// environment variable.
    let assign: ((inout Section, RawValue, Place) -> ValueProblem?)?
    /// The value as one would write it into the file.
    let show: (Section) -> String

    /// The same key, seen from one section further up.
    func lifted<Outer>(_ property: WritableKeyPath<Outer, Section>) -> Leaf<Outer> {
        let assign = assign
        let show = show
        return Leaf<Outer>(
            path: path,
            expected: expected,
            assign: assign.map { assign in
                { outer, raw, place in assign(&outer[keyPath: property], raw, place) }
            },
            show: { outer in show(outer[keyPath: property]) })
    }
}

/// A value as it was written: one text, or a list of texts.
enum RawValue: Hashable, Sendable {
    case text(String)
    case list([String])
}

/// What a value is read beside: file names are relative to the file they stand in.
struct Place: Hashable, Sendable {
    let folder: String
}

extension Key {
    /// A key that holds a value of some kind.
    static func value<Value>(
        _ name: String, _ property: WritableKeyPath<Section, Value>, _ kind: ValueKind<Value>,
        isRequired: Bool = false
    ) -> Key {
        let assign = { (section: inout Section, raw: RawValue, place: Place) -> ValueProblem? in
            do throws(ValueProblem) {
                section[keyPath: property] = try kind.read(raw, place)
                return nil
            } catch {
                return error
            }
        }
        return Key(
            name: name,
            isRequired: isRequired,
            read: { section, node, reader, path in
                reader.readValue(node, path: path, expected: kind.expected) { raw, place in
                    assign(&section, raw, place)
                }
            },
            leaves: { path in
                [
                    Leaf(
                        path: path, expected: kind.expected, assign: assign,
                        show: { kind.show($0[keyPath: property]) })
                ]
            },
            contradictions: { _, _ in [] })
    }

    /// A key that holds a section.
    static func section<Inner: ConfigurationSection>(
        _ name: String, _ property: WritableKeyPath<Section, Inner>
    ) -> Key {
        Key(
            name: name,
            isRequired: false,
            read: { section, node, reader, path in
                reader.readSection(node, into: &section[keyPath: property], path: path)
            },
            leaves: { path in
                Inner.leaves(under: path).map { $0.lifted(property) }
            },
            contradictions: { section, path in section[keyPath: property].allContradictions(under: path) })
    }

    /// A key that holds a list of sections.
    static func sections<Inner: ConfigurationSection>(
        _ name: String, _ property: WritableKeyPath<Section, [Inner]>
    ) -> Key {
        Key(
            name: name,
            isRequired: false,
            read: { section, node, reader, path in
                reader.readSections(node, into: &section[keyPath: property], path: path)
            },
            leaves: { path in
                Inner.leaves(under: path + "[]").map { leaf in
                    let show = leaf.show
                    return Leaf(
                        path: leaf.path, expected: leaf.expected, assign: nil,
                        show: { section in section[keyPath: property].map(show).joined(separator: ", ") })
                }
            },
            contradictions: { section, path in
                section[keyPath: property].enumerated().flatMap { index, inner in
                    inner.allContradictions(under: "\(path)[\(index)]")
                }
            })
    }
}

extension ConfigurationSection {
    /// Every key with a value in this section and those inside it.
    static func leaves(under path: String = "") -> [Leaf<Self>] {
        keys.flatMap { $0.leaves(Self.join(path, $0.name)) }
    }

    /// What contradicts itself in this section and those inside it.
    func allContradictions(under path: String = "") -> [(path: String, message: String)] {
        let own = contradictions().map { (path: Self.join(path, $0.key), message: $0.message) }
        return own + Self.keys.flatMap { $0.contradictions(self, Self.join(path, $0.name)) }
    }

    static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }
}
