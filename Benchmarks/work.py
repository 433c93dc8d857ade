"""The work that both servers do, one function for each kind, and the figures that come of it."""

import json
import os
import subprocess
import tempfile
import time

import rows
from load import (
    IMAGE, MIB, KeepAlive, digest, fresh_file, in_threads, manifest, many, measured, pull, push_bytes, push_file,
    put_manifest, requests_per_second,
)
from servers import Homeport

SCOPE = "repository:{}:pull,push,delete"


class Work:
    """Puts load on servers and notes the figures in a table."""

    def __init__(self, table, sizes, folder):
        self.table = table
        self.sizes = sizes
        self.folder = folder

    def note(self, row, server, value):
        self.table.add(rows.sized(row, self.sizes), server, value)

    def note_peak(self, name, server, memory):
        self.note(rows.peak(name), server, memory)

    # Large blobs

    def push(self, server, in_patch, connections):
        """Each connection pushes a blob of its own that nobody has seen."""
        size = self.sizes["blob"] * MIB // (4 if connections > 1 else 1)
        headers = server.headers(SCOPE.format("bench/large"))
        paths = [os.path.join(self.folder, f"blob{number}") for number in range(connections)]
        blobs = [(path, fresh_file(path, size)) for path in paths]
        push = lambda blob: push_file(server, "bench/large", *blob, headers, in_patch)
        wall, cpu, memory = measured(server, lambda: in_threads(blobs, push))
        total = connections * size
        speed, cost = rows.PUSH[in_patch, connections]
        self.note(speed, server, total / 1e6 / wall)
        self.note(cost, server, cpu / (total / 1e9))
        if connections > 1:
            self.note_peak("pushes, 8 connections", server, memory)

    def pull(self, server, connections, repeats):
        size = self.sizes["blob"] * MIB
        headers = server.headers(SCOPE.format("bench/large"))
        path = f"/v2/bench/large/blobs/{self.large_blob(server)}"

        def again(_):
            for _ in range(repeats):
                pull(server, path, headers, size)

        wall, cpu, memory = measured(server, lambda: in_threads(range(connections), again))
        total = connections * repeats * size
        speed, cost = rows.PULL[connections]
        self.note(speed, server, total / 1e6 / wall)
        self.note(cost, server, cpu / (total / 1e9))
        if connections > 1:
            self.note_peak("pulls, 8 connections", server, memory)

    def large_blob(self, server):
        """The blob that is pulled, pushed when it is asked for first."""
        if not hasattr(server, "large_blob"):
            path = os.path.join(self.folder, "pulled")
            name = fresh_file(path, self.sizes["blob"] * MIB)
            push_file(server, "bench/large", path, name, server.headers(SCOPE.format("bench/large")))
            server.large_blob = name
        return server.large_blob

    def traffic(self, server):
        """So many GB, four fifths pulled and one fifth pushed, on eight connections."""
        size = self.sizes["blob"] * MIB
        pushes = max(1, round(self.sizes["traffic"] * 1e9 / 5 / size / 8))
        pulls = max(1, round(self.sizes["traffic"] * 1e9 * 4 / 5 / size / 8))
        headers = server.headers(SCOPE.format("bench/large"))
        path = f"/v2/bench/large/blobs/{self.large_blob(server)}"
        files = [os.path.join(self.folder, f"blob{number}") for number in range(8)]
        server.forget_peak()
        for _ in range(pushes):
            blobs = [(file, fresh_file(file, size)) for file in files]
            in_threads(blobs, lambda blob: push_file(server, "bench/large", *blob, headers))
        for _ in range(pulls):
            in_threads(range(8), lambda _: pull(server, path, headers, size))
        name = "{traffic:g} GB of traffic".format(**self.sizes)
        self.note_peak(name, server, server.memory("VmHWM"))
        self.note(rows.AFTER_TRAFFIC, server, server.memory())

    # Small requests

    def small_image(self, session, repository, headers, layer=b"layer"):
        config = push_bytes(session, repository, b"{}", headers)
        name = push_bytes(session, repository, layer, headers)
        return manifest((config, 2), [(name, len(layer))])

    def small_requests(self, server):
        headers = server.headers(SCOPE.format("bench/small"))
        body = self.small_image(server, "bench/small", headers)
        put_manifest(server, "bench/small", "v1", body, headers)
        accept = {**headers, "Accept": IMAGE}
        server.forget_peak()
        for (rate_row, cpu_row), path, head in [
            (rows.MANIFEST_BY_TAG, "/v2/bench/small/manifests/v1", False),
            (rows.MANIFEST_BY_DIGEST, f"/v2/bench/small/manifests/{digest(body)}", False),
            (rows.BLOB_HEAD, f"/v2/bench/small/blobs/{digest(b'layer')}", True),
        ]:
            rate, cpu = requests_per_second(server, [path], accept, self.sizes["requests"], head=head)
            self.note(rate_row, server, rate)
            self.note(cpu_row, server, cpu)
        if isinstance(server, Homeport):
            path = server.token_path("repository:bench/small:pull")
            basic = {"Authorization": server.basic}
            rate, cpu = requests_per_second(server, [path], basic, self.sizes["requests"])
            self.note(rows.TOKEN[0], server, rate)
            self.note(rows.TOKEN[1], server, cpu / 1000)
        self.note_peak("small requests, 16 connections", server, server.memory("VmHWM"))

    # A whole image

    def ten_layers(self, server):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            layered_image(folder, 10, self.sizes["layer"] * MIB)
            command = ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", "-q"]
            if isinstance(server, Homeport):
                command += ["--dest-creds", f"admin:{server.password}"]
            target = f"docker://127.0.0.1:{server.port}/bench/layers:v1"
            copy = lambda: subprocess.run(command + [f"oci:{folder}:v1", target], check=True)
            wall, cpu, memory = measured(server, copy)
            self.note(rows.LAYERS[0], server, wall)
            self.note(rows.LAYERS[1], server, cpu / (10 * self.sizes["layer"] * MIB / 1e9))
            self.note_peak("the push by skopeo", server, memory)

    # Large repositories

    def grow(self, server):
        """Fills one repository with tags and referrers, and the registry with repositories and blobs."""
        headers = server.standing_headers()
        session = KeepAlive(server)
        body = self.small_image(server, "bench/tags", headers)
        many(self.sizes["tags"], session, lambda session, index: put_manifest(
            session, "bench/tags", f"t{index:06}", body, headers))
        subject = {"mediaType": IMAGE, "digest": digest(body), "size": len(body)}

        def refer(session, index):
            image = manifest((digest(b"{}"), 2), [], subject=subject, annotations={"number": str(index)})
            put_manifest(session, "bench/tags", digest(image), image, headers)

        many(self.sizes["referrers"], session, refer)

        def repository(session, index):
            name = f"bench/repo{index:05}"
            for number in range(self.sizes["blobs"] // self.sizes["repositories"] - 1):
                push_bytes(session, name, f"blob {number} of {name}".encode(), headers)
            put_manifest(session, name, "v1", self.small_image(session, name, headers, name.encode()), headers)

        many(self.sizes["repositories"], session, repository)
        server.crowded_manifest = body

    def pages(self, server):
        sizes, body = self.sizes, server.crowded_manifest
        headers = server.headers(SCOPE.format("bench/tags"))
        late = "{:06}".format(sizes["tags"] * 9 // 10)
        pages = [
            (rows.TAGS_PAGE, f"/v2/bench/tags/tags/list?n=100&last=t{late}", headers),
            (rows.CATALOGUE_PAGE, f"/v2/_catalog?n=100&last=bench/repo{sizes['repositories'] * 9 // 10:05}",
             server.headers("registry:catalog:*")),
        ]
        if isinstance(server, Homeport):  # The peer has no such list.
            pages.append((rows.REFERRERS_PAGE, f"/v2/bench/tags/referrers/{digest(body)}?n=100", headers))
        for (cpu_row, wall_row), path, who in pages:
            rate, cpu = requests_per_second(server, [path], who, sizes["pages"], connections=1)
            self.note(cpu_row, server, cpu / 1000)
            self.note(wall_row, server, 1000 / rate)

    def crowded(self, server):
        """The same work in a repository of very many tags and in one that has only this."""
        headers = server.headers(SCOPE.format("bench/tags"))
        alone = server.headers(SCOPE.format("bench/alone"))
        body = self.small_image(server, "bench/alone", alone)
        put_manifest(server, "bench/alone", "t0", body, alone)
        step = max(1, self.sizes["tags"] // 100)
        paths = [f"/v2/bench/tags/manifests/t{index:06}" for index in range(0, self.sizes["tags"], step)]
        _, crowded = requests_per_second(server, paths, {**headers, "Accept": IMAGE}, self.sizes["requests"])
        _, lonely = requests_per_second(
            server, ["/v2/bench/alone/manifests/t0"], {**alone, "Accept": IMAGE}, self.sizes["requests"])
        self.note(rows.CROWDED_GET[0], server, crowded)
        self.note(rows.CROWDED_GET[1], server, crowded / lonely)

        session, count = KeepAlive(server), self.sizes["changes"]
        images = [body.replace(b"{", b"{" + b" " * (number + 1), 1) for number in range(count)]

        def put(repository, who):
            begin = time.monotonic()
            for number, image in enumerate(images):
                put_manifest(session, repository, f"new{number}", image, who)
            return (time.monotonic() - begin) / count * 1000

        crowded, lonely = put("bench/tags", headers), put("bench/alone", alone)
        self.note(rows.CROWDED_PUT[0], server, crowded)
        self.note(rows.CROWDED_PUT[1], server, crowded / lonely)

        begin = time.monotonic()
        for image in images:
            path = f"/v2/bench/tags/manifests/{digest(image)}"
            status, _, text = session.request("DELETE", path, headers=headers)
            assert status == 202, f"deleting a manifest: {status} {text[:300]}"
        self.note(rows.CROWDED_DELETE, server, (time.monotonic() - begin) / count * 1000)

    # Starting

    def start(self, server, is_filled):
        server.stop()
        self.note(rows.START[is_filled], server, server.start() * 1000)

    def idle_memory(self, server, is_filled):
        time.sleep(1)
        self.note(rows.IDLE[is_filled], server, server.memory())


def layered_image(folder, layers, size):
    """An OCI layout with random layers that nobody has seen."""
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs)

    def store(data):
        name = digest(data)
        with open(os.path.join(blobs, name.split(":")[1]), "wb") as file:
            file.write(data)
        return name, len(data)

    found = [store(os.urandom(size)) for _ in range(layers)]
    config = store(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [
        name for name, _ in found]}}).encode())
    name, length = store(manifest(config, found))
    with open(os.path.join(folder, "oci-layout"), "w") as file:
        file.write('{"imageLayoutVersion":"1.0.0"}')
    with open(os.path.join(folder, "index.json"), "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [{
            "mediaType": IMAGE, "digest": name, "size": length,
            "annotations": {"org.opencontainers.image.ref.name": "v1"}}]}, file)
