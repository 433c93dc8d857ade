"""Clients that push all the time and note what they were told, and somebody who asks for it again afterwards."""

import json
import random
import threading

from registry_client import (
    IMAGE, INDEX, Client, Lost, digest_of, image_manifest, index_manifest, random_bytes)

WORKERS = 6


class Port:
    """Where the server that lives now listens."""

    def __init__(self):
        self.changed = threading.Condition()
        self.port = None
        self.generation = 0
        self.is_over = False

    def set(self, port):
        with self.changed:
            self.port = port
            self.generation += 1
            self.changed.notify_all()

    def after(self, generation):
        """The port of a server younger than `generation`; None when there will be none."""
        with self.changed:
            self.changed.wait_for(lambda: self.is_over or self.generation > generation)
            return None if self.is_over else (self.port, self.generation)

    def end(self):
        with self.changed:
            self.is_over = True
            self.changed.notify_all()


class Worker(threading.Thread):
    """Pushes to a repository of its own and knows what it may rely on.

    blobs and manifests: True when acknowledged, None when nobody can say (the answer was lost). tags: the digests, or
    None for no tag, that each may have.
    """

    def __init__(self, number, place, authorization):
        super().__init__(daemon=True)
        self.number = number
        self.repository = f"kill/w{number}"
        self.random = random.Random(1000 + number)
        self.place = place
        self.client = Client(authorization)
        self.at = None
        self.generation = 0
        self.blobs = {}       # digest: (state, seed, size)
        self.loose = []       # acknowledged and in no manifest
        self.manifests = {}   # digest: (state, bytes)
        self.tags = {}
        self.mounted = {}     # digest: state, of blobs of the first worker
        self.donor = None
        self.counts = {"lost": 0, "resumed": 0}
        self.told = 0         # how many requests were answered
        self.problems = []

    def run(self):
        while True:
            found = self.place.after(self.generation)
            if found is None:
                return
            self.at, self.generation = found
            try:
                while True:
                    self.step()
            except Lost:
                self.counts["lost"] += 1
            except Exception as error:
                self.problems.append(f"{self.repository}: {error!r}")
                return

    def step(self):
        kinds = [self.one_request, self.post_and_put, self.patch_and_put, self.chunks, self.image, self.image,
                 self.mount, self.remove_tag, self.remove_manifest, self.remove_blob]
        kind = self.random.choice(kinds)
        before = self.told
        kind()
        self.counts[kind.__name__] = self.counts.get(kind.__name__, 0) + (self.told > before)

    def ask(self, method, path, body=b"", headers=None, wanted=(200,)):
        status, fields, data = self.client.ask(self.at, method, path, body, headers)
        if status not in wanted:
            raise AssertionError(f"{method} {path}: {status} {data[:300]!r}")
        self.told += 1
        return status, fields, data

    # Blobs

    def new_blob(self):
        seed = self.random.getrandbits(40)
        size = self.random.choice([20, 700, 5000, 70_000, 300_000])
        data = random_bytes(seed, size)
        digest = digest_of(data)
        if self.blobs.get(digest, (None,))[0] is not True:
            self.blobs[digest] = (None, seed, size)
        return data, digest

    def acknowledged(self, digest):
        _, seed, size = self.blobs[digest]
        self.blobs[digest] = (True, seed, size)
        self.loose.append(digest)

    @property
    def uploads(self):
        return f"/v2/{self.repository}/blobs/uploads/"

    def one_request(self):
        data, digest = self.new_blob()
        self.ask("POST", f"{self.uploads}?digest={digest}", data, wanted=(201,))
        self.acknowledged(digest)

    def post_and_put(self):
        data, digest = self.new_blob()
        _, fields, _ = self.ask("POST", self.uploads, wanted=(202,))
        self.ask("PUT", f"{fields['location']}?digest={digest}", data, wanted=(201,))
        self.acknowledged(digest)
        return data

    def patch_and_put(self):
        data, digest = self.new_blob()
        _, fields, _ = self.ask("POST", self.uploads, wanted=(202,))
        _, fields, _ = self.ask("PATCH", fields["location"], data, wanted=(202,))
        self.ask("PUT", f"{fields['location']}?digest={digest}", wanted=(201,))
        self.acknowledged(digest)
        return data

    def chunks(self):
        """Goes on with the same upload at the next server when this one is killed."""
        data, digest = self.new_blob()
        _, fields, _ = self.ask("POST", self.uploads, wanted=(202,))
        location, told = fields["location"], 0
        while told < len(data):
            end = min(len(data), told + self.random.randint(1, 120_000))
            try:
                self.ask("PATCH", location, data[told:end], {"Content-Range": f"{told}-{end - 1}"}, wanted=(202,))
                told = end
            except Lost:
                told = self.resume(location, told, end)
        self.ask("PUT", f"{location}?digest={digest}", wanted=(201,))
        self.acknowledged(digest)

    def move_on(self):
        """Waits for the next server."""
        found = self.place.after(self.generation)
        if found is None:
            raise Lost("over")
        self.at, self.generation = found

    def until_done(self, work):
        """Does something again at the next server when this one is killed, as a patient client would."""
        while True:
            try:
                return work()
            except Lost:
                self.counts["lost"] += 1
                self.move_on()

    def resume(self, location, told, sent):
        self.move_on()
        _, fields, _ = self.ask("GET", location, wanted=(204,))
        size = int(fields["range"].split("-")[1]) + 1 if fields["range"] != "0-0" else 0
        # `0-0` is what is said of nothing and of one byte alike.
        if not (told <= size <= sent or size == 0 and told <= 1):
            raise AssertionError(f"an upload has {size} bytes; {told} were acknowledged and {sent} sent")
        self.counts["resumed"] += 1
        return max(size, told)

    def mount(self):
        candidates = [digest for digest, known in list(self.donor.blobs.items()) if known[0]] if self.donor else []
        if not candidates:
            return
        digest = self.random.choice(candidates)
        self.mounted.setdefault(digest, None)
        query = f"?mount={digest}&from={self.donor.repository}"
        status, fields, _ = self.ask("POST", self.uploads + query, wanted=(201, 202))
        if status == 201:
            self.mounted[digest] = True
        else:
            self.ask("DELETE", fields["location"], wanted=(204,))

    def remove_blob(self):
        # The first worker's blobs are mounted by others, and stay.
        if len(self.loose) < 5 or self.number == 0:
            return
        digest = self.loose.pop(self.random.randrange(len(self.loose)))
        if digest in self.loose or digest in self.mounted:
            return
        state = self.blobs.pop(digest)
        self.blobs[digest] = (None, *state[1:])
        self.ask("DELETE", f"/v2/{self.repository}/blobs/{digest}", wanted=(202,))
        self.blobs[digest] = (False, *state[1:])

    # Manifests

    def push_manifest(self, data, media_type, tag):
        digest = digest_of(data)
        self.manifests.setdefault(digest, (None, data))
        before = self.tags.get(tag, {None})
        self.tags[tag] = before | {digest}
        self.ask("PUT", f"/v2/{self.repository}/manifests/{tag}", data, {"Content-Type": media_type}, wanted=(201,))
        self.manifests[digest] = (True, data)
        self.tags[tag] = {digest}

    def image(self):
        parts = [self.until_done(self.post_and_put) for _ in range(self.random.randint(2, 4))]
        for part in parts:
            if digest_of(part) in self.loose:
                self.loose = [digest for digest in self.loose if digest != digest_of(part)]
        manifest = image_manifest(parts[0], parts[1:], f"{self.random.getrandbits(60)}")
        tag = f"v{self.random.randrange(12)}"
        if self.random.random() < 0.5:
            return self.push_manifest(manifest, IMAGE, tag)
        self.until_done(lambda: self.push_manifest(manifest, IMAGE, tag))
        index = index_manifest([manifest], f"{self.random.getrandbits(60)}")
        self.push_manifest(index, INDEX, f"all{self.random.randrange(4)}")

    def remove_tag(self):
        certain = [tag for tag, known in self.tags.items() if len(known) == 1 and None not in known]
        if not certain:
            return
        tag = self.random.choice(certain)
        self.tags[tag] = self.tags[tag] | {None}
        self.ask("DELETE", f"/v2/{self.repository}/manifests/{tag}", wanted=(202,))
        self.tags[tag] = {None}

    def remove_manifest(self):
        # Images stay, since indexes need them; those go that list others.
        certain = [digest for digest, (state, data) in self.manifests.items() if state and INDEX.encode() in data]
        if len(certain) < 3:
            return
        digest = self.random.choice(certain)
        data = self.manifests[digest][1]
        self.manifests[digest] = (None, data)
        for tag, known in self.tags.items():
            if digest in known:
                self.tags[tag] = known | {None}
        self.ask("DELETE", f"/v2/{self.repository}/manifests/{digest}", wanted=(202,))
        self.manifests[digest] = (False, data)
        for tag, known in self.tags.items():
            if digest in known:
                self.tags[tag] = known - {digest} | {None}


