#!/usr/bin/env python3
"""Homeport beside Debian's docker-registry: the same work in turn, on the same machine, in the same run.

Prints a Markdown table of medians and ratios. CPU is the server's own, user and system, as the kernel counts it.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time

from load import (
    IMAGE, MIB, KeepAlive, digest, fresh_file, in_threads, manifest, measured, pull, push_bytes, push_file,
    requests_per_second,
)
from servers import DockerRegistry, Homeport

SCOPE = "repository:{}:pull,push,delete"


class Table:
    """Rows of figures, several runs of each server; the last column says which way is better."""

    def __init__(self):
        self.rows = {}

    def add(self, row, unit, server, value, bar=None):
        entry = self.rows.setdefault(row, {"unit": unit, "bar": bar, "runs": {}})
        entry["runs"].setdefault(server.name, []).append(value)

    def markdown(self):
        lines = ["| work | unit | Homeport | docker-registry | ratio | bar |", "|---|---|---|---|---|---|"]
        for row, entry in self.rows.items():
            ours = statistics.median(entry["runs"].get("homeport", [float("nan")]))
            theirs = entry["runs"].get("docker-registry")
            peer = f"{statistics.median(theirs):.4g}" if theirs else "–"
            ratio = f"{ours / statistics.median(theirs):.2f}" if theirs and statistics.median(theirs) else "–"
            lines.append(f"| {row} | {entry['unit']} | {ours:.4g} | {peer} | {ratio} | {entry['bar'] or ''} |")
        return "\n".join(lines)


def large_blobs(table, servers, size, folder):
    path = os.path.join(folder, "blob")
    gigabytes = size / 1e9
    for server in servers:
        headers = server.headers(SCOPE.format("bench/large"))
        for in_patch, row in [(False, "push, one PUT"), (True, "push, PATCH + PUT")]:
            name = fresh_file(path, size)
            wall, cpu = measured(server, lambda: push_file(server, "bench/large", path, name, headers, in_patch))
            table.add(f"{row}: speed", "MB/s", server, size / 1e6 / wall, "≥ 2 × the peer")
            table.add(f"{row}: CPU", "s/GB", server, cpu / gigabytes, "≤ 1.5")
        for connections in [1, 8]:
            get = lambda: pull(server, f"/v2/bench/large/blobs/{name}", headers, size)
            wall, cpu = measured(server, lambda: in_threads(connections, get))
            row = f"pull, {connections} connection{'s' if connections > 1 else ''}"
            bar = "≤ 0.20 and ≤ ½ the peer" if connections > 1 else "less than the peer"
            table.add(f"{row}: speed", "MB/s", server, connections * size / 1e6 / wall, "more than the peer")
            table.add(f"{row}: CPU", "s/GB", server, cpu / gigabytes / connections, bar)


def small_image(server, repository, headers):
    config = push_bytes(server, repository, b"{}", headers)
    layer = push_bytes(server, repository, b"layer", headers)
    return manifest((config, 2), [(layer, 5)]), layer


def put_manifest(session, repository, reference, body, headers):
    status, _, text = session.request(
        "PUT", f"/v2/{repository}/manifests/{reference}", body=body, headers={**headers, "Content-Type": IMAGE}
    )
    assert status == 201, f"PUT {repository}:{reference}: {status} {text[:300]}"


def small_requests(table, servers):
    for server in servers:
        headers = server.headers(SCOPE.format("bench/small"))
        body, layer = small_image(server, "bench/small", headers)
        put_manifest(server, "bench/small", "v1", body, headers)
        accept = {**headers, "Accept": IMAGE}
        for row, path, head in [
            ("manifest GET by tag", "/v2/bench/small/manifests/v1", False),
            ("manifest GET by digest", f"/v2/bench/small/manifests/{digest(body)}", False),
            ("blob HEAD", f"/v2/bench/small/blobs/{layer}", True),
        ]:
            rate, cpu = requests_per_second(server, path, accept, head=head)
            table.add(f"{row}, 16 connections", "requests/s", server, rate, "≥ 10,000")
            table.add(f"{row}: CPU", "µs", server, cpu, "≤ 80")
        if isinstance(server, Homeport):
            path = server.token_path("repository:bench/small:pull")
            basic = {"Authorization": server.basic}
            rate, cpu = requests_per_second(server, path, basic, count=5_000)
            table.add("token with Basic, verified before", "requests/s", server, rate)
            table.add("token with Basic, verified before: CPU", "ms", server, cpu / 1000, "≤ 0.2")


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


def ten_layers(table, servers, layer_size):
    for server in servers:
        with tempfile.TemporaryDirectory() as folder:
            layered_image(folder, 10, layer_size)
            command = ["skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", "-q"]
            if isinstance(server, Homeport):
                command += ["--dest-creds", f"admin:{server.password}"]
            target = f"docker://127.0.0.1:{server.port}/bench/layers:v1"
            work = lambda: subprocess.run(command + [f"oci:{folder}:v1", target], check=True)
            wall, cpu = measured(server, work)
            table.add("ten-layer push by skopeo", "s", server, wall, "≤ the peer")
            table.add("ten-layer push by skopeo: CPU", "s/GB", server, cpu / (10 * layer_size / 1e9))


def many(count, session, work):
    """Does `work(index)` for every index on eight connections."""
    numbers = iter(range(count))

    def drain():
        for index in numbers:
            work(session, index)

    in_threads(8, drain)


def grow(server, tags, repositories):
    """Fills one repository with tags, and the registry with repositories."""
    headers = server.headers(SCOPE.format("bench/tags"))
    body, _ = small_image(server, "bench/tags", headers)
    many(tags, KeepAlive(server), lambda session, index: put_manifest(
        session, "bench/tags", f"t{index:06}", body, headers))
    for index in range(repositories):
        name = f"bench/repo{index:05}"
        own = server.headers(SCOPE.format(name))
        image, _ = small_image(server, name, own)
        put_manifest(server, name, "v1", image, own)
    return headers, body


def large_repositories(table, servers, tags, repositories):
    for server in servers:
        headers, body = grow(server, tags, repositories)
        catalogue = server.headers("registry:catalog:*")
        pages = [
            ("a page of 100 tags of 10,000", f"/v2/bench/tags/tags/list?n=100&last=t{tags * 9 // 10:06}", headers),
            ("a page of 100 repositories of 2,000", f"/v2/_catalog?n=100&last=bench/repo{repositories * 9 // 10:05}",
             catalogue),
            ("manifest GET among 10,000 tags", f"/v2/bench/tags/manifests/t{tags // 2:06}",
             {**headers, "Accept": IMAGE}),
        ]
        for row, path, who in pages:
            rate, cpu = requests_per_second(server, path, who, count=300, connections=1)
            table.add(row, "ms", server, 1000 / rate, "≤ 2 ms")
            table.add(f"{row}: CPU", "µs", server, cpu)
        session = KeepAlive(server)
        other = body.replace(b'"schemaVersion"', b' "schemaVersion"')
        begin = time.monotonic()
        put_manifest(session, "bench/tags", "one-more", other, headers)
        table.add("manifest PUT among 10,000 tags", "ms", server, (time.monotonic() - begin) * 1000)
        begin = time.monotonic()
        status, _, _ = session.request("DELETE", f"/v2/bench/tags/manifests/{digest(other)}", headers=headers)
        assert status == 202, f"deleting a manifest: {status}"
        table.add("manifest DELETE among 10,000 tags", "ms", server, (time.monotonic() - begin) * 1000, "≤ 5 ms")


def starts(table, servers, row):
    for server in servers:
        for _ in range(5):
            server.stop()
            table.add(row, "ms", server, server.start() * 1000, "≤ 300 ms")
        time.sleep(1)
        table.add(f"memory idle {row.removeprefix('start ')}", "MiB", server, server.memory(), "≤ 40 MiB")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--program", default="bin/homeport")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--blob-mib", type=int, default=256)
    options.add_argument("--tags", type=int, default=10_000)
    options.add_argument("--repositories", type=int, default=2_000)
    chosen = options.parse_args()
    table = Table()
    servers = [Homeport(os.path.abspath(chosen.program)), DockerRegistry()]
    try:
        for server in servers:
            server.start()
        starts(table, servers, "start with nothing stored")
        with tempfile.TemporaryDirectory() as folder:
            for number in range(chosen.rounds):
                print(f"round {number + 1} of {chosen.rounds}", flush=True)
                large_blobs(table, servers, chosen.blob_mib * MIB, folder)
                small_requests(table, servers)
                ten_layers(table, servers, 20 * MIB)
        print("filling large repositories", flush=True)
        large_repositories(table, servers, chosen.tags, chosen.repositories)
        for server in servers:
            table.add("memory at most, during all of this", "MiB", server, server.memory("VmHWM"), "≤ 120 MiB")
        starts(table, servers, "start with 2,000 repositories")
        print(f"\n{platform.machine()}, {os.cpu_count()} cores, {chosen.rounds} rounds, medians\n")
        print(table.markdown())
    finally:
        for server in servers:
            server.remove()


if __name__ == "__main__":
    main()
