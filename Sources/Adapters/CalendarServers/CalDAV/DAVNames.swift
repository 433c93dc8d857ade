import XMLKit

/// The names of WebDAV and of its calendars.
extension XMLElement.Name {
    static func dav(_ local: String) -> Self { Self(namespace: "DAV:", local: local) }
    static func calDAV(_ local: String) -> Self {
        Self(namespace: "urn:ietf:params:xml:ns:caldav", local: local)
    }
}
