package import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// When the sun rises and sets, computed (low-precision solar coordinates of the Astronomical Almanac; a
/// minute or two off at most between the polar circles).
package struct SunTimes: Hashable, Sendable {
    package enum Day: Hashable, Sendable {
        case risesAndSets(rise: Date, set: Date)
        case upAllDay
        case downAllDay
    }

    package let latitude: Double
    package let longitude: Double

    package init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }

    /// The sun of the day whose noon, by the sun, is nearest to a moment; the noon of a civil day is a good
    /// one.
    package func day(around noon: Date) -> Day {
        let guess = noon.timeIntervalSince1970
        let transit = self.transit(near: guess)
        let declination = Sun(at: transit).declination
        let cosine =
            (sin(-0.833 * .pi / 180) - sin(latitude * .pi / 180) * sin(declination))
            / (cos(latitude * .pi / 180) * cos(declination))
        guard cosine > -1 else { return .upAllDay }
        guard cosine < 1 else { return .downAllDay }
        let half = acos(cosine) / .pi * 43_200
        return .risesAndSets(
            rise: Date(timeIntervalSince1970: refined(transit - half, isRise: true, transit: transit)),
            set: Date(timeIntervalSince1970: refined(transit + half, isRise: false, transit: transit)))
    }

    /// Whether the sun is up.
    package func isUp(at moment: Date) -> Bool {
        let seconds = moment.timeIntervalSince1970
        let sun = Sun(at: seconds)
        let angle = hourAngle(at: seconds, sun)
        let height =
            sin(latitude * .pi / 180) * sin(sun.declination)
            + cos(latitude * .pi / 180) * cos(sun.declination) * cos(angle)
        return height > sin(-0.833 * .pi / 180)
    }

    private func transit(near guess: Double) -> Double {
        var moment = guess
        for _ in 0..<3 { moment -= hourAngle(at: moment, Sun(at: moment)) / (2 * .pi) * 86_400 }
        return moment
    }

    /// The same with the declination of that moment; half a minute better than with that of noon.
    private func refined(_ first: Double, isRise: Bool, transit: Double) -> Double {
        let sun = Sun(at: first)
        let cosine =
            (sin(-0.833 * .pi / 180) - sin(latitude * .pi / 180) * sin(sun.declination))
            / (cos(latitude * .pi / 180) * cos(sun.declination))
        guard cosine > -1, cosine < 1 else { return first.rounded() }
        let half = acos(cosine) / .pi * 43_200
        return (isRise ? transit - half : transit + half).rounded()
    }

    /// How far the sun is past its highest point, −π to π.
    private func hourAngle(at seconds: Double, _ sun: Sun) -> Double {
        let days = (seconds - 946_728_000) / 86_400
        let sidereal = (280.46062 + 360.9856474 * days + longitude) * .pi / 180
        return remainder(sidereal - sun.ascension, 2 * .pi)
    }

    /// Where the sun stands in the sky of the stars, in radians.
    private struct Sun {
        let declination: Double
        let ascension: Double

        init(at seconds: Double) {
            let days = (seconds - 946_728_000) / 86_400
            let anomaly = (357.528 + 0.985_600_3 * days) * .pi / 180
            let longitude =
                (280.460 + 0.985_647_4 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) * .pi / 180
            let obliquity = (23.439 - 0.000_000_4 * days) * .pi / 180
            declination = asin(sin(obliquity) * sin(longitude))
            ascension = atan2(cos(obliquity) * sin(longitude), cos(longitude))
        }
    }
}
