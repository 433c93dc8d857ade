#!/usr/bin/env python3
"""Has a server read its configuration again while clients push, pull and ask for tokens.

    reload_load.py PROGRAM FOLDER RELOADS

Each time the configuration is another one, with another certificate. No request may fail: not one of those who push and
delete all the time over plain HTTP, who ask for tokens, who pull over TLS on connections of their own and on one that
stays, of a real client, and not a download that takes as long as everything together. Afterwards the server holds no
more than before: memory, threads and open files are looked at. Prints what it did; ends with 1 and a line for each thing
that is wrong.
"""

import base64
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from push_workers import REPOSITORIES, Inspection, Port, counts_of, crew
from registry_client import PASSWORD, Client, digest_of, random_bytes, token

BASIC = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
GUEST = "Basic " + base64.b64encode(b"guest:guest of a list").decode()
LARGE = 24 << 20


class Failed(Exception):
    pass


class Doer(threading.Thread):
    """Does the same thing over and over and notes what fails."""

    def __init__(self, name, work, pause=0.0):
        super().__init__(daemon=True)
        self.name, self.work, self.pause = name, work, pause
        self.count, self.problems, self.is_over = 0, [], False

    def run(self):
        while not self.is_over:
            try:
                self.work()
                self.count += 1
            except Exception as error:
                self.problems.append(f"{self.name}: {error!r}")
            time.sleep(self.pause)


def certificate(folder, names):
    """A new pair of files, each put in place in one step."""
    new = [os.path.join(folder, f"new.{kind}") for kind in ("pem", "key")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "60",
         "-subj", f"/CN={names[0]}", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
         "-keyout", new[1], "-out", new[0]],
        check=True, capture_output=True)
    return new


class Server:
    """`homeport serve` with a file of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.file = os.path.join(folder, "homeport.yaml")
        self.data = os.path.join(folder, "data")
        self.password = subprocess.run(
            ["openssl", "passwd", "-6", "-salt", "saltsaltsaltsalt", "guest of a list"], check=True,
            capture_output=True, text=True).stdout.strip()
        self.configure(0)

    def configure(self, number):
        """Another configuration for each number, and another certificate."""
        odd = number % 2
        name = f"pair{number % 3}"
        pem, key = certificate(self.folder, [f"n{number}.example", "localhost"])
        os.replace(pem, os.path.join(self.folder, f"{name}.pem"))
        os.replace(key, os.path.join(self.folder, f"{name}.key"))
        text = f"""
tls:
  listen: [127.0.0.1:0]
  profile: {"modern" if odd else "standard"}
  certificates: [{{certificate_file: {name}.pem, key_file: {name}.key}}]
redirect: {{listen: [127.0.0.1:0]}}
headers: {{hsts_age: {"1h" if odd else "2h"}}}
log: {{level: {"notice" if odd else "info"}, format: {"json" if odd else "text"}}}
limits:
  idle_time: {60 + number}s
  header_size_max: {32 + number}KiB
  requests_max: {4000 + number}
  requests_per_address_max: {1_000_000 + number}
  requests_per_account_max: {1_000_000 + odd}
  connections_max: {9000 + number}
bans: {{failures: {50 + number}, time: {30 + number}m}}
registry:
  page_size_max: {1000 + number}
  uploads_per_account_max: {200 + number}
  quotas: [{{name: "kill/**", bytes: {10 + number}GiB}}]
  immutable_tags: [{{name: "frozen/{number}", tag: "v*"}}]
  retention: [{{name: "old/{number}", tag: "*", keep_last: 3}}]
garbage: {{interval: {10 + number}m}}
token: {{life: {10 + number}m}}
proxies: {{trusted: ["192.0.2.{number}"]}}
accounts:
  password_cache_time: {30 + number}s
  sources:
    - name: list
      kind: static
      time_limit: {10 + number}s
      users: {{guest: {{password: "{self.password}", labels: {{round: ["{number}"]}}}}}}
