import AsyncHTTPClient
import CalendarServers

extension HTTPClient {
    /// The client of the adapter, for all tests; it lives as long as they do.
    static let calendars = CalendarClient.make()
}
