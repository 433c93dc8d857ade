#!/usr/bin/env python3
"""What the weather costs: one forecast, a calendar that is fetched again and again, and a thousand places.

Prints a Markdown table, each figure beside its bar. CPU is the process's own, user and system, as the kernel counts it.
"""

import argparse
import http.server
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
HOURS = 240


def invented_answer():
    """Ten days as Open-Meteo tells them, in which it rains, snows, blows and shines; they begin today."""
    start = int(time.time()) // 86400 * 86400
    hours = range(HOURS)
    warmth = [12 - hour / 10 + 5 * math.sin(hour / 24 * 2 * math.pi) for hour in hours]
    wet = [1.2 if hour % 31 < 4 else 0 for hour in hours]
    frosty = [warmth[hour] < -2 for hour in hours]
    columns = {
        "temperature_2m": [round(value, 1) for value in warmth],
        "dew_point_2m": [round(value - (2 if hour % 40 < 6 else 6), 1) for hour, value in enumerate(warmth)],
        "apparent_temperature": [round(value - 2, 1) for value in warmth],
        "relative_humidity_2m": [60 + hour % 37 for hour in hours],
        "precipitation_probability": [80 if wet[hour] else 10 for hour in hours],
        "precipitation": wet,
        "rain": [0 if frosty[hour] else wet[hour] for hour in hours],
        "showers": [0 for _ in hours],
        "snowfall": [round(wet[hour] * 0.7, 2) if frosty[hour] else 0 for hour in hours],
        "weather_code": [73 if wet[hour] and frosty[hour] else 61 if wet[hour] else 2 for hour in hours],
        "wind_speed_10m": [31.4 if hour % 50 < 7 else 8.6 for hour in hours],
        "wind_gusts_10m": [48.2 if hour % 50 < 7 else 14.8 for hour in hours],
        "wind_direction_10m": [(hour * 7) % 360 for hour in hours],
        "uv_index": [round(max(0, 6 * math.sin((hour % 24 - 6) / 12 * math.pi)), 2) for hour in hours],
        "cloud_cover": [hour % 101 for hour in hours],
    }
    return json.dumps({
        "latitude": 52.52, "longitude": 13.41, "utc_offset_seconds": 7200, "timezone": "Europe/Berlin",
        "hourly_units": {"time": "unixtime", "snowfall": "cm", "wind_speed_10m": "km/h"},
        "hourly": {"time": [start + 3600 * hour for hour in hours], **columns},
    }, separators=(",", ":")).encode()


