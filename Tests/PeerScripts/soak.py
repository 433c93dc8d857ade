#!/usr/bin/env python3
"""Pushes, pulls, deletes, restores, collects and verifies at random for some minutes, while the server is killed again
and again, and then asks a program that shares no line with it whether anything that was acknowledged is lost.

    soak.py --program bin/homeport --minutes 30 [--seed N] [--workers 4] [--rate 12] [--grace 60]

Everything that is drawn comes from the seed, so a run is repeated by it as far as time itself repeats. Prints what it
did as JSON on the last line; ends with 1, and leaves the data, when a promise was broken.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PASSWORD = "soak-password"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
START_MAX = 5.0


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Lost(Exception):
    """The server broke a promise."""


class Unanswered(Exception):
    """No answer came: what was asked may have been done or not."""


class Collected(Exception):
    """What a push was told of was collected before its manifest came, so that it has to be repeated."""


class Server:
    """The program under test, on one folder, killed and started as often as one likes."""

    def __init__(self, program, folder, settings):
        self.program = program
        self.data = os.path.join(folder, "data")
        self.config = os.path.join(folder, "homeport.yaml")
        self.log = open(os.path.join(folder, "log"), "ab")
        with open(self.config, "w") as file:
            file.write(settings)
        self.lock = threading.Lock()
        self.process = None
        self.port = None
        self.starts = []
        self.memory = 0

    @property
    def environment(self):
        return {**os.environ, "HOMEPORT_ADMIN_PASSWORD": PASSWORD}

    def start(self):
        begin = time.monotonic()
        process = subprocess.Popen(
            [self.program, "serve", "--config", self.config, "--data", self.data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=self.environment)
        for line in process.stdout:
            if line.startswith("listening on "):
                port = int(line.split()[2].rstrip("/").rsplit(":", 1)[1])
                break
        else:
            raise Lost(f"the server did not start again; its log is {self.log.name}")
        # Nobody reads on; the program writes little, and to a pipe that holds it.
        self.starts.append(time.monotonic() - begin)
        with self.lock:
            self.process, self.port = process, port

    def note_memory(self):
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                found = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
                self.memory = max(self.memory, found // 1024)
        except (OSError, StopIteration):
            pass

    def end(self, number):
        self.note_memory()
        with self.lock:
            self.port = None
        self.process.send_signal(number)
        status = self.process.wait(timeout=120)
        self.process.stdout.close()
        if number == signal.SIGTERM and status != 0:
            raise Lost(f"told to stop, the server ended with {status}")

    def run(self, *arguments):
        """Another command of the program on the same data."""
        return subprocess.run(
            [self.program, *arguments, "--config", self.config, "--data", self.data],
            capture_output=True, text=True, env=self.environment, timeout=300)

    def has(self, *command):
        help = subprocess.run([self.program, *command, "--help"], capture_output=True, text=True).stdout
        return f"USAGE: homeport {' '.join(command)} " in help


class Client:
    """Speaks HTTP. A connection that breaks is `Unanswered`."""

    basic = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()

    def __init__(self, server):
        self.server = server

    def ask(self, method, path, body=None, **headers):
        with self.server.lock:
            port = self.server.port
        if port is None:
            raise Unanswered("the server is away")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Authorization": self.basic, **headers})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(str(error)) from error
        finally:
            connection.close()
        if answer.status in (502, 503, 504):
            raise Unanswered(f"{answer.status}")
        if answer.status >= 500:
            raise Lost(f"{method} {path} was answered with {answer.status}: {data[:300]}")
        return answer.status, answer.headers, data


class Worker(threading.Thread):
    """One client with a repository of its own, which remembers what it was told.

    `tags` holds for each tag the digests it may point to: one, where the last answer came, more where a
    question was cut off; None stands for a tag that is not there.
    """

    def __init__(self, number, server, seed, deadline, interval, shared):
        super().__init__(name=f"worker {number}", daemon=True)
        self.random = random.Random(f"{seed} {number}")
        self.name_of_repository = f"soak/worker-{number}"
        self.client = Client(server)
        self.server = server
        self.deadline = deadline
        self.interval = interval
        self.shared = shared
        self.tags = {}
        self.images = {}
        self.counts = {}
        self.failure = None
        self.begun = 0
        self.brought = set()

    def run(self):
        steps = [(self.push, 10), (self.pull, 12), (self.push_index, 2), (self.remove_tag, 3),
                 (self.remove_manifest, 2), (self.break_off, 2), (self.restore, 2), (self.list_tags, 2)]
        functions, weights = zip(*steps)
        while time.monotonic() < self.deadline and self.failure is None:
            step = self.random.choices(functions, weights)[0]
            begin = time.monotonic()
            try:
                step()
                self.count(step.__name__)
            except Unanswered:
                self.count("unanswered")
                time.sleep(0.05)
            except Collected:
                self.count("collected")
            except Exception as error:  # whatever it is, the run has failed
                self.failure = f"{self.name_of_repository}: {step.__name__}: {type(error).__name__}: {error}"
                return
            time.sleep(max(0, self.interval * self.random.uniform(0.5, 1.5) - (time.monotonic() - begin)))

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def path(self, *parts):
        return "/v2/" + "/".join((self.name_of_repository,) + parts)

    # Pushing

    def blob(self):
        """Mostly what others push too, so that pushes and collections of the same bytes meet."""
        if self.random.random() < 0.6:
            return self.shared[self.random.randrange(len(self.shared))]
        return self.random.randbytes(self.random.choice([0, 1, 700, 30_000, 400_000]))

    def push_blob(self, data):
        digest = sha256(data)
        status, _, _ = self.client.ask("HEAD", self.path("blobs", digest))
        if status == 200:
            return digest
        way = self.random.randrange(3)
        if way == 0:
            other = f"soak/worker-{self.random.randrange(4)}"
            status, headers, _ = self.client.ask(
                "POST", self.path("blobs", "uploads", "") + f"?mount={digest}&from={other}", b"")
            if status == 201:
                self.count("mounted")
                self.brought.add(digest)
                return digest
        else:
            status, headers, _ = self.client.ask("POST", self.path("blobs", "uploads", ""), b"")
        self.expect(status, 202, "beginning an upload")
        location = headers["Location"]
        if way == 2:
            middle = self.random.randint(0, len(data))
            status, headers, _ = self.client.ask("PATCH", location, data[:middle])
            self.expect(status, 202, "sending a piece")
            location, data = headers["Location"], data[middle:]
        join = "&" if "?" in location else "?"
        status, _, body = self.client.ask("PUT", f"{location}{join}digest={digest}", data)
        self.expect(status, 201, f"ending an upload: {body[:200]}")
        self.brought.add(digest)
        return digest

    def expect(self, status, wanted, what):
        if status != wanted:
            raise Lost(f"{what}: {status} and not {wanted}")

    def descriptor(self, kind, data):
        return {"mediaType": kind, "digest": sha256(data), "size": len(data)}

    def make_image(self):
        layers = [self.blob() for _ in range(self.random.randint(1, 3))]
        config = json.dumps({"n": self.random.getrandbits(60)}).encode()
        for data in layers + [config]:
            self.push_blob(data)
        return json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": self.descriptor(CONFIG, config),
            "layers": [self.descriptor(LAYER, data) for data in layers]}).encode()

    def put_manifest(self, data, kind, reference):
        self.images[sha256(data)] = (data, kind)
        status, _, body = self.client.ask("PUT", self.path("manifests", reference), data, Content_Type=kind)
        if status == 404 and b"BLOB_UNKNOWN" in body:
            # What this push has brought itself is kept for the grace time of the collection. What it only asked
            # for is kept by the server's own grace time, which the collections here fall short of.
            taken = time.monotonic() - self.begun
            lost = [digest for digest in self.brought if digest.encode() in body]
            if lost and taken < self.server.grace:
                raise Lost(f"{taken} s into a push what it had brought was collected: {lost}")
            raise Collected
        self.expect(status, 201, f"pushing a manifest: {body[:300]}")

    def put_tag(self, data, kind, tag):
        """Puts a manifest under a tag, and keeps in mind where the tag may be when no answer comes."""
        before = self.tags.get(tag, {None})
        self.tags[tag] = before | {sha256(data)}
        try:
            self.put_manifest(data, kind, tag)
        except Collected:
            self.tags[tag] = before
            raise
        self.tags[tag] = {sha256(data)}

    def begin(self):
        self.begun = time.monotonic()
        self.brought = set()

    def push(self):
        self.begin()
        self.put_tag(self.make_image(), MANIFEST, f"v{self.random.randrange(12)}")

    def push_index(self):
        self.begin()
        children = []
        for _ in range(2):
            data = self.make_image()
            self.put_manifest(data, MANIFEST, sha256(data))
            children.append(self.descriptor(MANIFEST, data))
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
        self.put_tag(index, INDEX, f"all{self.random.randrange(3)}")

    def break_off(self):
        """Begins an upload and does not end it."""
        _, headers, _ = self.client.ask("POST", self.path("blobs", "uploads", ""), b"")
        self.client.ask("PATCH", headers["Location"], self.random.randbytes(5000))

    # Looking

    def settle(self, tag):
        """Asks where a tag is now, which has to be where it can be."""
        status, headers, data = self.client.ask("GET", self.path("manifests", tag), Accept=f"{MANIFEST}, {INDEX}")
        found = None if status == 404 else sha256(data)
        if status not in (200, 404):
            raise Lost(f"tag {tag}: {status}")
        if found not in self.tags[tag]:
            raise Lost(f"tag {tag} is at {found}, and can only be at {self.tags[tag]}")
        self.tags[tag] = {found}
        return found

    def pull(self):
        known = sorted(self.tags)
        if not known:
            return
        digest = self.settle(self.random.choice(known))
        if digest:
            self.pull_whole(digest)

    def pull_whole(self, digest):
        status, headers, data = self.client.ask(
            "GET", self.path("manifests", digest), Accept=f"{MANIFEST}, {INDEX}")
        self.expect(status, 200, f"pulling {digest}")
        if sha256(data) != digest or data != self.images[digest][0]:
            raise Lost(f"{digest} was answered with other bytes")
        document = json.loads(data)
        for child in document.get("manifests", []):
            self.pull_whole(child["digest"])
        for blob in [document["config"]] + document["layers"] if "config" in document else []:
            status, _, data = self.client.ask("GET", self.path("blobs", blob["digest"]))
            self.expect(status, 200, f"pulling blob {blob['digest']}")
            if sha256(data) != blob["digest"]:
                raise Lost(f"blob {blob['digest']} was answered with other bytes")

    def list_tags(self):
        status, _, data = self.client.ask("GET", self.path("tags", "list"))
        listed = set(json.loads(data).get("tags") or []) if status == 200 else set()
        for tag, places in self.tags.items():
            if len(places) == 1 and (None not in places) != (tag in listed):
                raise Lost(f"tag {tag}, which is at {places}, is {'' if tag in listed else 'not '}listed")

    # Removing

    def remove_tag(self):
        tag = self.random.choice(sorted(self.tags) or [None])
        if tag is None:
            return
        self.tags[tag] = self.tags[tag] | {None}
        status, _, _ = self.client.ask("DELETE", self.path("manifests", tag))
        if status not in (202, 404):
            raise Lost(f"removing tag {tag}: {status}")
        self.tags[tag] = {None}

    def remove_manifest(self):
        """Removes a manifest that no list of platforms needs, and with it its tags."""
        tag = self.random.choice([tag for tag in sorted(self.tags) if tag.startswith("v")] or [None])
        digest = self.settle(tag) if tag else None
        if not digest:
            return
        touched = [tag for tag, places in self.tags.items() if digest in places]
        for tag in touched:
            self.tags[tag] = self.tags[tag] | {None}
        status, _, _ = self.client.ask("DELETE", self.path("manifests", digest))
        self.expect(status, 202, f"removing {digest}")
        for tag in touched:
            self.tags[tag] = self.tags[tag] - {digest}

    def restore(self):
        """Brings a removed tag back by the command line, if it is within its time."""
        gone = [tag for tag, places in sorted(self.tags.items()) if places == {None}]
        if not gone or not self.server.can_restore:
            return
        tag = self.random.choice(gone)
        known = set(self.images)
        self.tags[tag] = {None} | known
        outcome = self.server.run("repo", "restore", f"{self.name_of_repository}:{tag}")
        if outcome.returncode == 3 and "SQLITE_BUSY" in outcome.stderr:
            raise Unanswered("the command waited in vain")
        if outcome.returncode not in (0, 1):
            raise Lost(f"repo restore ended with {outcome.returncode}: {outcome.stderr}")
        if outcome.returncode == 1:
            self.tags[tag] = {None}
            return
        self.count("restored")
        digest = self.settle(tag)
        if digest is None:
            raise Lost(f"tag {tag} was restored and is not there")
        self.pull_whole(digest)

    def told(self):
        """What must be there, and what must not."""
        certain = {tag: next(iter(places)) for tag, places in self.tags.items() if len(places) == 1}
        here = {tag: digest for tag, digest in certain.items() if digest}
        manifests, blobs = set(), set()
        waiting = list(here.values())
        while waiting:
            digest = waiting.pop()
            manifests.add(digest)
            document = json.loads(self.images[digest][0])
            waiting += [child["digest"] for child in document.get("manifests", [])]
            if "config" in document:
                blobs |= {blob["digest"] for blob in [document["config"]] + document["layers"]}
        return {
            "repository": self.name_of_repository, "tags": here, "manifests": sorted(manifests),
            "blobs": sorted(blobs), "gone": {"tags": [tag for tag, digest in certain.items() if not digest]}}


class Soak:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.random = random.Random(f"{options.seed} kills")
        self.server = Server(options.program, folder, options.settings)
        self.server.grace = options.grace
        self.server.can_restore = self.server.has("repo", "restore")
        self.kills = self.stops = 0
        self.chores = {}
        self.problems = []

    def run(self):
        self.server.start()
        deadline = time.monotonic() + self.options.minutes * 60
        draw = random.Random(f"{self.options.seed} shared")
        shared = [draw.randbytes(draw.choice([900, 50_000, 900_000])) for _ in range(24)]
        interval = self.options.workers / self.options.rate
        workers = [Worker(number, self.server, self.options.seed, deadline, interval, shared)
                   for number in range(self.options.workers)]
        janitor = threading.Thread(target=self.keep_house, args=(deadline,), daemon=True)
        for thread in workers + [janitor]:
            thread.start()
        self.kill_until(deadline, workers)
        for thread in workers + [janitor]:
            thread.join(timeout=300)
        self.problems += [worker.failure for worker in workers if worker.failure]
        self.look_once_more(workers)
        self.server.end(signal.SIGTERM)
        self.check(workers)
        return self.report(workers)

    def kill_until(self, deadline, workers):
        while time.monotonic() < deadline and not any(worker.failure for worker in workers):
            pause = self.random.uniform(*self.options.between_kills)
            end = min(deadline, time.monotonic() + pause)
            while time.monotonic() < end and not any(worker.failure for worker in workers):
                time.sleep(0.05)
            if time.monotonic() >= deadline:
                return
            try:
                if self.random.random() < 0.8:
                    self.server.end(signal.SIGKILL)
                    self.kills += 1
                else:
                    self.server.end(signal.SIGTERM)
                    self.stops += 1
                self.server.start()
            except Lost as problem:
                self.problems.append(str(problem))
                return

    def keep_house(self, deadline):
        """Collects and verifies by the command line, beside the server or while it is down."""
        draw = random.Random(f"{self.options.seed} house")
        commands = [["gc", "--grace", f"{self.options.grace}s", "--yes"], ["verify"]]
        commands = [command for command in commands if self.server.has(command[0])]
        while commands and time.monotonic() < deadline:
            command = draw.choice(commands)
            outcome = self.server.run(*command)
            self.chores[command[0]] = self.chores.get(command[0], 0) + 1
            if outcome.returncode == 3 and "SQLITE_BUSY" in outcome.stderr:
                self.chores["waited in vain"] = self.chores.get("waited in vain", 0) + 1
            elif outcome.returncode != 0:
                self.problems.append(f"homeport {command[0]} ended with {outcome.returncode}: {outcome.stderr[-500:]}")
            time.sleep(draw.uniform(1, 8))

    def look_once_more(self, workers):
        """Everything that is certain is pulled again over HTTP."""
        for worker in workers:
            try:
                for tag in list(worker.tags):
                    digest = worker.settle(tag)
                    if digest:
                        worker.pull_whole(digest)
            except (Lost, Unanswered) as problem:
                self.problems.append(f"at the end: {worker.name_of_repository}: {problem}")

    def check(self, workers):
        told = os.path.join(self.folder, "acknowledged")
        with open(told, "w") as file:
            for worker in workers:
                file.write(json.dumps(worker.told()) + "\n")
        checker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_data_folder.py")
        outcome = subprocess.run(
            [sys.executable, checker, self.server.data, "--whole", "--acknowledged", told],
            capture_output=True, text=True)
        lines = outcome.stdout.splitlines()
        self.checked = json.loads(lines[-1]) if lines else {}
        self.problems += lines[:-1]
        if outcome.returncode not in (0, 1) or not lines:
            self.problems.append(f"the check itself failed: {outcome.stderr[-500:]}")

    def report(self, workers):
        counts = {}
        for worker in workers:
            for what, count in worker.counts.items():
                counts[what] = counts.get(what, 0) + count
        starts = sorted(self.server.starts)
        if starts[len(starts) // 2] > START_MAX:
            self.problems.append(f"half of the starts took more than {START_MAX} s")
        return {
            "seed": self.options.seed, "minutes": self.options.minutes, "kills": self.kills, "stops": self.stops,
            "steps": counts, "chores": self.chores, "memory_mib": self.server.memory,
            "start_seconds": {"median": round(starts[len(starts) // 2], 3), "most": round(starts[-1], 3)},
            "checked": self.checked, "problems": self.problems}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=12, help="steps a second, of all workers together")
    parser.add_argument("--grace", type=int, default=60, help="seconds for which a collection keeps things")
    parser.add_argument("--between-kills", type=float, nargs=2, default=(4, 25), metavar="SECONDS")
    parser.add_argument("--settings", default="", help="lines of the configuration")
    options = parser.parse_args()
    print(f"soak: seed {options.seed}, {options.minutes} minutes", flush=True)
    folder = tempfile.mkdtemp(prefix="soak-")
    soak = Soak(options, folder)
    try:
        report = soak.run()
    finally:
        if soak.server.process and soak.server.process.poll() is None:
            soak.server.process.kill()
            soak.server.process.wait()
    if report["problems"]:
        print(f"The data is left in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, sort_keys=True))
    sys.exit(1 if report["problems"] else 0)


if __name__ == "__main__":
    main()
