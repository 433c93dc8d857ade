"""What Python's zoneinfo says about zones.

usage: weather_zones.py, with lines on standard input:
  `at ZONE MOMENT` (seconds since 1970), answered with `<offset> <abbreviation>`
  `day ZONE YYYY-MM-DD`, answered with `<moment the day begins> <moment the next day begins>`
"""

import datetime
import sys
import zoneinfo

zones = {}


def zone(name):
    return zones.setdefault(name, zoneinfo.ZoneInfo(name))


def midnight(date, name):
    return int(datetime.datetime(date.year, date.month, date.day, tzinfo=zone(name)).timestamp())


for line in sys.stdin.read().splitlines():
    kind, name, what = line.split()
    if kind == "at":
        local = datetime.datetime.fromtimestamp(int(what), zone(name))
        print(int(local.utcoffset().total_seconds()), local.tzname())
    else:
        date = datetime.date.fromisoformat(what)
        print(midnight(date, name), midnight(date + datetime.timedelta(days=1), name))
