"""The registries under test: started on loopback ports of their own, watched from outside through /proc, stopped by pid."""

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A registry in a folder of its own. `cpu` and memory are the operating system's figures of the whole process."""

    name = "?"

    def __init__(self, data=None):
        self.folder = tempfile.mkdtemp(prefix=f"bench-{self.name}-")
        self.data = data or os.path.join(self.folder, "data")
        os.makedirs(self.data, exist_ok=True)
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = None
        self.port = None

    def start(self):
        """Starts the server and returns the seconds until its first answer."""
        begin = time.monotonic()
        self.launch()
        while True:
            try:
                self.request("GET", "/v2/")
                return time.monotonic() - begin
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"{self.name} ended at once; its log is {self.log.name}")
                time.sleep(0.001)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu(self):
        """User and system seconds used so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, field="VmRSS"):
        """MiB resident now (`VmRSS`) or at most so far (`VmHWM`)."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))

    def forget_peak(self):
        """From now on `VmHWM` counts anew."""
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def headers(self, scope):
        """What a client sends to be let in for this scope."""
        return {}

    def standing_headers(self):
        """What a client sends to be let in everywhere, when it has thousands of things to do."""
        return {}

    def request(self, method, path, body=None, headers=None):
        """One request on a connection of its own; returns status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


class DockerRegistry(Server):
    """Debian's docker-registry, without accounts and with its access log off."""

    name = "docker-registry"

    def launch(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = os.path.join(self.folder, "config.yml")
        with open(config, "w") as file:
            file.write(
                f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
                f"storage: {{filesystem: {{rootdirectory: {self.data}}}, delete: {{enabled: true}}}}\n"
                f"http: {{addr: '127.0.0.1:{self.port}'}}\n"
            )
        self.process = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=self.log, stderr=self.log
        )


class Homeport(Server):
    """Homeport as it comes: accounts, rules, Bearer tokens and the access log on."""

    name = "homeport"
    password = "benchmark-password"

    def __init__(self, program, data=None):
        self.program = program
        # More words for the command line.
        self.options = []
        super().__init__(data)

    def launch(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *self.options],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, "HOMEPORT_ADMIN_PASSWORD": self.password},
        )
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.port = int(line.split()[2].rstrip("/").rsplit(":", 1)[1])
                return
        raise SystemExit(f"homeport did not start; its log is {self.log.name}")

    @property
    def basic(self):
        return "Basic " + base64.b64encode(f"admin:{self.password}".encode()).decode()

    def standing_headers(self):
        return {"Authorization": self.basic}

    def challenge(self):
        """Where tokens are had and for which service, as the registry itself says it."""
        _, headers, _ = self.request("GET", "/v2/")
        fields = dict(
            part.split("=", 1) for part in headers["WWW-Authenticate"].removeprefix("Bearer ").split(",")
        )
        return fields["realm"].strip('"'), fields["service"].strip('"')

    def token_path(self, scope):
        realm, service = self.challenge()
        return "/" + realm.split("/", 3)[3] + f"?service={service}&scope={scope}"

    def headers(self, scope):
        _, _, body = self.request("GET", self.token_path(scope), headers={"Authorization": self.basic})
        return {"Authorization": "Bearer " + json.loads(body)["token"]}
