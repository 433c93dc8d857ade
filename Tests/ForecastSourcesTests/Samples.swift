import Weather

/// Small answers in the shape of each service, made up for these tests.
enum Samples {
    struct Sample: Sendable, CustomStringConvertible {
        let source: SourceName
        let files: [String]
        var description: String { source.rawValue }
    }

    static let all: [Sample] = [
        Sample(source: .openMeteo, files: [toronto]), Sample(source: .openMeteo, files: [openMeteoImperial]),
        Sample(source: .metNorway, files: [metNorway]), Sample(source: .brightSky, files: [brightSky]),
        Sample(source: .openWeatherMap, files: [openWeatherMap]),
        Sample(source: .nationalWeatherService, files: [nwsGrid]),
        Sample(source: .nationalWeatherService, files: [nwsGrid, nwsHourly]),
        Sample(source: .pirateWeather, files: [pirateWeather]),
        Sample(source: .weatherCompany, files: [companyHourly, companyDaily]),
        Sample(source: .weatherUnderground, files: [undergroundHourly, undergroundDaily]),
    ]

    /// The night in which the clocks of Toronto go forward, as the service writes it: every time with the
    /// offset of winter, the hour that does not exist included. Rain falls in the hour before its stamp.
    static let toronto: String = {
        let times = (0..<24).map { "\"2026-03-08T\($0 < 10 ? "0" : "")\($0):00\"" }.joined(separator: ",")
        let temperatures = (0..<24).map { "\(Double($0) / 2)" }.joined(separator: ",")
        let rain = (0..<24).map { $0 == 3 ? "4.2" : $0 == 9 ? "null" : "0.0" }.joined(separator: ",")
        let zeros = (0..<24).map { _ in "0.0" }.joined(separator: ",")
        return """
            {"latitude":43.65,"longitude":-79.38,"utc_offset_seconds":-18000,"timezone":"America/Toronto",
            "timezone_abbreviation":"GMT-5",
            "hourly_units":{"time":"iso8601","temperature_2m":"°C","rain":"mm","snowfall":"cm","wind_speed_10m":"km/h"},
            "hourly":{"time":[\(times)],"temperature_2m":[\(temperatures)],"rain":[\(rain)],"showers":[\(zeros)],
            "snowfall":[\(zeros)],"wind_speed_10m":[\(temperatures)],"relative_humidity_2m":[\(zeros)]},
            "daily_units":{"time":"iso8601","temperature_2m_max":"°C","sunrise":"iso8601"},
            "daily":{"time":["2026-03-08"],"temperature_2m_max":[11.5],"temperature_2m_min":[0],
            "sunrise":["2026-03-08T06:38"],"sunset":["2026-03-08T18:15"]}}
            """
    }()

    static let openMeteoImperial = """
        {"latitude":52.5,"longitude":13.4,"utc_offset_seconds":3600,"timezone":"Europe/Berlin",
        "hourly_units":{"time":"unixtime","temperature_2m":"°F","precipitation":"inch","windspeed_10m":"mp/h"},
        "hourly":{"time":[1770418800,1770422400,1770426000],"temperature_2m":[32,50.9,null],
        "precipitation":[0.1,0.2,0],"weathercode":[0,75,61],"windspeed_10m":[10,20,30],"uv_index":[0,1.5,null]}}
        """

    static let metNorway = """
        {"type":"Feature","geometry":{"type":"Point","coordinates":[13.4,52.5,30]},"properties":{"meta":
        {"updated_at":"2026-02-06T10:12:13Z"},"timeseries":[
        {"time":"2026-02-06T11:00:00Z","data":{"instant":{"details":{"air_temperature":-1.5,"relative_humidity":90.0,
        "wind_speed":3.8,"dew_point_temperature":-2.9,"ultraviolet_index_clear_sky":0.4}},
        "next_1_hours":{"summary":{"symbol_code":"lightsnow"},"details":{"precipitation_amount":0.4}}}},
        {"time":"2026-02-06T12:00:00Z","data":{"instant":{"details":{"air_temperature":0.5,"wind_speed":4.0}},
        "next_6_hours":{"summary":{"symbol_code":"rain"},"details":{"precipitation_amount":3.0,
        "probability_of_precipitation":61.0}}}},
        {"time":"2026-02-06T18:00:00Z","data":{"instant":{"details":{"air_temperature":2.5}}}}]}}
        """

