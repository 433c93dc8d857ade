"""Clients that mean harm, from addresses of their own, and an honest one beside them."""

import http.client
import socket
import ssl
import statistics
import threading
import time

from load import digest, push_bytes

SLOW = 150
# What each attacker sends again and again, on a new connection each time.
REQUESTS = {
    "two lengths": b"POST /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "length and chunks": b"POST /v2/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"0\r\n\r\nGET /v2/_catalog HTTP/1.1\r\nHost: a\r\n\r\n",
    "a broken chunk": b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no request": bytes(range(256)) * 8,
    "a large head": b"GET /v2/ HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "many fields": b"GET /v2/ HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    "a body nobody asked for": b"PUT /v2/a/manifests/b HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
                               + b"a" * 500_000,
}
# At most so many of each in a second, so that what they cost themselves leaves the honest client its share.
RATE = 40


class Attack:
    """Everything at once, until it is left. Each kind has an address of its own."""

    def __init__(self, server):
        self.server = server
        self.is_over = threading.Event()
        self.count = 0
        self.held = []

    def __enter__(self):
        kinds = [(self.slow_heads, "127.0.1.1"), (self.half_open, "127.0.1.2"), (self.slow_bodies, "127.0.1.3")]
        work = [threading.Thread(target=kind, args=(address,)) for kind, address in kinds]
        for number, request in enumerate(REQUESTS.values()):
            work.append(threading.Thread(target=self.repeat, args=(request, f"127.0.2.{number + 1}")))
        self.threads = work
        for thread in work:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        for connection in self.held:
            connection.close()

    def connect(self, address, is_secure=True):
        connection = socket.create_connection(
            ("127.0.0.1", self.server.tls_port), timeout=10, source_address=(address, 0))
        if not is_secure:
            return connection
        context = ssl.create_default_context(cafile=self.server.authority)
        return context.wrap_socket(connection, server_hostname="localhost")

    def hold(self, address, first, is_secure=True):
        """Opens many connections and sends the beginning of something on each."""
        opened = []
        for _ in range(SLOW):
            if self.is_over.is_set():
                break
            try:
                connection = self.connect(address, is_secure)
                connection.sendall(first)
                opened.append(connection)
            except OSError:
                pass
        self.held += opened
        return opened

    def drip(self, connections, piece):
        """A byte now and then on each; whoever is thrown out stays out."""
        while connections and not self.is_over.wait(1):
            for connection in list(connections):
                try:
                    connection.sendall(piece)
                except OSError:
                    connections.remove(connection)

    def slow_heads(self, address):
        self.drip(self.hold(address, b"GET /v2/ HTTP/1.1\r\nHost: a\r\nX: "), b"a")

    def slow_bodies(self, address):
        head = b"POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
        self.drip(self.hold(address, head), b"a")

    def half_open(self, address):
        """The first bytes of a handshake, and nothing more."""
        self.hold(address, bytes.fromhex("160301020001"), is_secure=False)
        self.is_over.wait()

    def repeat(self, request, address):
        while not self.is_over.wait(1 / RATE):
            try:
                with self.connect(address) as connection:
                    connection.sendall(request)
                    while connection.recv(65536):
                        pass
            except OSError:
                pass
            self.count += 1


def latencies(server, path, headers, seconds):
    """Milliseconds until the last byte of each request of one client, one after the other."""
    context = ssl.create_default_context(cafile=server.authority)
    connection = http.client.HTTPSConnection("localhost", server.tls_port, timeout=60, context=context)
    taken, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"an honest pull: {answer.status}"
        taken.append((time.monotonic() - begin) * 1000)
        time.sleep(0.002)
    connection.close()
    return taken


def middle_and_end(values):
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


def measure(server, scope, seconds):
    """The median and the 99th of a hundred, alone and under attack, and how many requests the attackers made."""
    headers = server.headers(scope)
    push_bytes(server, "bench/door", b"a small blob", headers)
    path = f"/v2/bench/door/blobs/{digest(b'a small blob')}"
    latencies(server, path, headers, 1)
    calm = latencies(server, path, headers, seconds)
    with Attack(server) as attackers:
        begin = time.monotonic()
        busy = latencies(server, path, headers, seconds)
        rate = attackers.count / (time.monotonic() - begin)
    return middle_and_end(calm), middle_and_end(busy), rate
