internal import ArgumentParser

struct WeatherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weather",
        abstract: "The weather in your calendar: look at it, write it out, find places, write calendars.",
        subcommands: [
            WeatherPreview.self, WeatherFeed.self, WeatherPlaces.self, WeatherSync.self,
            WeatherAuthorize.self,
        ])
}