class WeatherService:
    """Answers every question with the same forecast, and counts them."""

    def __init__(self, answer):
        service = self
        self.asked = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Homeport:
    """`homeport serve` with nothing but the weather of some places."""

    def __init__(self, program, places, service):
        self.folder = tempfile.TemporaryDirectory(prefix="weather-bench-")
        settings = os.path.join(self.folder.name, "homeport.yaml")
        entries = "".join(
            f"    - {{name: place-{number}, at: '{number % 120 - 60},{number % 300 - 150}', zone: Europe/Berlin}}\n"
            for number in range(places))
        with open(settings, "w", encoding="utf-8") as file:
            file.write(
                f"listen: 127.0.0.1:0\ndata: {self.folder.name}/data\nweather:\n  warnings: 'off'\n"
                f"  sources:\n    - {{name: open-meteo, url: 'http://127.0.0.1:{service.port}'}}\n  places:\n{entries}")
        self.process = subprocess.Popen(
            [program, "serve", "--config", settings], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.port = None
        for line in self.process.stdout:
            found = re.search(r"127\.0\.0\.1:([1-9]\d*)", line)
            if found:
                self.port = int(found.group(1))
                break
        if not self.port:
            raise SystemExit(f"{program} did not start")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self.folder.cleanup()


def one_forecast(bench, zone, source, files):
    """Microseconds of one thread from the bytes of an answer to the bytes of a calendar, and of its parts."""
    told = subprocess.run(
        [bench, "forecast", zone, source] + files, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(told)


def fetched(program, answer, seconds):
    """Requests per second of a calendar that does not change, by wrk, and what one costs."""
    homeport = Homeport(program, 1, WeatherService(answer))
    try:
        url = f"http://127.0.0.1:{homeport.port}/calendar/place-0.ics"
        deadline = time.monotonic() + 60
        while True:
            try:
                tag = urllib.request.urlopen(url, timeout=10).headers["ETag"]
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
        rows = []
        for name, headers in [("200", []), ("304", ["-H", f"If-None-Match: {tag}"])]:
            before, began = homeport.cpu(), time.monotonic()
            told = subprocess.run(
                ["wrk", "-t1", "-c16", f"-d{seconds}", "--latency"] + headers + [url], check=True,
                stdout=subprocess.PIPE, text=True).stdout
            count = int(re.search(r"(\d+) requests in", told).group(1))
            if "Non-2xx" in told and name == "200":
                raise SystemExit(f"wrk was refused:\n{told}")
            number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", told).groups()
            p99 = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
            rows.append((name, count / (time.monotonic() - began), p99, (homeport.cpu() - before) / count * 1e6))
        return rows
    finally:
        homeport.stop()


def many_places(program, answer, places):
    """CPU seconds and the most memory until every place has been asked for, and how often the service was asked."""
    service = WeatherService(answer)
    begun = Homeport(program, places, service)
    try:
        forecasts = os.path.join(begun.folder.name, "data", "forecasts")
        deadline = time.monotonic() + 300
        while len(os.listdir(forecasts)) < places if os.path.isdir(forecasts) else True:
            if time.monotonic() > deadline:
                raise SystemExit(f"after five minutes {service.asked} places have been asked for")
            time.sleep(0.05)
        return begun.cpu(), begun.memory(), service.asked
    finally:
        begun.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True, help="homeport, built for release")
    parser.add_argument("--bench", required=True, help="weather-bench, built for release")
    parser.add_argument("--answer", action="append", default=[], metavar="ZONE,SOURCE,FILE…",
                        help="measure a recorded answer as well")
    parser.add_argument("--seconds", type=int, default=5, help="of each run of wrk")
    parser.add_argument("--places", type=int, default=1000)
    options = parser.parse_args()
    answer = invented_answer()
    rows = []

    def row(work, figure, bar, met):
        rows.append(f"| {work} | {figure} | {bar} | {'yes' if met else 'no'} |")
        print(rows[-1], file=sys.stderr)

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(answer)
        file.flush()
        answers = [("Open-Meteo", "Europe/Berlin", "open-meteo", [file.name])]
        for text in options.answer:
            zone, source, *files = text.split(",")
            answers.append((f"recorded, {source}", zone, source, files))
        for name, zone, source, files in answers:
            told = one_forecast(options.bench, zone, source, files)
            size = sum(os.path.getsize(path) for path in files)
            row(f"one forecast of {HOURS} hours ({name}, {size / 1000:.0f} kB, {told['events']} events): CPU",
                f"{told['total']} µs ({told['parse']} read, {told['derive']} derive, {told['write']} write; "
                f"best {told['best']})", "≤ 1,000 µs", told["total"] <= 1000)
        told = subprocess.run([options.bench, "places", str(options.places), "Europe/Berlin", "open-meteo", file.name],
                              check=True, stdout=subprocess.PIPE, text=True).stdout
        alone = json.loads(told)
        row(f"{options.places:,} places read, derived and kept on disk: CPU, memory",
            f"{alone['cpu']:.2f} s, {alone['memory']} MiB", "< 2 s, 60 MiB", alone["cpu"] < 2 and alone["memory"] <= 60)
    cpu, memory, asked = many_places(options.program, answer, options.places)
    row(f"the same by `homeport serve`, start and {asked:,} questions over HTTP included", f"{cpu:.2f} s, {memory:.0f} MiB",
        "< 2 s, 60 MiB", cpu < 2 and memory <= 60)
    for status, rate, p99, cost in fetched(options.program, answer, options.seconds):
        row(f"a calendar fetched by wrk, 16 connections, answered {status}",
            f"{rate:,.0f} requests/s, p99 {p99:.1f} ms, {cost:.0f} µs CPU each", "≥ 15,000 requests/s, p99 ≤ 5 ms",
            rate >= 15000 and p99 <= 5)
    print("| work | measured | bar | met |\n|---|---|---|---|\n" + "\n".join(rows))


main()
