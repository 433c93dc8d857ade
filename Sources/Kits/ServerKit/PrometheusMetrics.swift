package import CoreMetrics
import Synchronization

/// Collects what the program measures and writes it in Prometheus's text format (version 0.0.4).
///
/// Counters stay counters; gauges show their last value; timers and recorders become histograms with fixed buckets,
/// timers in seconds. Names and labels come from the code, never from a client, so their number is bounded by it.
package final class PrometheusMetrics: MetricsFactory {
    private let series = Mutex<[SeriesKey: any PrometheusSeries]>([:])

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions) { CounterSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, dimensions) { GaugeSeries() }
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool)
        -> any RecorderHandler
    {
        find(label, dimensions) { HistogramSeries() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label, dimensions) { HistogramSeries() }
    }

    /// For a gauge whose subject is gone: nothing is shown of it, until it is made again.
    package func destroyMeter(_ handler: any MeterHandler) {
        series.withLock { series in
            series = series.filter { $0.value as AnyObject !== handler as AnyObject }
        }
    }

    // Other series live as long as the program: there are as many as the code names.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything measured so far, one family after the other, in order of their names.
    package func text() -> String {
        let all = series.withLock { $0 }.sorted {
            ($0.key.name, $0.key.labels) < ($1.key.name, $1.key.labels)
        }
        var text = ""
        var family = ""
        for (key, series) in all {
            if key.name != family {
                family = key.name
                text += "# TYPE \(family) \(series.kind)\n"
            }
            text += series.lines(key.name, key.labels)
        }
        return text
    }

    /// The series of this name and these labels, made when it is asked for first. One name has one kind.
    private func find<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], make: () -> Series
    ) -> Series {
        let key = SeriesKey(label, dimensions)
        return series.withLock { series in
            if let found = series[key] as? Series { return found }
            let new = make()
            series[key] = new
            return new
        }
    }
}

/// A name and its labels as they are written: `code="200",route="blob"`.
private struct SeriesKey: Hashable {
    let name: String
    let labels: String

    init(_ label: String, _ dimensions: [(String, String)]) {
        name = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        labels = dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

private protocol PrometheusSeries: AnyObject, Sendable {
    var kind: String { get }
    func lines(_ name: String, _ labels: String) -> String
}

extension PrometheusSeries {
    func line(_ name: String, _ labels: String, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }
}

private final class CounterSeries: PrometheusSeries, CounterHandler {
    private let count = Atomic<Int64>(0)

    var kind: String { "counter" }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }

    func lines(_ name: String, _ labels: String) -> String {
        line(name, labels, "\(count.load(ordering: .relaxed))")
    }
}

private final class GaugeSeries: PrometheusSeries, MeterHandler {
    private let value = Mutex(0.0)

    var kind: String { "gauge" }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { self.value.withLock { $0 = value } }

    func increment(by amount: Double) { value.withLock { $0 += amount } }

    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func lines(_ name: String, _ labels: String) -> String {
        line(name, labels, "\(value.withLock { $0 })")
    }
}

private final class HistogramSeries: PrometheusSeries, RecorderHandler, TimerHandler {
    /// Upper ends of the buckets: from a tenth of a millisecond to five minutes when seconds are counted.
    private static let bounds: [Double] = [
        0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300,
    ]

    private struct State {
        var counts = [Int](repeating: 0, count: bounds.count + 1)
        var sum = 0.0
    }

    private let state = Mutex(State())

    var kind: String { "histogram" }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = Self.bounds.firstIndex { value <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    func lines(_ name: String, _ labels: String) -> String {
        let state = state.withLock { $0 }
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        var below = 0
        for (bound, count) in zip(Self.bounds.map { "\($0)" } + ["+Inf"], state.counts) {
            below += count
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(below)\n"
        }
        return text + line(name + "_sum", labels, "\(state.sum)") + line(name + "_count", labels, "\(below)")
    }
}
