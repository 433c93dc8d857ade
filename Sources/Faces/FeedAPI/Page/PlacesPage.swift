import Foundation
import HTTPKit
import PageKit
import Weather

/// The list of places.
struct PlacesPage {
    let places: [Place]
    let language: Language

    var answer: PreparedAnswer {
        let words = language.pageWords
        let items = places.map { place -> HTML in
            "<li><a href=\"\(link: "/weather/\(place.id)")\">\(place.name)</a></li>"
        }
        let page = Page(
            title: words.weather, language: language.rawValue, description: words.weather,
            styles: [Assets.stylePath],
            content: """
                <header><h1>\(words.weather)</h1></header>
                <main><h2>\(words.places)</h2><ul class="places">\(items)</ul></main>
                """)
        return .page(page.html, modified: Assets.since, cacheControl: "public, max-age=300")
    }
}
