"""Holds the clocks that calendars define against Python's zoneinfo.

usage: calendar_clocks.py FOLDER
For each calendar: its VTIMEZONE shows at every half hour of the year of its events what zoneinfo shows, and every
event on that clock begins at 06:00.
"""
import datetime
import pathlib
import sys
import zoneinfo

import icalendar

changes = 0
paths = sorted(pathlib.Path(sys.argv[1]).glob("*.ics"))
for path in paths:
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    name = str(calendar["X-WR-TIMEZONE"])
    truth = zoneinfo.ZoneInfo(name)
    (definition,) = calendar.walk("VTIMEZONE")
    assert str(definition["TZID"]) == name
    # By its own lines, not by its name.
    defined = definition.to_tz(lookup_tzid=False)
    events = [event for event in calendar.walk("VEVENT") if event["DTSTART"].params.get("TZID") == name]
    assert len(events) > 3, f"{path.name}: {len(events)} events"
    year = min(event["DTSTART"].dt.year for event in events)
    before = None
    for half_hour in range(365 * 48):
        moment = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc) + half_hour * datetime.timedelta(minutes=30)
        ours, theirs = moment.astimezone(defined), moment.astimezone(truth)
        assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None), f"{path.name}: {moment} is {ours}, not {theirs}"
        assert ours.tzname() == theirs.tzname(), f"{path.name}: {moment} is in {ours.tzname()}, not {theirs.tzname()}"
        changes += before is not None and theirs.utcoffset() != before
        before = theirs.utcoffset()
    for event in events:
        start = event["DTSTART"].dt
        wall = start.replace(tzinfo=None)
        assert wall.time() == datetime.time(6), f"{path.name}: {wall}"
        moment = wall.replace(tzinfo=defined).astimezone(datetime.timezone.utc)
        assert moment == wall.replace(tzinfo=truth).astimezone(datetime.timezone.utc), f"{path.name}: {wall}"
print(len(paths), "calendars,", changes, "changes of clocks")