class Inspection:
    """Everything that was acknowledged, asked for again."""

    def __init__(self, port, authorization):
        self.port = port
        self.client = Client(authorization)
        self.problems = []
        self.counts = {"blobs": 0, "manifests": 0, "tags": 0}

    def get(self, path):
        return self.client.ask(self.port, "GET", path)

    def wrong(self, text):
        self.problems.append(text)

    def inspect(self, worker):
        name = worker.repository
        known = {digest: (state, digest) for digest, (state, _, _) in worker.blobs.items()}
        known.update({digest: (state, digest) for digest, state in worker.mounted.items()})
        for digest, (state, _) in known.items():
            self.blob(name, digest, state)
        for digest, (state, data) in worker.manifests.items():
            self.manifest(name, digest, state, data)
        self.follow_tags(name, worker)

    def blob(self, name, digest, state):
        status, _, data = self.get(f"/v2/{name}/blobs/{digest}")
        if status == 200 and digest_of(data) != digest:
            self.wrong(f"{name}: blob {digest} is served with other bytes")
        if state is True and status != 200:
            self.wrong(f"{name}: acknowledged blob {digest}: {status}")
        if state is False and status != 404:
            self.wrong(f"{name}: deleted blob {digest}: {status}")
        self.counts["blobs"] += state is True and status == 200

    def manifest(self, name, digest, state, expected):
        status, _, data = self.get(f"/v2/{name}/manifests/{digest}")
        if status == 200 and data != expected:
            self.wrong(f"{name}: manifest {digest} is served with other bytes")
        if state is True and status != 200:
            self.wrong(f"{name}: acknowledged manifest {digest}: {status}")
        if state is False and status != 404:
            self.wrong(f"{name}: deleted manifest {digest}: {status}")
        if status == 200:
            self.complete(name, digest, data)
        self.counts["manifests"] += state is True and status == 200

    def complete(self, name, digest, data):
        """What a visible manifest refers to is there to its last byte."""
        document = json.loads(data)
        for part in [document.get("config"), *document.get("layers", [])]:
            if part:
                status, fields, _ = self.client.ask(self.port, "HEAD", f"/v2/{name}/blobs/{part['digest']}")
                if status != 200 or int(fields["content-length"]) != part["size"]:
                    self.wrong(f"{name}: {digest} is visible without its blob {part['digest']}: {status}")
        for part in document.get("manifests", []):
            status, _, _ = self.get(f"/v2/{name}/manifests/{part['digest']}")
            if status != 200:
                self.wrong(f"{name}: index {digest} is visible without {part['digest']}: {status}")

    def follow_tags(self, name, worker):
        _, _, data = self.get(f"/v2/{name}/tags/list")
        listed = set(json.loads(data).get("tags") or [])
        for tag in listed - set(worker.tags):
            self.wrong(f"{name}: tag {tag} was never pushed")
        for tag, allowed in worker.tags.items():
            status, fields, data = self.get(f"/v2/{name}/manifests/{tag}")
            found = digest_of(data) if status == 200 else None
            if found not in allowed:
                self.wrong(f"{name}: tag {tag} leads to {found}, and may lead to {allowed}")
            if (found is not None) != (tag in listed):
                self.wrong(f"{name}: tag {tag} is listed and answered {status}")
            self.counts["tags"] += len(allowed) == 1 and found in allowed


def crew(place, authorization):
    """The workers, not yet at work; all but the first mount blobs of the first."""
    workers = [Worker(number, place, authorization) for number in range(WORKERS)]
    for worker in workers[1:]:
        worker.donor = workers[0]
    return workers


REPOSITORIES = [f"kill/w{number}" for number in range(WORKERS)]


def counts_of(workers):
    counts = {}
    for worker in workers:
        for kind, count in worker.counts.items():
            counts[kind] = counts.get(kind, 0) + count
    return counts


def acknowledged_lines(workers):
    for worker in workers:
        yield json.dumps({
            "repository": worker.repository,
            "blobs": [digest for digest, known in worker.blobs.items() if known[0] is True],
            "manifests": [digest for digest, known in worker.manifests.items() if known[0] is True],
            "tags": {tag: next(iter(known)) for tag, known in worker.tags.items() if len(known) == 1 and None not in known},
            "gone": {
                "tags": [tag for tag, known in worker.tags.items() if known == {None}],
                "manifests": [digest for digest, known in worker.manifests.items() if known[0] is False],
            },
        })
