"""Drives a Google Calendar double with Google's own Python client and complains of every surprise.

usage: google_client.py ROOT TOKEN
"""
import json
import sys

import google.oauth2.credentials
import httplib2
from google.api_core.client_options import ClientOptions
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

root, token = sys.argv[1:]
service = build(
    "calendar", "v3", static_discovery=True, cache_discovery=False,
    credentials=google.oauth2.credentials.Credentials(token),
    client_options=ClientOptions(api_endpoint=root + "/calendar/v3/"))
events = service.events()


def status(request):
    """The status with which a request is refused."""
    try:
        request.execute()
    except HttpError as error:
        return error.resp.status, error.error_details[0]["reason"]
    return 200, ""


def body(number):
    return {
        "id": f"event{number:05}", "summary": f"Event {number}", "start": {"dateTime": "2026-03-29T04:00:00Z"},
        "end": {"dateTime": "2026-03-29T05:00:00Z"},
        "extendedProperties": {"private": {"kind": "odd" if number % 2 else "even"}},
    }


calendar = service.calendars().insert(body={"summary": "Weather", "timeZone": "Europe/Berlin"}).execute()["id"]
assert service.calendarList().list().execute()["items"][0]["id"] == calendar

batch = service.new_batch_http_request()
batch._batch_uri = root + "/batch/calendar/v3"
answers = {}
for number in range(40):
    batch.add(
        events.insert(calendarId=calendar, body=body(number)), request_id=str(number),
        callback=lambda key, answer, error: answers.__setitem__(key, (answer, error)))
batch.execute()
assert len(answers) == 40 and all(error is None for _, error in answers.values()), answers
assert all(answer["summary"] == f"Event {key}" for key, (answer, _) in answers.items()), answers

found, request, pages = [], events.list(calendarId=calendar, maxResults=7, privateExtendedProperty="kind=odd"), 0
while request is not None:
    page = request.execute()
    found += page["items"]
    pages += 1
    request = events.list_next(request, page)
assert len(found) == 20 and pages == 3, (len(found), pages)

assert status(events.insert(calendarId=calendar, body=body(1))) == (409, "duplicate")
changed = dict(body(1), summary="Changed")
request = events.update(calendarId=calendar, eventId="event00001", body=changed)
request.headers["If-Match"] = '"stale"'
assert status(request)[0] == 412
assert events.update(calendarId=calendar, eventId="event00001", body=changed).execute()["summary"] == "Changed"

assert status(events.delete(calendarId=calendar, eventId="event00001")) == (200, "")
assert status(events.delete(calendarId=calendar, eventId="event00001")) == (410, "deleted")
assert events.get(calendarId=calendar, eventId="event00001").execute()["status"] == "cancelled"
assert status(events.insert(calendarId=calendar, body=body(1))) == (409, "duplicate")
assert len(events.list(calendarId=calendar).execute()["items"]) == 39
assert len(events.list(calendarId=calendar, showDeleted=True).execute()["items"]) == 40
revived = events.update(calendarId=calendar, eventId="event00001", body=dict(body(1), status="confirmed")).execute()
assert revived["status"] == "confirmed"
assert status(events.get(calendarId=calendar, eventId="nothere"))[0] == 404
assert status(events.list(calendarId="nobody@example.com"))[0] == 404
print("content")
