internal import Yams

/// Mappings whose keys are not ours but names that somebody chose.
extension FileReader {
    mutating func readNames(
        _ node: Node, path: String, expected: String,
        each: (_ name: String, Node, inout FileReader, _ path: String) -> Void
    ) {
        if node.isNothing { return }
        guard case .mapping(let mapping) = node else {
            note(path, node, "holds \(node.whatItIs); expected \(expected)")
            return
        }
        for (keyNode, value) in readsAsGo ? mapping.merged : Array(mapping) {
            guard let name = keyNode.scalar?.string else {
                note(path, keyNode, "holds \(keyNode.whatItIs) for a name")
                continue
            }
            let inner = "\(path).\(name)"
            origins[inner] = .file(line: keyNode.line)
            each(name, value, &self, inner)
        }
    }
}

extension Key {
    /// A key that holds a mapping from names to sections.
    static func named<Inner: ConfigurationSection>(
        _ name: String, _ property: WritableKeyPath<Section, [String: Inner]>
    ) -> Key {
        Key(
            name: name,
            isRequired: false,
            read: { section, node, reader, path in
                reader.readNames(node, path: path, expected: "names, each with keys of its own") {
                    name, node, reader, path in
                    var inner = Inner()
                    reader.readSection(node, into: &inner, path: path)
                    section[keyPath: property][name] = inner
                }
            },
            leaves: { path in
                Inner.leaves(under: path + ".NAME").map { leaf in
                    let show = leaf.show
                    return Leaf(
                        path: leaf.path, expected: leaf.expected, assign: nil,
                        show: { section in
                            section[keyPath: property].sorted { $0.key < $1.key }.map { show($0.value) }
                                .joined(separator: ", ")
                        })
                }
            },
            contradictions: { section, path in
                section[keyPath: property].sorted { $0.key < $1.key }.flatMap { name, inner in
                    inner.allContradictions(under: "\(path).\(name)")
                }
            })
    }

    /// A key that holds a mapping from names to values of one kind.
    static func named<Value>(
        _ name: String, _ property: WritableKeyPath<Section, [String: Value]>, _ kind: ValueKind<Value>
    ) -> Key {
        Key(
            name: name,
            isRequired: false,
            read: { section, node, reader, path in
                reader.readNames(node, path: path, expected: "names, each with \(kind.expected)") {
                    name, node, reader, path in
                    reader.readValue(node, path: path, expected: kind.expected) { raw, place in
                        do throws(ValueProblem) {
                            section[keyPath: property][name] = try kind.read(raw, place)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
            },
            leaves: { path in
                [
                    Leaf(
                        path: path + ".NAME", expected: kind.expected, assign: nil,
                        show: { section in
                            section[keyPath: property].sorted { $0.key < $1.key }
                                .map { "\($0.key): \(kind.show($0.value))" }.joined(separator: ", ")
                        })
                ]
            },
            contradictions: { _, _ in [] })
    }
}

extension Node.Mapping {
    /// The keys of the mapping and, behind them, those of the ones it takes over by `<<` that it does not have.
    var merged: [(key: Node, value: Node)] {
        var own: [(key: Node, value: Node)] = []
        var others: [Node.Mapping] = []
        for (key, value) in self {
            switch value {
            case .mapping(let other) where key.scalar?.string == "<<": others.append(other)
            case .sequence(let list)
            where key.scalar?.string == "<<" && list.allSatisfy { $0.mapping != nil }:
                others += list.compactMap(\.mapping)
            default: own.append((key, value))
            }
        }
        for (key, value) in others.flatMap(\.merged) where !own.contains(where: { $0.key == key }) {
            own.append((key, value))
        }
        return own
    }
}
