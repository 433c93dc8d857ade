import XMLKit

/// The bodies of requests to a CalDAV server.
enum CalDAVRequests {
    private static let head = #"<?xml version="1.0" encoding="utf-8"?>"#
    private static let names = #"xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav""#

    /// What a resource is, and where the calendars of its owner are (RFC 4791, 6.2.1; RFC 5397).
    static let discovery = """
        \(head)<propfind \(names)><prop><resourcetype/><current-user-principal/><C:calendar-home-set/></prop></propfind>
        """

    /// All events of a calendar with their contents (RFC 4791, 7.8).
    static let allEvents = """
        \(head)<C:calendar-query \(names)><prop><getetag/><C:calendar-data/></prop>\
        <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>\
        </C:calendar-query>
        """

    /// A calendar for events (RFC 4791, 5.3.1).
    static func makeCalendar(name: String, description: String, color: String?) -> String {
        var properties = "<displayname>\(xmlEscaped(name))</displayname>"
        properties += "<C:calendar-description>\(xmlEscaped(description))</C:calendar-description>"
        properties +=
            #"<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>"#
        if let color {
            properties +=
                #"<A:calendar-color xmlns:A="http://apple.com/ns/ical/">"# + xmlEscaped(color)
                + "</A:calendar-color>"
        }
        return "\(head)<C:mkcalendar \(names)><set><prop>\(properties)</prop></set></C:mkcalendar>"
    }
}