    static let brightSky = """
        {"weather":[
        {"timestamp":"2026-02-06T13:00:00+01:00","temperature":1.0,"dew_point":-1.0,"relative_humidity":null,
        "wind_speed":10.8,"wind_gust_speed":null,"precipitation":9.9,"condition":"rain","cloud_cover":100,
        "precipitation_probability":null,"wind_direction":100},
        {"timestamp":"2026-02-06T14:00:00+01:00","temperature":0.5,"dew_point":0.1,"relative_humidity":97,
        "wind_speed":23.0,"wind_gust_speed":40.1,"precipitation":0.7,"condition":"snow","cloud_cover":100,
        "precipitation_probability":70,"wind_direction":110},
        {"timestamp":"2026-02-06T15:00:00+01:00","temperature":0.4,"dew_point":0.0,"relative_humidity":null,
        "wind_speed":24.0,"wind_gust_speed":41.0,"precipitation":0.0,"condition":"dry","cloud_cover":50,
        "precipitation_probability":3,"wind_direction":120}],
        "sources":[{"id":1,"lat":52.52,"lon":13.42,"station_name":"BERLIN-ALEX."}]}
        """

    static let openWeatherMap = """
        {"lat":52.5,"lon":13.4,"timezone":"Europe/Berlin","timezone_offset":3600,"hourly":[
        {"dt":1770418800,"temp":-2.5,"feels_like":-6,"dew_point":-4,"humidity":88,"uvi":0.2,"clouds":75,
        "wind_speed":4.88,"wind_gust":9.1,"wind_deg":60,"pop":0.45,"weather":[{"id":600,"description":"light snow"}],
        "snow":{"1h":0.8}},
        {"dt":1770422400,"temp":3,"dew_point":1,"humidity":88,"uvi":0,"clouds":90,"wind_speed":5,"pop":1,
        "weather":[{"id":500,"description":"light rain"}],"rain":{"1h":1.37}}],
        "daily":[{"dt":1770462000,"temp":{"min":-3,"max":4.5},"humidity":80,"uvi":1,"pop":1,"rain":5.97,
        "wind_speed":6,"weather":[{"id":501,"description":"moderate rain"}],"sunrise":1770445978,"sunset":1770481348}],
        "alerts":[{"sender_name":"DWD","event":"frost","start":1770418800,"end":1770440400,"description":"cold"}]}
        """

    static let nwsGrid = """
        {"properties":{"updateTime":"2026-02-06T10:00:00+00:00",
        "temperature":{"uom":"wmoUnit:degC","values":[{"validTime":"2026-02-06T11:00:00+00:00/PT1H","value":3.5},
        {"validTime":"2026-02-06T12:00:00+00:00/PT5H","value":-2}]},
        "dewpoint":{"uom":"wmoUnit:degC","values":[{"validTime":"2026-02-06T11:00:00+00:00/PT6H","value":-3}]},
        "relativeHumidity":{"uom":"wmoUnit:percent","values":[{"validTime":"2026-02-06T11:00:00+00:00/PT6H",
        "value":null}]},
        "windSpeed":{"uom":"wmoUnit:km_h-1","values":[{"validTime":"2026-02-06T09:00:00+00:00/P1D","value":27.8}]},
        "windGust":{"uom":"wmoUnit:km_h-1","values":[]},"skyCover":{"uom":"wmoUnit:percent","values":[]},
        "probabilityOfPrecipitation":{"uom":"wmoUnit:percent","values":[]},
        "quantitativePrecipitation":{"uom":"wmoUnit:mm","values":[{"validTime":"2026-02-06T12:00:00+00:00/PT6H",
        "value":3}]},
        "snowfallAmount":{"uom":"wmoUnit:mm","values":[{"validTime":"2026-02-06T12:00:00+00:00/PT6H","value":24}]},
        "weather":{"values":[{"validTime":"2026-02-06T12:00:00+00:00/PT6H","value":[{"weather":"snow_showers"}]}]}}}
        """

    static let nwsHourly = """
        {"properties":{"units":"us","periods":[{"startTime":"2026-02-06T07:00:00-05:00",
        "endTime":"2026-02-06T08:00:00-05:00","temperature":30,"temperatureUnit":"F",
        "probabilityOfPrecipitation":{"unitCode":"wmoUnit:percent","value":55},
        "dewpoint":{"unitCode":"wmoUnit:degC","value":-2.5},
        "relativeHumidity":{"unitCode":"wmoUnit:percent","value":91},"windSpeed":"5 to 10 mph",
        "shortForecast":"Heavy Snow"}]}}
        """

