#!/usr/bin/env python3
"""Kills a server again and again while clients push, then looks for everything they were told.

    kill_pushes.py PROGRAM FOLDER KILLS

What a client was told is noted here, outside of the server. Afterwards every acknowledged blob and manifest is asked
for over HTTP and hashed, every file is hashed, every tag is followed to its last layer, and rows and files are compared
by check_data_folder.py. Prints what it did; ends with 1 and a line for each thing that is wrong.
"""

import os
import random
import subprocess
import sys
import time

from push_workers import REPOSITORIES, Inspection, Port, acknowledged_lines, counts_of, crew
from registry_client import Server, token

HERE = os.path.dirname(os.path.abspath(__file__))


def some_work(workers, chance):
    """Returns in the middle of it: after some acknowledgements and a moment more, at the latest after a second."""
    wanted = sum(worker.told for worker in workers) + chance.randint(0, 40)
    end = time.monotonic() + 1
    while sum(worker.told for worker in workers) < wanted and time.monotonic() < end:
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.02))


def spread(numbers):
    numbers = sorted(numbers)
    at = lambda share: numbers[min(len(numbers) - 1, int(share * len(numbers)))]
    return (f"least {numbers[0] * 1000:.0f}, median {at(0.5) * 1000:.0f}, 95 % under {at(0.95) * 1000:.0f}, "
            f"most {numbers[-1] * 1000:.0f} ms")


def main():
    program, folder, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
    data = os.path.join(folder, "data")
    chance = random.Random(7)
    server = Server(program, data, os.path.join(folder, "log"))
    server.start()
    place = Port()
    authorization = token(server.port, REPOSITORIES)
    workers = crew(place, authorization)
    for worker in workers:
        worker.start()
    place.set(server.port)

    starts, early = [], 0
    begin = time.monotonic()
    for _ in range(kills):
        some_work(workers, chance)
        server.kill()
        if chance.random() < 0.1:
            # In the middle of its start, perhaps while it looks through the log of the database.
            server.spawn()
            time.sleep(chance.uniform(0, 0.1))
            server.kill()
            early += 1
        starts.append(server.start())
        place.set(server.port)
    took = time.monotonic() - begin
    time.sleep(0.2)
    server.kill()
    place.end()
    for worker in workers:
        worker.join(timeout=60)
    starts.append(server.start())

    problems = [problem for worker in workers for problem in worker.problems]
    inspection = Inspection(server.port, authorization)
    for worker in workers:
        inspection.inspect(worker)
    problems += inspection.problems
    server.stop()

    lines = os.path.join(folder, "acknowledged")
    with open(lines, "w") as file:
        file.writelines(line + "\n" for line in acknowledged_lines(workers))
    checked = subprocess.run(
        [sys.executable, os.path.join(HERE, "check_data_folder.py"), data, "--whole", "--acknowledged", lines],
        capture_output=True, text=True)
    if checked.returncode != 0:
        problems += [f"check_data_folder.py: {line}" for line in (checked.stdout + checked.stderr).splitlines()[:40]]
    verified = subprocess.run([program, "verify", "--data", data], capture_output=True, text=True)
    if verified.returncode != 0:
        problems.append(f"homeport verify: {verified.stdout}{verified.stderr}")

    counts = counts_of(workers)
    print(f"killed {kills + early + 1} times in {took:.0f} s, {early} of them while starting")
    print(f"starts: {spread([took for took, _ in starts])}; at work: {spread([work for _, work in starts])}")
    print("done: " + ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items())))
    print("found again: " + ", ".join(f"{count} {kind}" for kind, count in inspection.counts.items()))
    # What a start does itself takes a fraction of a second, and nearly all are over within one, whatever else the
    # processor has to do; a few may have been kept from it by others.
    most = sorted(took for took, _ in starts)[len(starts) * 95 // 100]
    slow = [(took, work) for took, work in starts if work >= 0.5 or most >= 1 and took >= 1]
    if slow:
        problems.append(f"starts that took too long, and how long they were at work: {slow}")
    if counts.get("lost", 0) < kills // 2 or counts["resumed"] == 0 or inspection.counts["blobs"] < kills:
        problems.append("too little went on while it was killed for this to show anything")
    for problem in problems[:100]:
        print(f"WRONG {problem}")
    sys.exit(1 if problems else 0)


main()