"""
        with open(self.file + ".new", "w") as file:
            file.write(text)
        os.replace(self.file + ".new", self.file)

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(
            [self.program, "serve", "--config", self.file, "--data", self.data, "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
            env={**os.environ, "HOMEPORT_ADMIN_PASSWORD": PASSWORD})
        for line in self.process.stdout:
            found = re.match(rb"(listening on|sending from) (https?)://127\.0\.0\.1:(\d+)", line)
            if found and found[2] == b"https":
                self.secure = int(found[3])
            elif found and found[1] == b"listening on":
                self.port = int(found[3])
                return
        raise SystemExit("the server did not start")

    def reload(self, accepts=True):
        done = subprocess.run(
            [self.program, "reload", "--config", self.file, "--data", self.data], capture_output=True, text=True)
        if (done.returncode == 0) != accepts:
            raise Failed(f"reload: {done.returncode} {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def numbers(self):
        text = Client().ask(self.port, "GET", "/metrics")[2].decode()
        return {name: float(value) for name, value in re.findall(r"^(\S+) (\S+)$", text, re.M)}

    def holds(self):
        """Memory in KiB that is its own, threads, open files."""
        with open(f"/proc/{self.process.pid}/status") as file:
            facts = dict(line.split(":", 1) for line in file)
        files = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return int(facts["RssAnon"].split()[0]), int(facts["Threads"]), files


def checked(answer, status=200):
    if answer[0] != status:
        raise Failed(f"{answer[0]} {answer[2][:300]!r}")
    return answer


class Secure:
    """Pulls over TLS: on a connection of its own each time, or on one that stays."""

    def __init__(self, server, path, digest, stays):
        self.server, self.path, self.digest, self.stays = server, path, digest, stays
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.connection = None

    def pull(self):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.server.secure, timeout=60, context=self.context)
        self.connection.request("GET", self.path, headers={"Authorization": BASIC})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200 or digest_of(data) != self.digest:
            raise Failed(f"{answer.status} {data[:200]!r}")
        if not self.stays:
            self.connection.close()
            self.connection = None


def slow_download(server, path, digest, until):
    """Takes a large blob in small pieces until `until` is set, and then the rest: one answer from the first
    configuration to the last."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as wire:
        wire.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {BASIC}\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while True:
            piece = wire.recv(4096 if not until.is_set() else 1 << 20)
            if not piece:
                break
            data += piece
            if not until.is_set():
                until.wait(0.05)
    body = data.split(b"\r\n\r\n", 1)[1]
    if digest_of(body) != digest:
        raise Failed(f"the slow download has {len(body)} bytes, not {LARGE}")


class Skopeo:
    """A real client: pushes an image and pulls it."""

    def __init__(self, server):
        self.server = server
        self.layout = os.path.join(server.folder, "layout")
        self.home = os.path.join(server.folder, "home")
        os.makedirs(self.home, exist_ok=True)
        os.makedirs(os.path.join(self.layout, "blobs/sha256"))
        config, layer = b"{}", random_bytes(99, 200_000)
        image = json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.put(config, "application/vnd.oci.empty.v1+json"),
            "layers": [self.put(layer, "application/octet-stream")]}).encode()
        index = {"schemaVersion": 2, "manifests": [
            {**self.put(image, "application/vnd.oci.image.manifest.v1+json"),
             "annotations": {"org.opencontainers.image.ref.name": "one"}}]}
        with open(os.path.join(self.layout, "index.json"), "w") as file:
            json.dump(index, file)
        with open(os.path.join(self.layout, "oci-layout"), "w") as file:
            file.write('{"imageLayoutVersion": "1.0.0"}')
        self.round = 0

    def put(self, data, kind):
        digest = digest_of(data)
        with open(os.path.join(self.layout, "blobs/sha256", digest[7:]), "wb") as file:
            file.write(data)
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def copy(self):
        self.round += 1
        name = f"docker://localhost:{self.server.port}/skopeo/image{self.round}:one"
        person = f"admin:{PASSWORD}"
        for words in [
            ["--dest-tls-verify=false", "--dest-creds", person, f"oci:{self.layout}:one", name],
            ["--src-tls-verify=false", "--src-creds", person, name, f"dir:{self.home}/copy"],
        ]:
            done = subprocess.run(
                ["skopeo", "--insecure-policy", "copy", *words], capture_output=True, text=True,
                env={"PATH": os.environ["PATH"], "HOME": self.home, "TMPDIR": self.home, "XDG_RUNTIME_DIR": self.home})
            if done.returncode != 0:
                raise Failed(done.stdout + done.stderr)


def doers(server, blob):
    """All who ask for something, but those who push."""
    asking = Client(BASIC)
    repositories = "&".join(f"scope=repository:{name}:pull,push" for name in REPOSITORIES)
    guest, anonymous = Client(GUEST), Client()
    paths = [Secure(server, f"/v2/base/app/blobs/{blob}", blob, stays) for stays in (True, False)]
    skopeo = Skopeo(server)
    return [
        Doer("tokens", lambda: checked(asking.ask(server.port, "GET", f"/auth/token?service=homeport&{repositories}"))),
        Doer("somebody of a list", lambda: checked(guest.ask(server.port, "GET", "/auth/token?service=homeport"))),
        Doer("challenge", lambda: checked(anonymous.ask(server.port, "GET", "/v2/"), 401), 0.01),
        Doer("TLS, a connection that stays", paths[0].pull, 0.01),
        Doer("TLS, a connection each", paths[1].pull, 0.01),
        Doer("skopeo", skopeo.copy),
    ]


def settled(server, before):
    """What the server holds once it has had time to let go; the best of some looks."""
    best = server.holds()
    for _ in range(40):
        best = tuple(min(pair) for pair in zip(best, server.holds()))
        if best[1] <= before[1] and best[2] <= before[2]:
            break
        time.sleep(0.25)
    return best


