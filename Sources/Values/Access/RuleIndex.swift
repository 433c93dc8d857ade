/// Leads from a request to the rules that can hold for it.
///
/// Each rule is filed under one key: something that every request it can hold for must have. Of the keys that
/// a rule offers, it takes the one that the fewest rules offer. A request looks up every key it has, which is
/// a number that depends on the length of its name and not on the number of rules. Keys are compared by their
/// hashes only, since a rule that is found is asked in full anyway.
struct RuleIndex: Sendable {
    private var table: KeyTable
    /// Rules that offer no key, in order.
    private var always: [Int32] = []
    /// The fronts that names are filed under.
    private var heads: [Head] = []
    private var runLengths: [Int] = []
    /// The numbers of leading bits of addresses that rules are filed under.
    private var addressLengths: [Int] = []
    private var hasLabels = false

    private struct Head: Sendable {
        let front: RuleKey.Front
        /// The lengths of the texts after it, shortest first.
        var lengths: [Int] = []
        /// All rules that are filed under it, for labels with too many values to look them up by.
        var rules: [Int32] = []
    }

    init(_ rules: [CompiledRule]) {
        let offers = rules.map { RuleKey.keys(of: $0).map { (key: $0, hash: $0.hash) } }
        var counts: [KeyHash: Int] = [:]
        for offer in offers { for key in offer { counts[key.hash, default: 0] += 1 } }
        var lists: [KeyHash: [Int32]] = [:]
        var chosen: [RuleKey: [Int32]] = [:]
        for (place, offer) in offers.enumerated() {
            let best = offer.min { counts[$0.hash, default: 0] < counts[$1.hash, default: 0] }
            if let best {
                lists[best.hash, default: []].append(Int32(place))
                chosen[best.key, default: []].append(Int32(place))
            } else {
                always.append(Int32(place))
            }
        }
        self.table = KeyTable(lists)
        note(chosen)
    }

    private mutating func note(_ keys: [RuleKey: [Int32]]) {
        var heads: [RuleKey.Front: Head] = [:]
        var runs: Set<Int> = []
        var addresses: Set<Int> = []
        for (key, rules) in keys {
            switch key {
            case .head(let front, let text, let isWhole):
                var head = heads[front] ?? Head(front: front)
                if !isWhole, !head.lengths.contains(text.count) { head.lengths.append(text.count) }
                if case .label = front { head.rules += rules }
                heads[front] = head
            case .run(let text): runs.insert(text.count)
            case .label: hasLabels = true
            case .address(let range): addresses.insert(range.length)
            case .account, .type, .service: break
            }
        }
        self.heads = heads.values.map { head in
            var head = head
            head.lengths.sort()
            return head
        }
        self.runLengths = runs.sorted()
        self.addressLengths = addresses.sorted()
    }

    /// The places of the rules that can hold, in order. Every rule that holds is among them; of one that is
    /// not, it is certain that it does not hold.
    func candidates(_ values: inout RequestValues) -> Candidates {
        var found: [Int32] = []
        if !table.isEmpty {
            table.add(KeyHash(.account, TextHash(values.account).whole, values.account.count), to: &found)
            table.add(KeyHash(.type, TextHash(values.type).whole, values.type.count), to: &found)
            table.add(KeyHash(.service, TextHash(values.service).whole, values.service.count), to: &found)
            if let address = values.address {
                for length in addressLengths where length <= address.width {
                    table.add(.address(IPRange(address, length)), to: &found)
                }
            }
            if hasLabels {
                for name in values.labelNames { table.add(.label(name), to: &found) }
            }
            if !heads.isEmpty || !runLengths.isEmpty { addByName(&values, to: &found) }
            found.sort()
        }
        return Candidates(found: found, always: always)
    }

    private func addByName(_ values: inout RequestValues, to found: inout [Int32]) {
        let count = values.name.count
        let hashes = TextHash(values.name)
        for head in heads {
            guard let ends = Self.ends(of: head.front, &values) else {
                found += head.rules
                continue
            }
            for start in ends {
                let whole = KeyHash(.whole, hashes.part(start..<count), count - start, after: head.front)
                table.add(whole, to: &found)
                for length in head.lengths {
                    guard start + length <= count else { break }
                    let part = hashes.part(start..<start + length)
                    table.add(KeyHash(.head, part, length, after: head.front), to: &found)
                }
            }
        }
        for length in runLengths where length <= count {
            for start in 0...count - length {
                table.add(KeyHash(.run, hashes.part(start..<start + length), length), to: &found)
            }
        }
    }

    /// Where the front of a name can end; nil when that is too much to find out.
    private static func ends(of front: RuleKey.Front, _ values: inout RequestValues) -> [Int]? {
        switch front {
        case .start: return [0]
        case .field(let field):
            let value = values[field]
            return values.name.has(value, at: 0) ? [value.count] : []
        case .label(let name):
            guard
                values.labelTexts(name).count <= RequestValues.combinationsMax,
                values.work(ofLabel: name) <= RequestValues.combinationsMax
            else { return nil }
            // In globs a value may be a glob, in regular expressions it is always just its text.
            var ends: Set<Int> = []
            for value in values.labelTexts(name) {
                let text = Array(value.text.utf8)
                if values.name.has(text, at: 0) { ends.insert(text.count) }
            }
            for case .glob(let elements) in values.label(name) {
                ends.formUnion(GlobPattern(elements: elements).ends(in: values.name))
            }
            return Array(ends)
        }
    }
}

/// The places of rules to ask, in order, each once.
struct Candidates {
    private let found: [Int32]
    private let always: [Int32]
    private var nextFound = 0
    private var nextAlways = 0

    init(found: [Int32], always: [Int32]) {
        self.found = found
        self.always = always
    }

    mutating func next() -> Int? {
        let fromFound = nextFound < found.count ? found[nextFound] : .max
        let fromAlways = nextAlways < always.count ? always[nextAlways] : .max
        let place = min(fromFound, fromAlways)
        guard place != .max else { return nil }
        while nextFound < found.count, found[nextFound] == place { nextFound += 1 }
        if fromAlways == place { nextAlways += 1 }
        return Int(place)
    }
}

/// A table from the hashes of keys to lists of rules, laid out flat.
private struct KeyTable: Sendable {
    private struct Slot: Sendable {
        var hash: UInt64 = 0
        var start: Int32 = 0
        var end: Int32 = 0
    }

    private var slots: [Slot] = []
    private var places: [Int32] = []

    init(_ lists: [KeyHash: [Int32]]) {
        guard !lists.isEmpty else { return }
        var size = 4
        while size < lists.count * 2 { size *= 2 }
        slots = Array(repeating: Slot(), count: size)
        for (hash, list) in lists {
            var place = Int(truncatingIfNeeded: hash.value) & (size - 1)
            while slots[place].hash != 0 { place = (place + 1) & (size - 1) }
            slots[place] = Slot(
                hash: hash.value, start: Int32(places.count), end: Int32(places.count + list.count))
            places += list
        }
    }

    var isEmpty: Bool { slots.isEmpty }

    func add(_ hash: KeyHash, to found: inout [Int32]) {
        var place = Int(truncatingIfNeeded: hash.value) & (slots.count - 1)
        while slots[place].hash != 0 {
            if slots[place].hash == hash.value {
                found += places[Int(slots[place].start)..<Int(slots[place].end)]
                return
            }
            place = (place + 1) & (slots.count - 1)
        }
    }
}
