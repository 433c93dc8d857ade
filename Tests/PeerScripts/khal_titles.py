"""Imports a calendar into khal and prints the titles that it lists.

usage: khal_titles.py FOLDER FILE
"""
import os
import pathlib
import subprocess
import sys

folder, file = sys.argv[1:]
(pathlib.Path(folder) / "calendar").mkdir()
settings = pathlib.Path(folder) / "khal.conf"
settings.write_text(f"""
[calendars]
[[weather]]
path = {folder}/calendar
type = calendar
[sqlite]
path = {folder}/khal.db
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Europe/Berlin
default_timezone = Europe/Berlin
""")
khal = [os.path.join(os.path.dirname(sys.executable), "khal"), "-c", str(settings)]
environment = dict(os.environ, HOME=folder, XDG_CACHE_HOME=folder, XDG_DATA_HOME=folder)
subprocess.run(khal + ["import", "--batch", "-a", "weather", file], check=True, env=environment, stdout=subprocess.DEVNULL)
printed = subprocess.run(
    khal + ["list", "--notstarted", "--once", "--format", "{title}", "--day-format", "", "2000-01-01", "12000d"],
    check=True, env=environment, stdout=subprocess.PIPE, text=True)
print(printed.stdout, end="")
