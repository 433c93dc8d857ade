#!/usr/bin/env python3
"""The front door: TLS beside nginx in front of Debian's docker-registry, ten thousand idle connections, and an honest
client while others attack.

Prints a Markdown table. CPU is the servers' own, user and system, of all processes that a layer passes.
"""

import argparse
import os
import subprocess
import tempfile
import time

import attack
import idle
from door_servers import NginxBefore, NginxFile, SecureHomeport, certificate
from load import MIB, fresh_file, in_threads, push_file, start_upload, with_query
from rows import Row
from side_by_side import both, page, say
from table import Table, write_into

FULL = {"rounds": 3, "blob": 256, "connections": 4, "repeats": 3, "idle": 10_000, "attack": 20}
QUICK = {"rounds": 1, "blob": 64, "connections": 4, "repeats": 2, "idle": 1_000, "attack": 5}
SCOPE = "repository:bench/door:pull,push"


def transfer(name):
    return (
        Row(f"{name}: speed", "MB/s", "more", factor=1.5),
        Row(f"{name}: CPU", "s/GB"),
    )


PULL = {version: transfer(f"pull over TLS, {version}") for version in ("HTTP/1.1", "HTTP/2")}
PULL_BESIDE = Row("pull over TLS, HTTP/1.1: CPU beside nginx with the same file", "×", limit=1.3, is_compared=False)
FILE = Row("the same file from nginx alone: CPU", "s/GB")
PUSH = {version: transfer(f"push over TLS, {version}") for version in ("HTTP/1.1", "HTTP/2")}
IDLE = Row("memory for an idle TLS connection", "KiB")
IDLE_ALL = Row("memory with {idle:,} of them", "MiB")
CALM = [Row(f"pull of a small blob over TLS: {what}", "ms") for what in ("median", "99 of 100")]
ATTACKED = [Row(f"the same under attack: {what}", "ms", limit=limit)
            for what, limit in (("median", 5), ("99 of 100", 50))]
REFUSED = Row("requests of attackers, at the same time", "1/s", "more", is_compared=False)
OPTION = {"HTTP/1.1": "--http1.1", "HTTP/2": "--http2"}


def curl(server, version, words):
    command = ["curl", "--silent", "--show-error", "--fail", "--cacert", server.authority, OPTION[version],
               "--header", "Expect:"]
    for name, value in server.headers(SCOPE).items():
        command += ["--header", f"{name}: {value}"]
    subprocess.run(command + words, check=True, stdout=subprocess.DEVNULL)


def timed(server, total, work):
    """Runs `work`; the MB/s and the CPU seconds for each GB."""
    cpu, begin = server.cpu(), time.monotonic()
    work()
    return total / 1e6 / (time.monotonic() - begin), (server.cpu() - cpu) / (total / 1e9)


class Door:
    def __init__(self, table, sizes, folder):
        self.table, self.sizes, self.folder = table, sizes, folder
        self.size = sizes["blob"] * MIB
        self.lanes = range(sizes["connections"])

    def pull(self, server, version, path):
        url = f"https://localhost:{server.tls_port}{path}"
        words = ["--output", "/dev/null", url] * self.sizes["repeats"]
        total = self.size * len(self.lanes) * self.sizes["repeats"]
        return timed(server, total, lambda: in_threads(self.lanes, lambda _: curl(server, version, words)))

    def push(self, server, version):
        files = [os.path.join(self.folder, f"push{lane}") for lane in self.lanes]
        blobs = [(path, fresh_file(path, self.size // 4)) for path in files]

        def send(blob):
            place = start_upload(server, "bench/door", server.headers(SCOPE))
            url = f"https://localhost:{server.tls_port}{with_query(place, f'digest={blob[1]}')}"
            curl(server, version, ["--upload-file", blob[0], url])

        return timed(server, self.size // 4 * len(blobs), lambda: in_threads(blobs, send))

    def round(self, servers, nginx, blob):
        for version in OPTION:
            for server in servers:
                figures = self.pull(server, version, f"/v2/bench/door/blobs/{blob}")
                for row, figure in zip(PULL[version], figures):
                    self.table.add(row, server, figure)
                if version == "HTTP/1.1" and server.name == "homeport":
                    _, alone = self.pull(nginx, version, "/pulled")
                    self.table.add(FILE, server, alone)
                    self.table.add(PULL_BESIDE, server, figures[1] / alone)
            for server in servers:
                for row, figure in zip(PUSH[version], self.push(server, version)):
                    self.table.add(row, server, figure)

    def idle(self, server):
        each, total = idle.hold(server, self.sizes["idle"])
        self.table.add(IDLE, server, each)
        self.table.add(Row(IDLE_ALL.name.format(**self.sizes), IDLE_ALL.unit), server, total)

    def attacked(self, server):
        calm, busy, rate = attack.measure(server, SCOPE, self.sizes["attack"])
        for rows, figures in ((CALM, calm), (ATTACKED, busy)):
            for row, figure in zip(rows, figures):
                self.table.add(row, server, figure)
        self.table.add(REFUSED, server, rate)


def measure(door, servers, nginx, blob_path, blob):
    for server in servers:
        server.start()
        push_file(server, "bench/door", blob_path, blob, server.headers(SCOPE))
    nginx.start()
    for number in range(door.sizes["rounds"]):
        say(f"transfers, round {number + 1} of {door.sizes['rounds']}")
        door.round(both(servers, number), nginx, blob)
    for number in range(door.sizes["rounds"]):
        say(f"under attack, round {number + 1}")
        for server in both(servers, number):
            door.attacked(server)
    for server in servers:
        say(f"idle connections to {server.name}")
        server.stop()
        server.start()
        door.idle(server)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", default="bin/homeport", help="the homeport to measure")
    options.add_argument("--quick", action="store_true", help="one round of less")
    options.add_argument("--write", metavar="PAGE", help="write the table into this page, between its marks")
    chosen = options.parse_args()
    sizes, program = QUICK if chosen.quick else FULL, os.path.abspath(chosen.program)
    load, begin, table = os.getloadavg()[0], time.monotonic(), Table()
    with tempfile.TemporaryDirectory(prefix="bench-door-") as folder:
        os.chmod(folder, 0o755)
        pair = certificate(folder)
        path = os.path.join(folder, "pulled")
        blob = fresh_file(path, sizes["blob"] * MIB)
        servers, nginx = [SecureHomeport(program, pair), NginxBefore(pair)], NginxFile(pair, folder)
        try:
            measure(Door(table, sizes, folder), servers, nginx, path, blob)
        finally:
            for server in [*servers, nginx]:
                server.remove()
    text = page(table, sizes, program, load, (time.monotonic() - begin) / 60)
    print("\n" + text)
    if chosen.write:
        write_into(chosen.write, text)


if __name__ == "__main__":
    main()
