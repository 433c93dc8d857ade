"""A registry's client in a few lines, and the server under test as a process, for tests that kill it."""

import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import time

PASSWORD = "correct horse battery staple"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Lost(Exception):
    """The connection ended before the whole answer was there."""


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def random_bytes(seed, size):
    return random.Random(seed).randbytes(size)


class Server:
    """`homeport serve` on a port and a data folder of its own."""

    def __init__(self, program, data, log, wrapper=(), environment=None, settings=()):
        self.command = [*wrapper, program, "serve", "--data", data, "--listen", "127.0.0.1:0", *settings]
        self.environment = {**os.environ, "HOMEPORT_ADMIN_PASSWORD": PASSWORD, **(environment or {})}
        self.log = open(log, "ab")
        self.process = None
        self.port = None

    def spawn(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, env=self.environment)

    def start(self):
        """Starts it and returns after how many seconds it takes connections, and how many of them it was at work."""
        begin = time.monotonic()
        self.spawn()
        for line in self.process.stdout:
            if line.startswith(b"listening on http://"):
                took = time.monotonic() - begin
                self.port = int(line.split()[2].rsplit(b":", 1)[1].rstrip(b"/"))
                with open(f"/proc/{self.process.pid}/stat") as file:
                    ticks = file.read().rsplit(")", 1)[1].split()[11:13]
                return took, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        raise SystemExit(f"the server did not start, status {self.process.wait()}: see {self.log.name}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        if status != 0:
            raise SystemExit(f"the server ended with status {status} on SIGTERM: see {self.log.name}")


class Client:
    """Speaks to a server that may die at any moment; `Lost` says that it did."""

    def __init__(self, authorization=None):
        self.authorization = authorization
        self.connection = None
        self.port = None

    def ask(self, port, method, path, body=b"", headers=None):
        headers = dict(headers or {})
        if self.authorization:
            headers["Authorization"] = self.authorization
        try:
            if self.connection is None or self.port != port:
                self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                self.port = port
            self.connection.request(method, path, body=body, headers=headers)
            answer = self.connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Lost(str(error)) from error
        fields = {name.lower(): value for name, value in answer.getheaders()}
        if fields.get("connection", "").lower() == "close":
            self.close()
        return answer.status, fields, data

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def token(port, repositories):
    """A token for everything in these repositories; it outlives a restart of the server."""
    import base64
    basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    scopes = "&".join(f"scope=repository:{name}:pull,push,delete" for name in repositories)
    status, _, data = Client(f"Basic {basic}").ask(port, "GET", f"/auth/token?service=homeport&{scopes}")
    if status != 200:
        raise SystemExit(f"no token: {status} {data!r}")
    return "Bearer " + json.loads(data)["token"]


def descriptor(data, media_type):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def image_manifest(config, layers, note):
    return json.dumps({
        "schemaVersion": 2, "mediaType": IMAGE,
        "config": descriptor(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor(layer, "application/vnd.oci.image.layer.v1.tar") for layer in layers],
        "annotations": {"note": note},
    }).encode()


def index_manifest(manifests, note):
    return json.dumps({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(data, IMAGE) for data in manifests],
        "annotations": {"note": note},
    }).encode()
