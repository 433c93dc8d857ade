"""Prints what the PyPI client `caldav` finds in a calendar: one JSON object a line, sorted by UID.

usage: caldav_summaries.py URL USER PASSWORD
"""
import json
import sys

import caldav

url, user, password = sys.argv[1:]
client = caldav.DAVClient(url=url, username=user, password=password)
found = []
for event in client.calendar(url=url).events():
    part = event.icalendar_component
    found.append({
        "uid": str(part["UID"]),
        "summary": str(part["SUMMARY"]),
        "start": part["DTSTART"].dt.isoformat(),
        "end": part["DTEND"].dt.isoformat(),
        "transparent": str(part.get("TRANSP")) == "TRANSPARENT",
    })
for line in sorted(found, key=lambda event: event["uid"]):
    print(json.dumps(line, ensure_ascii=False, sort_keys=True))
