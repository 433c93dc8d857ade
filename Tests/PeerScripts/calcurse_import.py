"""Imports every calendar of a folder into a calcurse of its own and complains when an event is missing there.

usage: calcurse_import.py FOLDER
"""
import pathlib
import re
import subprocess
import sys
import tempfile

paths = sorted(pathlib.Path(sys.argv[1]).glob("*.ics"))
for path in paths:
    with tempfile.TemporaryDirectory() as home:
        told = subprocess.run(
            ["calcurse", "-D", f"{home}/data", "-C", f"{home}/settings", "-i", str(path)],
            env={"HOME": home, "TERM": "dumb", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}, check=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        # Those with a time are called `apps`, those of whole days `events`.
        counts = {name: int(number) for number, name in re.findall(r"(\d+) (apps?|events?|skipped)", told)}
        imported = sum(counts.get(name, 0) for name in ("app", "apps", "event", "events"))
        expected = path.read_bytes().count(b"\nBEGIN:VEVENT\r\n")
        if imported != expected or counts.get("skipped") != 0:
            raise SystemExit(f"{path.name}: {expected} events, and calcurse says: {told}")
        file = pathlib.Path(home) / "data" / "apts"
        kept = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if len(kept) != expected:
            raise SystemExit(f"{path.name}: {expected} events, of which calcurse kept {len(kept)}")
print(len(paths), "calendars")
