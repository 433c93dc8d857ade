"""What tokens cost: under few and many rules, by each kind of key, and what logins do to those who pull."""

import base64
import os
import statistics
import subprocess
import threading
import time

import rows
from load import KeepAlive, digest, push_bytes, requests_per_second
from servers import Homeport, Server

ACCOUNT = "test"
# Of 123. It is computed once in each run: what is measured is what comes after.
HASH = "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"
BASIC = "Basic " + base64.b64encode(f"{ACCOUNT}:123".encode()).decode()
STORMERS = 16
KEYS = {
    "p256": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa2048": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa4096": ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
}


class TokenServer(Server):
    """`homeport token-server` from a configuration of docker_auth: one account, so many rules, a key of some kind."""

    name = "homeport"

    def __init__(self, program, key="p256", rules=1):
        self.program = program
        super().__init__()
        self.key = os.path.join(self.folder, "key.pem")
        self.certificate = os.path.join(self.folder, "certificate.pem")
        self.configuration = os.path.join(self.folder, "auth_config.yml")
        run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True)
        run(*KEYS[key], "-out", self.key)
        run("req", "-x509", "-new", "-key", self.key, "-out", self.certificate, "-days", "30", "-subj", "/CN=bench")
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write(self.text(rules))

    def text(self, rules):
        """A third globs, a third regular expressions, a third labels; the last one decides."""
        kinds = [
            lambda number: f'{{account: "user{number}", name: "team{number}/*"}}',
            lambda number: f'{{account: "/^user{number}-[a-z]+$/", name: "/^team{number}/.*$/"}}',
            lambda number: f'{{name: "team{number}/${{labels:project}}"}}',
        ]
        entries = [
            f"  - {{match: {kinds[number % 3](number)}, actions: [pull]}}\n" for number in range(rules - 1)
        ]
        return (
            f"server: {{addr: '127.0.0.1:0'}}\n"
            f"token: {{issuer: bench, expiration: 900, certificate: {self.certificate}, key: {self.key}}}\n"
            f"users:\n  {ACCOUNT}: {{password: '{HASH}', labels: {{project: [one, two]}}}}\n"
            f"acl:\n{''.join(entries)}  - {{match: {{account: {ACCOUNT}}}, actions: [pull, push]}}\n"
        )

    def launch(self):
        # The certificate in each token costs what base64 costs, and is not what is measured here.
        self.process = subprocess.Popen(
            [self.program, "token-server", "--key-name", "kid", self.configuration],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.port = int(line.split()[2].rstrip("/").rsplit(":", 1)[1])
                return
        raise SystemExit(f"homeport token-server did not start; its log is {self.log.name}")


def token_cost(program, key, rules, count):
    """Milliseconds of the server's CPU for a token of somebody whose password was verified before."""
    server = TokenServer(program, key, rules)
    try:
        server.start()
        path = "/auth?service=bench&scope=repository:bench/app:pull,push"
        headers = {"Authorization": BASIC}
        requests_per_second(server, [path], headers, 200)
        return requests_per_second(server, [path], headers, count)[1] / 1000
    finally:
        server.remove()


def signature_cost(name, seconds=2):
    """Milliseconds of CPU that OpenSSL takes for one signature."""
    run = subprocess.run(
        ["openssl", "speed", "-seconds", str(seconds), "-mr", name], capture_output=True, text=True, check=True)
    line = next(line for line in run.stdout.splitlines() if line.startswith(("+F2:", "+F4:")))
    figure = float(line.split(":")[3])
    # Older programs print the seconds that one takes, newer ones how many a second has.
    return (figure if figure < 1 else 1 / figure) * 1000


def tokens(work, program):
    """Tokens under 1, 1,000 and 10,000 rules, and signed by each kind of key."""
    count = work.sizes["tokens"]
    server = type("Named", (), {"name": "homeport"})
    alone = token_cost(program, "p256", 1, count)
    work.note(rows.TOKEN_RULES[1], server, alone)
    for number in (1_000, 10_000):
        cost = token_cost(program, "p256", number, count)
        row, more = rows.TOKEN_MANY_RULES[number]
        work.note(row, server, cost)
        work.note(more, server, max(0.0, cost - alone))
    base = alone - signature_cost("ecdsap256")
    for key in ("rsa2048", "rsa4096"):
        cost = token_cost(program, key, 1, max(200, count // 4))
        row, beside = rows.TOKEN_KEYS[key]
        work.note(row, server, cost)
        work.note(beside, server, (cost - base) / signature_cost(key))


class Storm:
    """Logins whose hash has to be computed each time, as many as the server takes, until it is left."""

    def __init__(self, server, clients):
        self.server, self.clients = server, clients
        self.is_over = threading.Event()
        self.count = 0

    def __enter__(self):
        self.threads = [threading.Thread(target=self.log_in, args=(number,)) for number in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def log_in(self, number):
        """Each client has an account of its own: logins of one account at the same time are one hash."""
        path, session = self.server.token_path(""), KeepAlive(self.server)
        basic = "Basic " + base64.b64encode(f"{storm_account(number)}:{self.server.password}".encode()).decode()
        while not self.is_over.is_set():
            status, _, body = session.request("GET", path, headers={"Authorization": basic})
            assert status in (200, 503), f"a login in the storm: {status} {body[:300]}"
            self.count += status == 200


def storm_account(number):
    return f"stormer{number}"


def latencies(server, path, headers, seconds):
    """Milliseconds until the last byte of each of the requests of one client, one after the other."""
    session, taken, end = KeepAlive(server), [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        status, _, _ = session.request("GET", path, headers=headers)
        assert status == 200, f"a pull in the storm: {status}"
        taken.append((time.monotonic() - begin) * 1000)
        time.sleep(0.001)
    return taken


def storm(work, program):
    """Pulls of a small blob alone, and while logins storm that have to be hashed each time."""
    server = Homeport(program)
    settings = os.path.join(server.folder, "homeport.yaml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write("accounts: {password_cache_time: 0s}\n")
    server.options = ["--config", settings]
    try:
        server.start()
        for number in range(STORMERS):
            command = [program, "account", "add", storm_account(number), "--password-stdin", "--data", server.data]
            subprocess.run(command + server.options, input=server.password + "\n", text=True, check=True,
                           capture_output=True)
        headers = server.headers("repository:bench/storm:pull,push")
        push_bytes(server, "bench/storm", b"a small blob", headers)
        path = f"/v2/bench/storm/blobs/{digest(b'a small blob')}"
        latencies(server, path, headers, 1)
        seconds = work.sizes["storm"]
        calm = latencies(server, path, headers, seconds)
        begin = time.monotonic()
        with Storm(server, STORMERS) as logins:
            busy = latencies(server, path, headers, seconds)
        for row, part in ((rows.STORM[0], 0.5), (rows.STORM[1], 0.99)):
            work.note(row, server, quantile(busy, part) - quantile(calm, part))
        work.note(rows.STORM_LOGINS, server, logins.count / (time.monotonic() - begin))
    finally:
        server.remove()


def quantile(values, part):
    return statistics.quantiles(values, n=1000, method="inclusive")[round(part * 1000) - 1]
