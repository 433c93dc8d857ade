"""Clients that put load on a registry and cost little themselves."""

import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import select
import socket
import subprocess
import tempfile
import threading
import time

MIB = 1 << 20
IMAGE = "application/vnd.oci.image.manifest.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def fresh_file(path, size):
    """A file that no registry has seen before, durable and in memory; returns its digest."""
    block = os.urandom(MIB)
    sha = hashlib.sha256()
    with open(path, "wb") as file:
        for index in range(size // MIB):
            piece = index.to_bytes(8, "big") + block[8:]
            file.write(piece)
            sha.update(piece)
        # What is measured next must not wait for these bytes to reach the disk.
        file.flush()
        os.fsync(file.fileno())
    return "sha256:" + sha.hexdigest()


def measured(server, work):
    """Runs `work` and returns its seconds, the server's CPU seconds, and the most memory it had, in MiB."""
    server.forget_peak()
    cpu, begin = server.cpu(), time.monotonic()
    work()
    return time.monotonic() - begin, server.cpu() - cpu, server.memory("VmHWM")


def start_upload(server, repository, headers):
    status, answer, _ = server.request("POST", f"/v2/{repository}/blobs/uploads/", headers=headers)
    assert status == 202, f"starting an upload: {status}"
    location = answer["Location"]
    return re.sub(r"^https?://[^/]+", "", location)


def with_query(location, query):
    return location + ("&" if "?" in location else "?") + query


def send_file(server, method, path, file_path, headers, status):
    """Sends a file as a request's body by sendfile, so that the client costs next to nothing."""
    size = os.path.getsize(file_path)
    with socket.create_connection(("127.0.0.1", server.port)) as connection, open(file_path, "rb") as file:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {size}\r\n"
        head += "Content-Type: application/octet-stream\r\nConnection: close\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall((head + "\r\n").encode())
        connection.sendfile(file)
        answer = http.client.HTTPResponse(connection, method=method)
        answer.begin()
        body = answer.read()
        assert answer.status == status, f"{method} {path}: {answer.status} {body[:300]}"
        return answer.headers


def push_file(server, repository, file_path, name, headers, in_patch=False):
    """Pushes a blob in one PUT, or in one PATCH closed by an empty PUT, as Docker does."""
    location = start_upload(server, repository, headers)
    if in_patch:
        answer = send_file(server, "PATCH", location, file_path, headers, 202)
        location = re.sub(r"^https?://[^/]+", "", answer["Location"])
        status, _, body = server.request(
            "PUT", with_query(location, f"digest={name}"), headers={**headers, "Content-Length": "0"}
        )
        assert status == 201, f"closing an upload: {status} {body[:300]}"
    else:
        send_file(server, "PUT", with_query(location, f"digest={name}"), file_path, headers, 201)


def push_bytes(server, repository, data, headers):
    location = start_upload(server, repository, headers)
    status, _, body = server.request(
        "PUT", with_query(location, f"digest={digest(data)}"), body=data, headers=headers
    )
    assert status == 201, f"pushing {len(data)} bytes: {status} {body[:300]}"
    return digest(data)


def pull(server, path, headers, expected):
    """Reads a body and throws it away inside the kernel; checks that it was whole."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall((head + "\r\n").encode())
        start = b""
        while b"\r\n\r\n" not in start:
            start += connection.recv(4096)
        assert start.startswith(b"HTTP/1.1 200"), start[:200]
        taken = len(start) - start.index(b"\r\n\r\n") - 4
        scratch = bytearray(MIB)
        while taken < expected:
            count = connection.recv_into(scratch, MIB, socket.MSG_TRUNC)
            assert count, f"cut after {taken} of {expected} bytes"
            taken += count


def in_threads(items, work):
    """Does `work(item)` for all items at the same time."""
    with concurrent.futures.ThreadPoolExecutor(len(items)) as pool:
        for future in [pool.submit(work, item) for item in items]:
            future.result()


def many(count, session, work, connections=8):
    """Does `work(session, index)` for every index, on eight connections."""
    numbers, lock = iter(range(count)), threading.Lock()

    def drain(_):
        while True:
            with lock:
                index = next(numbers, None)
            if index is None:
                return
            work(session, index)

    in_threads(range(connections), drain)


def manifest(config, layers, **more):
    def descriptor(kind, name, size):
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": name, "size": size}

    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE,
            "config": descriptor("config.v1+json", *config),
            "layers": [descriptor("layer.v1.tar+gzip", *layer) for layer in layers],
            **more,
        }
    ).encode()


def put_manifest(session, repository, reference, body, headers):
    status, _, text = session.request(
        "PUT", f"/v2/{repository}/manifests/{reference}", body=body, headers={**headers, "Content-Type": IMAGE}
    )
    assert status == 201, f"PUT {repository}:{reference}: {status} {text[:300]}"


class KeepAlive(threading.local):
    """One connection for each thread, for thousands of small requests."""

    def __init__(self, server):
        self.server = server
        self.connection = None

    def request(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.connection.request(method, path, body=body, headers=headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()


def requests_per_second(server, paths, headers, count, connections=16, head=False):
    """Repeats small requests over keep-alive connections, the paths in turn; returns requests/s and server CPU µs
    each.

    GET is h2load's work. It cannot do HEAD, whose answers have a length and no body, so those are sent from here.
    """
    cpu, begin = server.cpu(), time.monotonic()
    if head:
        repeat_head(server, paths[0], headers, count, connections)
    else:
        repeat_get(server, paths, headers, count, connections)
    seconds = time.monotonic() - begin
    return count / seconds, (server.cpu() - cpu) / count * 1e6


def repeat_get(server, paths, headers, count, connections):
    command = ["h2load", "--h1", "-n", str(count), "-c", str(connections)]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as list_of_paths:
        list_of_paths.writelines(f"http://127.0.0.1:{server.port}{path}\n" for path in paths)
        list_of_paths.flush()
        run = subprocess.run(command + ["-i", list_of_paths.name], capture_output=True, text=True, check=True)
    assert f"{count} 2xx" in run.stdout, f"{paths[0]}: {run.stdout}"


def repeat_head(server, path, headers, count, connections):
    """One HEAD after the other on each connection, all of them waited for at once."""
    request = f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    request = (request + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode()
    poll, open_sockets = select.epoll(), {}
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        open_sockets[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
        connection.send(request)
    started, done = connections, 0
    while done < count:
        for descriptor, _ in poll.poll(30):
            answer = open_sockets[descriptor].recv(8192)
            assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\n"), answer[:300]
            done += 1
            if started < count:
                open_sockets[descriptor].send(request)
                started += 1
    for connection in open_sockets.values():
        connection.close()
