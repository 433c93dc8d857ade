"""Reads every calendar of a folder with four libraries and complains of whatever is wrong with one.

usage: read_calendars.py FOLDER
"""
import multiprocessing
import pathlib
import re
import sys

import icalendar
import ics
import vobject
from ical.calendar_stream import IcsCalendarStream


def check_bytes(data):
    """RFC 5545, 3.1: lines end with CR LF and have at most 75 octets, each of them UTF-8."""
    assert data.endswith(b"END:VCALENDAR\r\n"), "no end"
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b""), "bare line ends"
    for line in data.split(b"\r\n"):
        assert len(line) <= 75, f"{len(line)} octets: {line!r}"
        line.decode("utf-8")
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", data), "control characters"


def check_icalendar(data):
    calendar = icalendar.Calendar.from_ical(data)
    assert not calendar.errors, calendar.errors
    for name in ("PRODID", "VERSION", "UID", "NAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "X-WR-CALNAME"):
        assert calendar.get(name) is not None, f"no {name}"
    assert calendar.get("METHOD") is None
    zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    seen = set()
    for event in calendar.walk("VEVENT"):
        assert not event.errors, event.errors
        for name in ("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "LOCATION", "GEO", "CATEGORIES"):
            assert event.get(name) is not None, f"no {name}"
        uid = str(event["UID"])
        assert uid not in seen, f"twice: {uid}"
        seen.add(uid)
        assert str(event["TRANSP"]) == "TRANSPARENT"
        assert event["DTEND"].dt > event["DTSTART"].dt, f"no length: {uid}"
        for name in ("DTSTART", "DTEND"):
            zone = event[name].params.get("TZID")
            assert zone is None or zone in zones, f"no VTIMEZONE for {zone}"
    for zone in calendar.walk("VTIMEZONE"):
        zone.to_tz()
    return len(seen)


def check_vobject(text):
    calendar = vobject.readOne(text)
    assert calendar.validate(raiseException=True)
    return len(getattr(calendar, "vevent_list", []))


def check(path):
    """What is wrong with a calendar, or nothing."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
        check_bytes(data)
        count = check_icalendar(data)
        assert check_vobject(text) == count
        assert len(ics.Calendar(text).events) == count
        assert len(IcsCalendarStream.calendar_from_ics(text).events) == count
    except Exception as error:
        return f"{path.name}: {type(error).__name__}: {error}\n{data.decode('utf-8', 'replace')}"


if __name__ == "__main__":
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.ics"))
    # Some of the libraries take half a second for a calendar.
    with multiprocessing.Pool() as pool:
        for complaint in filter(None, pool.imap_unordered(check, paths)):
            raise SystemExit(complaint)
    print(len(paths), "calendars")
