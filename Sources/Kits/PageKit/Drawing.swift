/// Numbers and paths of drawings, in as few characters as need be.
package enum Drawing {
    /// To two digits after the point, without zeros at the end.
    package static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let (whole, part) = Int(hundredths.magnitude).quotientAndRemainder(dividingBy: 100)
        let sign = hundredths < 0 ? "-" : ""
        if part == 0 { return "\(sign)\(whole)" }
        let digits = part % 10 == 0 ? "\(part / 10)" : part < 10 ? "0\(part)" : "\(part)"
        return "\(sign)\(whole).\(digits)"
    }

    /// A line through points; a missing one interrupts it. A point between two missing ones is drawn as a
    /// short line.
    package static func line(_ points: [(x: Double, y: Double)?]) -> String {
        var path = ""
        var isDrawing = false
        for (index, point) in points.enumerated() {
            guard let point else {
                isDrawing = false
                continue
            }
            path += "\(isDrawing ? "L" : "M")\(number(point.x)) \(number(point.y))"
            let isAlone = !isDrawing && (index + 1 == points.count || points[index + 1] == nil)
            if isAlone { path += "h1" }
            isDrawing = true
        }
        return path
    }
}