def refusals(server):
    """What is no good changes nothing, and is said with file, line and cure."""
    problems = []
    with open(server.file) as file:
        good = file.read()
    # The first is seen by the command, which then disturbs nobody; the other by the server alone.
    for text, wanted, successful in [
        (good.replace("idle_time", "idle_tiem"), "did you mean", 1),
        (good.replace("pair", "nopair"), "cannot be read", 0),
    ]:
        with open(server.file, "w") as file:
            file.write(text)
        said = server.reload(accepts=False)
        if wanted not in said or "homeport.yaml:" not in said and successful:
            problems.append(f"a bad configuration: {said!r}")
        if server.numbers()["homeport_config_last_reload_successful"] != successful:
            problems.append("a bad configuration is not in the numbers")
    with open(server.file, "w") as file:
        file.write(good.replace("profile", "listen_not: 1\n  profile"))
    # By the signal alone, as a person without the command would.
    count = server.numbers()['homeport_config_reloads_total{result="refused"}']
    server.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while server.numbers()['homeport_config_reloads_total{result="refused"}'] == count:
        if time.monotonic() > end:
            problems.append("a signal with a bad configuration is not in the numbers")
            break
        time.sleep(0.05)
    with open(os.path.join(server.folder, "log")) as file:
        if not re.search(r"homeport\.yaml:\d+: tls\.listen_not", file.read()):
            problems.append("the line of a mistake is not in the log")
    with open(server.file, "w") as file:
        file.write(good.replace("redirect:", "listen: 127.0.0.1:1\nredirect:"))
    said = server.reload()
    if "socket_mode" in said or server.numbers()["homeport_config_last_reload_successful"] != 1:
        problems.append(f"a good configuration: {said!r}")
    return problems


def main():
    program, folder, reloads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    server = Server(program, folder)
    server.start()
    place = Port()
    workers = crew(place, token(server.port, REPOSITORIES))
    client = Client(BASIC)
    large = random_bytes(5, LARGE)
    blob = digest_of(random_bytes(6, 50_000))
    checked(client.ask(server.port, "POST", f"/v2/base/app/blobs/uploads/?digest={digest_of(large)}", large), 201)
    checked(client.ask(
        server.port, "POST", f"/v2/base/app/blobs/uploads/?digest={blob}", random_bytes(6, 50_000)), 201)

    threads = doers(server, blob)
    over = threading.Event()
    slow = Doer("the slow download", lambda: slow_download(
        server, f"/v2/base/app/blobs/{digest_of(large)}", digest_of(large), over))
    problems = []
    for thread in [*threads, slow, *workers]:
        thread.start()
    place.set(server.port)
    slow.is_over = True
    time.sleep(2)
    for number in range(1, 4):
        server.configure(number)
        server.reload()
    warm = server.holds()
    for number in range(4, reloads + 1):
        server.configure(number)
        server.reload()
    held = server.numbers()["homeport_config_in_use"]
    over.set()
    slow.join(timeout=120)
    for thread in threads:
        thread.is_over = True
    for thread in threads:
        thread.join(timeout=120)
    # Whoever pushes stops where the work at hand ends.
    place.end()
    for worker in workers:
        worker.step = stop
    for worker in workers:
        worker.join(timeout=120)

    for thread in [*threads, slow]:
        problems += thread.problems[:5]
        if thread.count == 0:
            problems.append(f"{thread.name}: was never answered")
    for worker in workers:
        problems += [problem for problem in worker.problems if "Stop" not in problem]
    counts = counts_of(workers)
    if counts["lost"]:
        problems.append(f"{counts['lost']} connections of those who push were lost")
    inspection = Inspection(server.port, token(server.port, REPOSITORIES))
    for worker in workers:
        inspection.inspect(worker)
    problems += inspection.problems
    problems += refusals(server)

    numbers = server.numbers()
    after = settled(server, warm)
    ends = [name for name in numbers if name.startswith("homeport_certificate_end_timestamp_seconds")]
    if len(ends) != 1:
        problems.append(f"certificates that are gone are in the numbers: {ends}")
    if numbers['homeport_config_reloads_total{result="taken"}'] != reloads + 1:
        problems.append(f"not all was taken: {numbers}")
    end = time.monotonic() + 30
    while server.numbers()["homeport_config_in_use"] != 1 and time.monotonic() < end:
        time.sleep(0.1)
    if server.numbers()["homeport_config_in_use"] != 1:
        problems.append(f"configurations are in use still: {server.numbers()['homeport_config_in_use']}")
    if held < 2:
        problems.append(f"with one slow download, {held} configurations were in use")
    if after[1] > warm[1] + 2 or after[2] > warm[2] + 10:
        problems.append(f"threads and files: {warm[1:]} became {after[1:]}")
    if after[0] > warm[0] + 40_000:
        problems.append(f"memory: {warm[0]} KiB became {after[0]} KiB")
    server.process.send_signal(signal.SIGTERM)
    if server.process.wait(timeout=60) != 0:
        problems.append(f"the server ended with {server.process.returncode}")

    print(f"{reloads} reloads; {sum(worker.told for worker in workers)} requests of those who push, "
          + ", ".join(f"{thread.name} {thread.count}" for thread in threads)
          + f"; memory, threads and files: {warm} after 3 reloads, {after} after all")
    for problem in problems:
        print(f"WRONG {problem}")
    sys.exit(1 if problems else 0)


class Stop(Exception):
    pass


def stop():
    raise Stop()


if __name__ == "__main__":
    main()
