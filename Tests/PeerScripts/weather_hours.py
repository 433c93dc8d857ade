"""Reads recorded answers of weather services on its own and prints what they say hour by hour.

usage: weather_hours.py SOURCE FILE...
prints: {"<start of the hour, seconds since 1970>": {"<quantity>": number, ...}, ...}

It shares nothing with the readers it is held against but the description of the formats.
"""

import datetime
import json
import math
import re
import sys

SNOW_SKIES = ("snow", "heavy-snow", "snow-showers")


class Hours(dict):
    def put(self, time, name, value):
        # What is far below any weather stands for "unknown".
        if value is not None and value > -900:
            self.setdefault(time, {})[name] = float(value)


def stamp(text, offset=0):
    """Seconds since 1970 of an ISO 8601 time; without a zone it has `offset`."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        return int(moment.replace(tzinfo=datetime.timezone.utc).timestamp()) - offset
    return int(moment.timestamp())


def celsius(value, fahrenheit):
    return value if value is None or not fahrenheit else (value - 32) / 1.8


def times(value, factor):
    return None if value is None else value * factor


def open_meteo(files):
    answer = next(f for f in files if "hourly" in f)
    hourly, units = answer["hourly"], answer.get("hourly_units", {})
    offset = answer.get("utc_offset_seconds", 0)
    starts = [t if isinstance(t, int) else stamp(t, offset) for t in hourly["time"]]
    speeds = {"km/h": 1 / 3.6, "m/s": 1, "mp/h": 0.44704, "kn": 1852 / 3600}
    instants = {
        "temperature_2m": "temperature", "dew_point_2m": "dewPoint", "relative_humidity_2m": "humidity",
        "relativehumidity_2m": "humidity", "wind_speed_10m": "wind", "windspeed_10m": "wind",
        "cloud_cover": "clouds", "cloudcover": "clouds", "apparent_temperature": "feelsLike",
        "wind_direction_10m": "windDirection", "winddirection_10m": "windDirection",
    }
    before = {
        "precipitation": "precipitation", "rain": "rain", "snowfall": "snow", "uv_index": "uvIndex",
        "precipitation_probability": "chance", "wind_gusts_10m": "gust", "windgusts_10m": "gust",
    }
    hours = Hours()
    for variable, column in hourly.items():
        name = instants.get(variable) or before.get(variable)
        if not name:
            continue
        unit = units.get(variable, "")
        for index, (start, value) in enumerate(zip(starts, column)):
            if variable == "rain" and "showers" in hourly and value is not None:
                value += hourly["showers"][index] or 0
            if unit == "°F":
                value = celsius(value, True)
            value = times(value, speeds.get(unit, 1))
            if name in ("precipitation", "rain") and unit == "inch":
                value = times(value, 25.4)
            if name == "snow":
                value = times(value, 25.4 if unit == "inch" else 10)
            hours.put(start - 3600 if variable in before else start, name, value)
    hours.pop(starts[0] - 3600, None)
    skies = {}
    for start, code in zip(starts, hourly.get("weather_code", hourly.get("weathercode", []))):
        skies[start - 3600] = {71: "snow", 73: "snow", 77: "snow", 75: "heavy-snow", 85: "snow-showers", 86: "snow-showers"}.get(
            code)
    return hours, skies, 7


def met_norway(files):
    body = files[0].get("data", files[0])
    series = body["properties"]["timeseries"]
    names = {
        "air_temperature": "temperature", "dew_point_temperature": "dewPoint", "relative_humidity": "humidity",
        "wind_speed": "wind", "wind_speed_of_gust": "gust", "ultraviolet_index_clear_sky": "uvIndex",
        "cloud_area_fraction": "clouds", "wind_from_direction": "windDirection",
    }
    hours, skies = Hours(), {}
    starts = [stamp(step["time"]) for step in series]
    for index, step in enumerate(series):
        data, start = step["data"], starts[index]
        length = (starts[index + 1] - start) // 3600 if index + 1 < len(starts) else 1
        for hour in range(length):
            for key, name in names.items():
                hours.put(start + 3600 * hour, name, data["instant"]["details"].get(key))
        block = 1 if length == 1 else 6
        period = data.get(f"next_{block}_hours")
        if not period:
            continue
        details = period.get("details", {})
        for hour in range(min(length, block)):
            moment = start + 3600 * hour
            hours.put(moment, "precipitation", times(details.get("precipitation_amount"), 1 / block))
            hours.put(moment, "chance", details.get("probability_of_precipitation"))
        for hour in range(length):
            symbol = period["summary"]["symbol_code"]
            skies[start + 3600 * hour] = "snow" if "snow" in symbol and "thunder" not in symbol else symbol
    return hours, skies, 10


def bright_sky(files):
    hours, skies = Hours(), {}
    records = files[0]["weather"]
    first = stamp(records[0]["timestamp"])
    for record in records:
        start = stamp(record["timestamp"])
        hours.put(start, "temperature", record["temperature"])
        hours.put(start, "dewPoint", record["dew_point"])
        hours.put(start, "humidity", record["relative_humidity"])
        hours.put(start, "clouds", record["cloud_cover"])
        if start == first:
            continue
        hours.put(start - 3600, "wind", times(record["wind_speed"], 1 / 3.6))
        hours.put(start - 3600, "gust", times(record["wind_gust_speed"], 1 / 3.6))
        hours.put(start - 3600, "precipitation", record["precipitation"])
        hours.put(start - 3600, "chance", record.get("precipitation_probability"))
        hours.put(start - 3600, "windDirection", record.get("wind_direction"))
        skies[start - 3600] = record["condition"]
    return hours, skies, 10


def openweathermap(files):
    hours = Hours()
    records = files[0].get("hourly", [])
    kelvin = bool(records) and records[0]["temp"] > 150
    for record in records:
        start = record["dt"]
        for key, name in (("temp", "temperature"), ("dew_point", "dewPoint"), ("feels_like", "feelsLike")):
            value = record.get(key)
            hours.put(start, name, value if value is None or not kelvin else value - 273.15)
        for key, name in (("humidity", "humidity"), ("uvi", "uvIndex"), ("clouds", "clouds"), ("wind_speed", "wind"),
                          ("wind_gust", "gust"), ("wind_deg", "windDirection")):
            hours.put(start, name, record.get(key))
        hours.put(start, "chance", times(record.get("pop"), 100))
        rain, snow = record.get("rain", {}).get("1h", 0), record.get("snow", {}).get("1h", 0)
        hours.put(start, "rain", rain)
        hours.put(start, "snow", snow * 10)
        hours.put(start, "precipitation", rain + snow)
    return hours, {}, 10


def duration(text):
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:\d+M)?)?", text)
    return int(match.group(1) or 0) * 24 + int(match.group(2) or 0)


def nws(files):
    hours = Hours()
    properties = [f["properties"] for f in files]
    grid = next((p for p in properties if "values" in p.get("temperature", {})), None)
    layers = {
        "temperature": "temperature", "dewpoint": "dewPoint", "relativeHumidity": "humidity", "windSpeed": "wind",
        "windGust": "gust", "skyCover": "clouds", "probabilityOfPrecipitation": "chance",
        "quantitativePrecipitation": "precipitation", "snowfallAmount": "snow",
        "apparentTemperature": "feelsLike", "windDirection": "windDirection",
    }
    if grid:
        known = set()
        for layer, name in layers.items():
            for entry in grid.get(layer, {}).get("values", []):
                start, length = entry["validTime"].split("/")
                start, length = stamp(start), duration(length)
                value = entry["value"]
                if name in ("precipitation", "snow"):
                    value = times(value, 1 / length)
                if grid[layer].get("uom") == "wmoUnit:km_h-1":
                    value = times(value, 1 / 3.6)
                for hour in range(length):
                    if name == "temperature":
                        known.add(start + 3600 * hour)
                    hours.put(start + 3600 * hour, name, value)
        for start in [s for s in hours if s not in known]:
            del hours[start]
    for period in (q for p in properties for q in p.get("periods", [])):
        start = stamp(period["startTime"])
        if stamp(period["endTime"]) - start > 3600:
            continue
        hours.put(start, "temperature", celsius(period["temperature"], period["temperatureUnit"] == "F"))
        hours.put(start, "dewPoint", period["dewpoint"]["value"])
        hours.put(start, "humidity", period["relativeHumidity"]["value"])
        hours.put(start, "chance", period["probabilityOfPrecipitation"]["value"])
        numbers = [float(n) for n in re.findall(r"[\d.]+", period["windSpeed"])]
        hours.put(start, "wind", max(numbers) * (0.44704 if period["windSpeed"].endswith("mph") else 1 / 3.6))
    return hours, {}, 10


def pirate_weather(files):
    answer = files[0]
    unit = answer.get("flags", {}).get("units", "us")
    speed = {"us": 0.44704, "uk": 0.44704, "uk2": 0.44704, "ca": 1 / 3.6}.get(unit, 1)
    hours = Hours()
    for record in answer["hourly"]["data"]:
        start = record["time"]
        hours.put(start, "temperature", celsius(record["temperature"], unit == "us"))
        hours.put(start, "dewPoint", celsius(record["dewPoint"], unit == "us"))
        hours.put(start, "feelsLike", celsius(record.get("apparentTemperature"), unit == "us"))
        hours.put(start, "windDirection", record.get("windBearing"))
        hours.put(start, "humidity", record["humidity"] * 100)
        hours.put(start, "clouds", record["cloudCover"] * 100)
        hours.put(start, "chance", record["precipProbability"] * 100)
        hours.put(start, "uvIndex", record["uvIndex"])
        hours.put(start, "wind", record["windSpeed"] * speed)
        hours.put(start, "gust", record["windGust"] * speed)
        water = record["precipIntensity"] * (25.4 if unit == "us" else 1)
        lies = record["precipAccumulation"] * (25.4 if unit == "us" else 10)
        snow = record["precipType"] == "snow"
        hours.put(start, "precipitation", water)
        hours.put(start, "rain", 0 if snow else water)
        hours.put(start, "snow", lies if snow else 0)
    return hours, {}, 10


def weather_company(files):
    hours = Hours()
    columns = {
        "temperature": ("temperature", 1), "temperatureDewPoint": ("dewPoint", 1),
        "relativeHumidity": ("humidity", 1), "windSpeed": ("wind", 1 / 3.6), "windGust": ("gust", 1 / 3.6),
        "uvIndex": ("uvIndex", 1), "qpf": ("precipitation", 1), "qpfSnow": ("snow", 10),
        "precipChance": ("chance", 1), "cloudCover": ("clouds", 1),
        "temperatureFeelsLike": ("feelsLike", 1), "windDirection": ("windDirection", 1),
    }
    for answer in files:
        if "temperature" not in answer:
            continue
        for key, (name, factor) in columns.items():
            for start, value in zip(answer["validTimeUtc"], answer.get(key, [])):
                hours.put(start, name, times(value, factor))
    return hours, {}, 10


def wunderground(files):
    hours = Hours()

    def number(text):
        value = None if text in ("", None) else float(text)
        return None if value is not None and value <= -999 else value

    for answer in files:
        for record in answer.get("hourly_forecast", []):
            start = int(record["FCTTIME"]["epoch"])
            for key, name in (("temp", "temperature"), ("dewpoint", "dewPoint"), ("qpf", "precipitation"),
                              ("snow", "snow"), ("feelslike", "feelsLike")):
                hours.put(start, name, number(record[key]["metric"]))
            hours.put(start, "wind", times(number(record["wspd"]["metric"]), 1 / 3.6))
            hours.put(start, "windDirection", number(record["wdir"]["degrees"]))
            for key, name in (("humidity", "humidity"), ("uvi", "uvIndex"), ("pop", "chance"), ("sky", "clouds")):
                hours.put(start, name, number(record[key]))
    return hours, {}, 10


def complete(hours, skies, ratio):
    """What follows from what was said."""
    for start, hour in hours.items():
        temperature, dew, humidity = (hour.get(k) for k in ("temperature", "dewPoint", "humidity"))
        if temperature is not None and dew is not None and humidity is None:
            vapour = [math.exp(17.625 * t / (243.04 + t)) for t in (dew, temperature)]
            hour["humidity"] = min(100, 100 * vapour[0] / vapour[1])
        if temperature is not None and dew is None and humidity is not None and humidity >= 1:
            gamma = math.log(humidity / 100) + 17.625 * temperature / (243.04 + temperature)
            hour["dewPoint"] = 243.04 * gamma / (17.625 - gamma)
        water, rain, snow = (hour.get(k) for k in ("precipitation", "rain", "snow"))
        if water is not None and rain is None and snow is None:
            is_snow = skies.get(start) in SNOW_SKIES
            hour["rain"], hour["snow"] = (0, water * ratio) if is_snow else (water, 0)
        elif water is not None and rain is None:
            left = water - snow / ratio
            hour["rain"] = 0 if left < 0.05 and snow > 0 else max(0, left)
        elif water is not None and snow is None:
            hour["snow"] = 0 if water - rain < 0.05 else (water - rain) * ratio
        elif water is None and rain is not None:
            hour["precipitation"] = rain + (snow or 0) / ratio


def main():
    readers = {
        "open-meteo": open_meteo, "met-norway": met_norway, "bright-sky": bright_sky,
        "openweathermap": openweathermap, "nws": nws, "pirate-weather": pirate_weather,
        "weather-company": weather_company, "wunderground": wunderground,
    }
    files = [json.load(open(path, encoding="utf-8")) for path in sys.argv[2:]]
    hours, skies, ratio = readers[sys.argv[1]](files)
    complete(hours, skies, ratio)
    json.dump(hours, sys.stdout)


main()
