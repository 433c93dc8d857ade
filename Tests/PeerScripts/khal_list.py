"""Gives every calendar of a folder to khal and complains when it does not print exactly the events that are in it.

usage: khal_list.py FOLDER
A calendar NAME.ics may have the titles that it should print beside it, one a line, in NAME.titles; of others the
events are counted.
"""
import collections
import os
import pathlib
import subprocess
import sys
import tempfile

from khal.icalendar import split_ics
from khal.khalendar.vdir import Item, Vdir

paths = sorted(pathlib.Path(sys.argv[1]).glob("*.ics"))
with tempfile.TemporaryDirectory() as home:
    # What `khal import` does, without reading the whole database again after each calendar.
    for path in paths:
        folder = pathlib.Path(home) / path.stem
        folder.mkdir()
        calendar = Vdir(str(folder), ".ics")
        for event in split_ics(path.read_bytes().decode("utf-8")):
            calendar.upload(Item(event))
    settings = pathlib.Path(home) / "khal.conf"
    calendars = "".join(f"[[{path.stem}]]\npath = {home}/{path.stem}\ntype = calendar\n" for path in paths)
    settings.write_text(f"""
[calendars]
{calendars}
[sqlite]
path = {home}/khal.db
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
""")
    khal = os.path.join(os.path.dirname(sys.executable), "khal")
    arguments = ["list", "--format", "{calendar}|{uid}|{title}", "--day-format", "", "2010-01-01", "7000d"]
    told = subprocess.run(
        [khal, "-c", str(settings)] + arguments, check=True, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, HOME=home, XDG_CACHE_HOME=home, XDG_DATA_HOME=home)).stdout
# What goes on for several days is printed on each of them.
printed = collections.defaultdict(list)
for line in dict.fromkeys(told.splitlines()):
    name, _, title = line.split("|", 2)
    printed[name].append(title)
for path in paths:
    titles = path.with_suffix(".titles")
    if not titles.exists():
        events = path.read_bytes().count(b"\nBEGIN:VEVENT\r\n")
        if events != len(printed[path.stem]):
            raise SystemExit(f"{path.name}: {events} events, of which khal prints {len(printed[path.stem])}")
        continue
    expected = sorted(filter(None, titles.read_text(encoding="utf-8").split("\n")))
    if sorted(printed[path.stem]) != expected:
        missing = collections.Counter(expected) - collections.Counter(printed[path.stem])
        others = collections.Counter(printed[path.stem]) - collections.Counter(expected)
        raise SystemExit(f"{path.name}: khal does not print {list(missing)} and prints {list(others)}")
print(len(paths), "calendars")
