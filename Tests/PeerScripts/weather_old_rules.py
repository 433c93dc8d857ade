"""The rules of the script that people come from, read from its description, on answers that were recorded.

usage: weather_old_rules.py FILE...
prints one line per event: `<start, seconds since 1970>|<minutes>|<title>` for an hour,
`<date>|<time>|<minutes>|<title>` for a day
"""

import json
import sys

days, hours = [], []
for path in sys.argv[1:]:
    answer = json.load(open(path, encoding="utf-8"))
    days += answer.get("forecast", {}).get("simpleforecast", {}).get("forecastday", [])
    hours += answer.get("hourly_forecast", [])

def plain(number):
    """However the service spells it: 0.0 and 0 are the same number."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


for day in days:
    date = day["date"]
    print(
        f'{date["year"]:04}-{date["month"]:02}-{date["day"]:02}|06:00|15|'
        f'{day["low"]["celsius"]}-{day["high"]["celsius"]}C {day["avehumidity"]}% '
        f'Rain:{plain(day["qpf_allday"]["mm"])} Snow:{plain(day["snow_allday"]["cm"])} {day["conditions"]}')

for hour in hours:
    rain, snow = float(hour["qpf"]["metric"]), float(hour["snow"]["metric"])
    temperature, dew = float(hour["temp"]["metric"]), float(hour["dewpoint"]["metric"])
    wind, index = float(hour["wspd"]["metric"]), float(hour["uvi"])
    titles = []
    if rain > 0:
        titles.append("Rain: %.0f mm" % rain)
    if snow > 0:
        titles.append("Snow: %.0f cm" % snow)
    if index > 4:
        titles.append("UV-Index: %.0f" % index)
    if temperature > 30 or temperature < -10:
        titles.append("Temp: %.0f C" % temperature)
    if temperature - dew < 3:
        titles.append("Muggy: %.0f %%" % float(hour["humidity"]))
    if wind > 23:
        titles.append("Wind: %.1f km/h" % wind)
    for title in titles:
        print(f'{hour["FCTTIME"]["epoch"]}|59|{title}')
