import FoundationEssentials
import Weather

/// What the office holds in memory of its places. Used under a lock.
struct Desks: Sendable {
    /// What is remembered of every place, however many there are.
    struct Desk: Sendable {
        /// When it is time to ask again; nil as long as nothing is known.
        var due: Date?
        var confirmed: Date?
        var source: SourceName?
        var failure: String?
        /// How often in a row no source answered.
        var failures = 0
    }

    let plans: [PlacePlan]
    private let index: [PlaceID: Int]
    private let outlooksMax: Int
    private var desks: [Desk]
    private var outlooks: [PlaceID: Outlook] = [:]
    /// The places of `outlooks`, the one put in longest ago first.
    private var order: [PlaceID] = []
    /// The questions under way.
    var flights: [PlaceID: Task<Outlook, any Error>] = [:]

    init(places: [PlacePlan], outlooksMax: Int) {
        self.plans = places
        self.index = Dictionary(
            places.indices.map { (places[$0].place.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.outlooksMax = max(1, outlooksMax)
        self.desks = places.map { _ in Desk() }
    }

    func plan(of place: PlaceID) -> PlacePlan? { index[place].map { plans[$0] } }

    subscript(place: PlaceID) -> Desk {
        get { index[place].map { desks[$0] } ?? Desk() }
        set { if let index = index[place] { desks[index] = newValue } }
    }

    func readyOutlook(of place: PlaceID, now: Date) -> Outlook? {
        guard let due = self[place].due, now < due else { return nil }
        return outlooks[place]
    }

    func outlook(of place: PlaceID) -> Outlook? { outlooks[place] }

    mutating func put(_ outlook: Outlook, of place: PlaceID) {
        if outlooks.updateValue(outlook, forKey: place) != nil {
            order.removeAll { $0 == place }
        } else if outlooks.count > outlooksMax {
            outlooks[order.removeFirst()] = nil
        }
        order.append(place)
    }

    func due(now: Date) -> [PlaceID] {
        plans.indices.filter { index in desks[index].due.map { $0 <= now } ?? true }.map {
            plans[$0].place.id
        }
    }

    func secondsToNextRefresh(now: Date) -> Double {
        desks.map { $0.due?.timeIntervalSince(now) ?? 0 }.min() ?? 300
    }

    func status(of plan: PlacePlan, now: Date) -> PlaceStatus {
        let desk = self[plan.place.id]
        let age = desk.confirmed.map { now.timeIntervalSince($0) }
        return PlaceStatus(
            place: plan.place.id, confirmed: desk.confirmed,
            isStale: age.map { $0 > plan.staleAfter } ?? true, source: desk.source, failure: desk.failure)
    }
}
