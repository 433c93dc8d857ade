#!/usr/bin/env python3
"""Cuts the power of a server while clients push, as far as a program can: it is killed, and its folder is put
together anew from nothing but what was synced (power_cut.c), with the names that folders had when they were last
synced. Then everything that was acknowledged is asked for.

    power_cut.py PROGRAM FOLDER ROUNDS [files|folders|rows]

With a further word the disk lies about having synced those, and the end must be that something is lost.
"""

import os
import random
import shutil
import subprocess
import sys
import time

from push_workers import REPOSITORIES, Inspection, Port, acknowledged_lines, counts_of, crew
from registry_client import Server, token

HERE = os.path.dirname(os.path.abspath(__file__))


def build(folder):
    library = os.path.join(folder, "power_cut.so")
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", library, os.path.join(HERE, "power_cut.c"), "-ldl",
         "-lpthread"], check=True)
    return library


def put_together(disk, source, target):
    """What a disk has after the cut."""
    os.makedirs(target, mode=0o700, exist_ok=True)
    try:
        with open(os.path.join(disk, "folders", source.replace("/", "%"))) as names:
            lines = names.read().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        inode, kind, name = line.split(" ", 2)
        if kind == "d":
            put_together(disk, f"{source}/{name}", f"{target}/{name}")
            continue
        try:
            shutil.copyfile(os.path.join(disk, "inodes", inode), f"{target}/{name}")
        except FileNotFoundError:
            open(f"{target}/{name}", "wb").close()
        os.chmod(f"{target}/{name}", 0o600)


def cut(program, library, folder, lies, answers):
    """One server's life and death; the problems found afterwards, and how much was acknowledged."""
    data, disk = os.path.join(folder, "data"), os.path.join(folder, "disk")
    for name in ("inodes", "folders"):
        os.makedirs(os.path.join(disk, name))
    watched = {"LD_PRELOAD": library, "POWER_CUT_DATA": data, "POWER_CUT_DISK": disk, "POWER_CUT_LIES": lies}
    server = Server(program, data, os.path.join(folder, "log"), environment=watched)
    server.start()
    place = Port()
    authorization = token(server.port, REPOSITORIES)
    workers = crew(place, authorization)
    for worker in workers:
        worker.start()
    place.set(server.port)
    end = time.monotonic() + 30
    while sum(worker.told for worker in workers) < answers and time.monotonic() < end:
        time.sleep(0.002)
    server.kill()
    place.end()
    for worker in workers:
        worker.join(timeout=60)

    rest = os.path.join(folder, "rest")
    put_together(disk, data, rest)
    problems = [problem for worker in workers for problem in worker.problems]
    after = Server(program, rest, os.path.join(folder, "log-after"))
    try:
        after.start()
    except SystemExit as error:
        return problems + [str(error)], counts_of(workers)
    inspection = Inspection(after.port, authorization)
    for worker in workers:
        inspection.inspect(worker)
    after.stop()
    lines = os.path.join(folder, "acknowledged")
    with open(lines, "w") as file:
        file.writelines(line + "\n" for line in acknowledged_lines(workers))
    checked = subprocess.run(
        [sys.executable, os.path.join(HERE, "check_data_folder.py"), rest, "--whole", "--acknowledged", lines],
        capture_output=True, text=True)
    if checked.returncode != 0:
        problems += [f"check_data_folder.py: {line}" for line in (checked.stdout + checked.stderr).splitlines()[:20]]
    return problems + inspection.problems, {**counts_of(workers), **inspection.counts}


def main():
    program, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    lies = sys.argv[4] if len(sys.argv) > 4 else ""
    library = build(folder)
    chance = random.Random(11)
    problems, found = [], {"blobs": 0, "manifests": 0}
    for number in range(rounds):
        place = os.path.join(folder, f"round-{number}")
        os.makedirs(place)
        wrong, counts = cut(program, library, place, lies, chance.randint(150, 400))
        problems += [f"round {number}: {problem}" for problem in wrong]
        for kind in found:
            found[kind] += counts.get(kind, 0)
        shutil.rmtree(place)
    print(f"the power was cut {rounds} times{f' by a disk that lies about {lies}' if lies else ''}; "
          f"found again: {found['blobs']} blobs, {found['manifests']} manifests")
    for problem in problems[:50]:
        print(f"WRONG {problem}")
    if not lies and found["blobs"] < 10 * rounds:
        sys.exit("too little was pushed for this to show anything")
    sys.exit(1 if problems else 0)


main()
