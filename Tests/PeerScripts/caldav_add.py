"""Adds an event of somebody else's with the PyPI client `caldav`.

usage: caldav_add.py URL USER PASSWORD UID SUMMARY
"""
import datetime
import sys

import caldav

url, user, password, uid, summary = sys.argv[1:]
client = caldav.DAVClient(url=url, username=user, password=password)
start = datetime.datetime(2026, 3, 29, 9, 0, tzinfo=datetime.timezone.utc)
client.calendar(url=url).add_event(
    uid=uid, summary=summary, dtstart=start, dtend=start + datetime.timedelta(hours=1))
