/// Settings that count when the program starts, and not before: what it listens on and keeps its data in.
struct LastingSetting {
    let key: String
    fileprivate let isSame: (Configuration, Configuration) -> Bool
    fileprivate let keep: (inout Configuration, Configuration) -> Void

    private init<Value: Equatable>(_ key: String, _ property: WritableKeyPath<Configuration, Value>) {
        self.key = key
        isSame = { $0[keyPath: property] == $1[keyPath: property] }
        keep = { $0[keyPath: property] = $1[keyPath: property] }
    }

    static var all: [LastingSetting] {
        [
            LastingSetting("listen", \.listen),
            LastingSetting("socket_mode", \.socketMode),
            LastingSetting("data", \.data),
            LastingSetting("tls.listen", \.tls.listen),
            LastingSetting("redirect.listen", \.redirect.listen),
            LastingSetting("proxies.proxy_protocol", \.proxies.protocolPlaces),
            LastingSetting("accounts.client_certificates", \.accounts.clientCertificates),
            LastingSetting("mongodb", \.mongodb),
            LastingSetting("s3", \.s3.place),
            LastingSetting("audit.events", \.audit.events),
            LastingSetting("limits.stop_time", \.limits.stopTime),
        ]
    }
}

extension LoadedConfiguration {
    /// Takes what cannot change while a server runs from the configuration that it runs by, and answers which keys
    /// have to wait for a restart.
    mutating func keepLasting(of running: Configuration) -> [String] {
        var waiting: [String] = []
        for setting in LastingSetting.all where !setting.isSame(values, running) {
            setting.keep(&values, running)
            waiting.append(setting.key)
        }
        return waiting
    }

    /// The keys whose values differ, as far as they can be shown.
    func changes(from other: Configuration) -> [String] {
        Configuration.leaves().filter { $0.show(values) != $0.show(other) }.map(\.path)
    }
}
