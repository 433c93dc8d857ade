/// `verify:` the check of everything stored that goes on in the background.
struct VerifySettings: ConfigurationSection {
    var isOn = true
    var interval = Duration.seconds(7 * 86_400)
    var rate = 20 << 20

    static var keys: [Key<Self>] {
        [
            .value("on", \.isOn, .flag),
            .value("interval", \.interval, .duration(.seconds(1) ... .seconds(366 * 86_400))),
            .value("rate", \.rate, .size(64 << 10...100 << 30)),
        ]
    }
}
