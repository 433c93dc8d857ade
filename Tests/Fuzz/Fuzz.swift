import Dispatch
import Foundation
import Properties
import Synchronization

/// libFuzzer around one of the properties: `Fuzz NAME [options of libFuzzer] [folders of inputs]`. A property
/// that does not hold ends the process, which is how libFuzzer knows; `scripts/fuzz` does the rest.
@main enum Fuzz {
    fileprivate static let chosen = Mutex<Property?>(nil)

    static func main() {
        let arguments = CommandLine.arguments
        let found = Property.all.first { $0.name == arguments.dropFirst().first }
        guard let found else {
            let names = Property.all.map(\.name).joined(separator: ", ")
            print("usage: Fuzz NAME [options] [folders], where NAME is one of \(names)")
            exit(2)
        }
        chosen.withLock { $0 = found }
        var words = (arguments.prefix(1) + arguments.dropFirst(2)).map { strdup($0) }
        words.append(nil)
        var count = CInt(words.count - 1)
        words.withUnsafeMutableBufferPointer { words in
            var base = words.baseAddress
            exit(runDriver(&count, &base, tryInput))
        }
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private func tryInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: size))
    guard let property = Fuzz.chosen.withLock({ $0 }) else { return -1 }
    // This thread has nothing else to do.
    let done = DispatchSemaphore(value: 0)
    Task {
        do {
            try await property.check(input)
        } catch {
            print("\(property.name): \(error)")
            fflush(nil)
            abort()
        }
        done.signal()
    }
    done.wait()
    return 0
}