    static let pirateWeather = """
        {"latitude":40.7,"longitude":-74.0,"timezone":"America/New_York","offset":-5.0,"flags":{"units":"us"},
        "hourly":{"data":[{"time":1770411600,"icon":"snow","precipIntensity":0.02,"precipProbability":0.66,
        "precipAccumulation":0.25,"precipType":"snow","temperature":28.4,"dewPoint":21.2,"humidity":0.7,
        "windSpeed":10,"windGust":21.5,"windBearing":200,"cloudCover":0.77,"uvIndex":1.12},
        {"time":1770415200,"icon":"rain","precipIntensity":0.1,"precipProbability":1,"precipAccumulation":0.1,
        "precipType":"rain","temperature":40,"dewPoint":38,"humidity":0.93,"windSpeed":9,"windGust":12,
        "windBearing":200,"cloudCover":1,"uvIndex":0}]},
        "daily":{"data":[{"time":1770354000,"icon":"rain","summary":"Rain all day.","temperatureMin":20,
        "temperatureMax":41,"humidity":0.8,"precipType":"rain","precipAccumulation":0.5,"uvIndex":2,
        "sunriseTime":1770379258,"sunsetTime":1770416384}]},
        "alerts":[{"title":"Wind Advisory","severity":"Moderate","time":1770402120,"expires":1770458400,
        "description":"wind","uri":"https://api.weather.gov/alerts/1"}]}
        """

    static let companyHourly = """
        {"validTimeUtc":[1770411600,1770415200],"temperature":[21,-9999],"temperatureDewPoint":[19,null],
        "relativeHumidity":[88,90],"windSpeed":[23,24],"windGust":[null,50],"windDirection":[10,20],"uvIndex":[5,0],
        "qpf":[1.5,0],"qpfSnow":[0,0],"precipChance":[40,3],"cloudCover":[94,40],
        "wxPhraseLong":["PM T-Storms","Mostly Cloudy"]}
        """

    static let companyDaily = """
        {"calendarDayTemperatureMax":[21,22],"calendarDayTemperatureMin":[18,17],"temperatureMax":[null,22],
        "temperatureMin":[17,17],"qpf":[1.64,8],"qpfSnow":[0,0],
        "validTimeLocal":["2026-02-06T07:00:00+0100","2026-02-07T07:00:00+0100"],
        "validTimeUtc":[1770357600,1770444000],
        "daypart":[{"relativeHumidity":[null,96,87,93],"uvIndex":[null,0,10,0],"windSpeed":[null,7,14,6],
        "precipChance":[null,42,78,47],"wxPhraseLong":[null,"T-Showers","Rain","Cloudy"]}]}
        """

    /// The night in which the clocks of Berlin go back, on the clock of the place: 02:00 comes twice.
    static let undergroundHourly: String = {
        let hours = (0..<6).map { index in
            let civil = [0, 1, 2, 2, 3, 4][index]
            return """
                {"FCTTIME":{"hour":"\(civil)","mday":"25","mon":"10","year":"2026","epoch":"\(1_792_879_200 + index * 3600)"},
                "temp":{"english":"50","metric":"\(index == 5 ? "-9999" : "\(10 + index)")"},
                "dewpoint":{"english":"49","metric":"9"},"icon":"nt_rain","sky":"100",
                "wspd":{"english":"15","metric":"\(22 + index)"},"wdir":{"dir":"N","degrees":"13"},"uvi":"\(index)",
                "humidity":"9\(index)","feelslike":{"english":"59","metric":"15"},
                "qpf":{"english":"0.07","metric":"\(index % 2)"},"snow":{"english":"0.1","metric":"\(index == 3 ? 3 : 0)"},
                "pop":"58","mslp":{"english":"29.87","metric":""}}
                """
        }
        return #"{"response":{"version":"0.1"},"hourly_forecast":[\#(hours.joined(separator: ","))]}"#
    }()

    static let undergroundDaily = """
        {"response":{"version":"0.1"},"forecast":{"simpleforecast":{"forecastday":[{"date":{"epoch":"1792947600",
        "day":25,"month":10,"year":2026,"tz_long":"Europe/Berlin"},"high":{"celsius":"14"},"low":{"celsius":"9"},
        "conditions":"Rain","icon":"rain","pop":60,"qpf_allday":{"mm":17},"qpf_day":{"mm":null},
        "snow_allday":{"cm":0.4},"maxwind":{"kph":0},"avehumidity":93}]}}}
        """
}
