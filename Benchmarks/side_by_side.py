#!/usr/bin/env python3
"""Homeport beside Debian's docker-registry: the same work in turn, on the same machine, in the same run.

Prints a Markdown table of medians and ratios. CPU is the server's own, user and system, as the kernel counts it.
"""

import argparse
import datetime
import os
import platform
import re
import subprocess
import tempfile
import time

from servers import DockerRegistry, Homeport
from table import Table, write_into
from tokens import storm, tokens
from work import Work

FULL = {
    "rounds": 5, "blob": 256, "layer": 20, "requests": 8_000, "tags": 10_000, "referrers": 1_000,
    "repositories": 2_000, "blobs": 10_000, "pages": 300, "changes": 50, "traffic": 20, "starts": 5,
    "tokens": 8_000, "storm": 10,
}
QUICK = {
    "rounds": 1, "blob": 64, "layer": 20, "requests": 2_000, "tags": 1_000, "referrers": 200,
    "repositories": 200, "blobs": 1_000, "pages": 100, "changes": 20, "traffic": 2, "starts": 2,
    "tokens": 1_000, "storm": 3,
}


def both(servers, number):
    """The servers, in another order each time."""
    return servers if number % 2 == 0 else servers[::-1]


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


def measure(work, servers, sizes, program):
    for server in servers:
        server.start()
        server.stop()
    say("starting with nothing stored")
    starts(work, servers, sizes, is_filled=False)
    for number in range(sizes["rounds"]):
        say(f"round {number + 1} of {sizes['rounds']}")
        one_round(work, both(servers, number))
    for number in range(min(3, sizes["rounds"])):
        say(f"tokens, round {number + 1}")
        tokens(work, program)
        storm(work, program)
    say("filling large repositories")
    for server in servers:
        work.grow(server)
    say("working in large repositories")
    for number in range(min(3, sizes["rounds"])):
        for server in both(servers, number):
            work.pages(server)
        for server in both(servers, number):
            work.crowded(server)
    say("starting with all that stored")
    starts(work, servers, sizes, is_filled=True)
    say(f"{sizes['traffic']} GB of traffic")
    for server in servers:
        work.traffic(server)


def one_round(work, servers):
    for connections in [1, 8]:
        for in_patch in [False, True]:
            for server in servers:
                work.push(server, in_patch, connections)
    for connections, repeats in [(1, 4), (8, 2)]:
        for server in servers:
            work.pull(server, connections, repeats)
    for server in servers:
        work.small_requests(server)
    for server in servers:
        work.ten_layers(server)


def starts(work, servers, sizes, is_filled):
    for number in range(sizes["starts"]):
        for server in both(servers, number):
            work.start(server, is_filled)
    for server in servers:
        work.idle_memory(server, is_filled)


def machine():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "?")
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / (1 << 20)
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, "
        f"{platform.freedesktop_os_release()['PRETTY_NAME']}"
    )


def version(command):
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    number = re.search(r"v?(\d+\.\d+\S*)", found)
    return number[1] if number else found.strip()


def page(table, sizes, program, load, minutes):
    """What is shown, and written into the page of figures."""
    when = datetime.datetime.now(datetime.timezone.utc)
    return "\n".join([
        f"{when:%Y-%m-%d %H:%M} UTC; {machine()}; load before the run {load:.1f}; {sizes['rounds']} rounds, "
        f"medians; {minutes:.0f} minutes.",
        f"Homeport {version([program, '--version'])}, docker-registry {version(['docker-registry', '--version'])}.",
        "",
        table.markdown(),
        "",
        table.shortfalls(),
    ])


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", default="bin/homeport", help="the homeport to measure")
    options.add_argument("--quick", action="store_true", help="one round of less, in two minutes")
    options.add_argument("--write", metavar="PAGE", help="write the table into this page, between its marks")
    options.add_argument("--rounds", type=int, help="how often everything is done")
    chosen = options.parse_args()
    sizes = dict(QUICK if chosen.quick else FULL)
    if chosen.rounds:
        sizes["rounds"] = chosen.rounds
    program = os.path.abspath(chosen.program)
    load, begin = os.getloadavg()[0], time.monotonic()
    table, servers = Table(), [Homeport(program), DockerRegistry()]
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            measure(Work(table, sizes, folder), servers, sizes, program)
    finally:
        for server in servers:
            server.remove()
    text = page(table, sizes, program, load, (time.monotonic() - begin) / 60)
    print("\n" + text)
    if chosen.write:
        write_into(chosen.write, text)


if __name__ == "__main__":
    main()
