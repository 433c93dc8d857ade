"""Says HTTP/2 as no client should, frame by frame, and looks what the server makes of it (RFC 9113, RFC 7541).

    http2_frames.py PORT

Each case has a connection of its own. After each, another connection has to be served. Prints a line for each case whose
answer is not the one that the standard asks for, and ends with 1 when there was one.
"""
import socket
import ssl
import struct
import sys
import time

import hpack

PORT = int(sys.argv[1])
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
NO_ERROR, PROTOCOL, INTERNAL, FLOW, _, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION, _, CALM = range(12)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def request(path="/healthz", method="GET", more=(), without=(), first=()):
    fields = [(":method", method), (":scheme", "https"), (":path", path), (":authority", "localhost")]
    fields = list(first) + [f for f in fields if f[0] not in without] + list(more)
    return hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*f) for f in fields], huffman=False)


class Connection:
    def __init__(self, preface=PREFACE, settings=frame(SETTINGS)):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.buffer = b""
        self.send(preface + settings)

    def send(self, data):
        """False when the server takes no more."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def frames(self, limit):
        """What the server says, until it closes or is silent for so many seconds."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            while len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) < 9 + length:
                    break
                kind, flags, stream = self.buffer[3], self.buffer[4], int.from_bytes(self.buffer[5:9], "big")
                payload, self.buffer = self.buffer[9:9 + length], self.buffer[9 + length:]
                yield kind, flags, stream, payload
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                return
            except OSError:
                data = b""
            if not data:
                yield None, 0, 0, b""
                return
            self.buffer += data

    def outcome(self, limit=10):
        """What became of it: ("goaway", code), ("reset", code), ("answer", status) or ("closed", None)."""
        decoder = hpack.Decoder()
        for kind, flags, stream, payload in self.frames(limit):
            if kind is None:
                return "closed", None
            if kind == GOAWAY:
                return "goaway", int.from_bytes(payload[4:8], "big")
            if kind == RST:
                return "reset", int.from_bytes(payload[:4], "big")
            if kind == HEADERS:
                return "answer", int(dict(decoder.decode(payload))[":status"])
        return "silence", None

    def close(self):
        self.socket.close()


def ends(*codes):
    """The connection ends, with one of these codes if it says one."""
    return lambda kind, code: kind == "closed" or (kind == "goaway" and code in codes)


def is_refused(*codes):
    """The stream or the connection ends, or the request is answered with 400."""
    return lambda kind, code: (kind, code) == ("answer", 400) or kind == "closed" or (
        kind in ("reset", "goaway") and code in codes)


def is_answered(status=200):
    return lambda kind, code: (kind, code) == ("answer", status)


def head(stream=1, flags=END_STREAM | END_HEADERS, block=None):
    return frame(HEADERS, flags, stream, request() if block is None else block)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


window = struct.pack(">I", 0x7FFFFFFF)
opened = head(flags=END_HEADERS, block=request("/v2/", "POST"))
CASES = [
    ("a request", head(), is_answered()),
    ("a preface that is none", dict(preface=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", settings=b""), ends(PROTOCOL)),
    ("no settings first", dict(settings=frame(PING, 0, 0, b"12345678")), ends(PROTOCOL)),
    ("a frame that is too large", frame(DATA, 0, 1, b"a" * 16385), ends(SIZE, PROTOCOL)),
    ("a large head", frame(HEADERS, 5, 1, b"a" * 16385), ends(SIZE)),
    ("settings of five bytes", frame(SETTINGS, 0, 0, b"12345"), ends(SIZE)),
    ("settings of a stream", frame(SETTINGS, 0, 1), ends(PROTOCOL)),
    ("an acknowledgement with something in it", frame(SETTINGS, ACK, 0, b"123456"), ends(SIZE)),
    ("a window beyond its limit", settings((4, 0x80000000)), ends(FLOW)),
    ("frames smaller than may be", settings((5, 100)), ends(PROTOCOL)),
    ("a push that is neither on nor off", settings((2, 2)), ends(PROTOCOL)),
    ("settings nobody knows", settings((0x7777, 5)) + head(), is_answered()),
    ("a frame nobody knows", frame(0x77, 0, 0, b"abc") + head(), is_answered()),
    ("a ping of seven bytes", frame(PING, 0, 0, b"1234567"), ends(SIZE)),
    ("a ping of a stream", frame(PING, 0, 1, b"12345678"), ends(PROTOCOL)),
    ("a window that is raised by nothing", frame(WINDOW, 0, 0, b"\0\0\0\0"), ends(PROTOCOL)),
    ("a window that overflows", frame(WINDOW, 0, 0, window) * 2, ends(FLOW)),
    ("a window of a stream nobody opened", frame(WINDOW, 0, 1, window), ends(PROTOCOL)),
    ("a head of no stream", frame(HEADERS, 5, 0, request()), ends(PROTOCOL)),
    ("a stream of the server's", head(2), ends(PROTOCOL)),
    ("a stream that was passed", head(5) + head(3), "after", ends(PROTOCOL, CLOSED)),
    ("bytes of no stream", frame(DATA, 0, 0, b"a"), ends(PROTOCOL)),
    ("bytes of a stream nobody opened", frame(DATA, 0, 1, b"a"), ends(PROTOCOL)),
    ("a reset of a stream nobody opened", frame(RST, 0, 1, b"\0\0\0\0"), ends(PROTOCOL)),
    ("a push of a client's", frame(PUSH, 4, 1, b"\0\0\0\2" + request()), ends(PROTOCOL)),
    ("padding longer than the frame", frame(HEADERS, 13, 1, b"\xff" + b"a" * 10), ends(PROTOCOL)),
    ("the rest of no head", frame(CONTINUATION, 4, 1, request()), ends(PROTOCOL)),
    ("a ping within a head", head(flags=1) + frame(PING, 0, 0, b"12345678"), ends(PROTOCOL)),
    ("the rest of another head", head(flags=1) + frame(CONTINUATION, 4, 3), ends(PROTOCOL)),
    ("a head that cannot be read", frame(HEADERS, 5, 1, b"\x80"), ends(COMPRESSION)),
    ("a table larger than agreed", frame(HEADERS, 5, 1, b"\x3f\xff\xff\x7f" + request()), ends(COMPRESSION)),
    ("a field in capitals", head(block=request(more=[("X-Capital", "a")])), is_refused(PROTOCOL)),
    ("a field of the connection's", head(block=request(more=[("connection", "close")])), is_refused(PROTOCOL)),
    ("chunks", head(block=request(more=[("transfer-encoding", "chunked")])), is_refused(PROTOCOL)),
    ("te that is not trailers", head(block=request(more=[("te", "gzip")])), is_refused(PROTOCOL)),
    ("no path", head(block=request(without=[":path"])), is_refused(PROTOCOL)),
    ("an empty path", head(block=request(path="")), is_refused(PROTOCOL)),
    ("no method", head(block=request(without=[":method"])), is_refused(PROTOCOL)),
    ("no scheme", head(block=request(without=[":scheme"])), is_refused(PROTOCOL)),
    ("two paths", head(block=request(more=[(":path", "/b")])), is_refused(PROTOCOL)),
    ("an answer's field in a request", head(block=request(more=[(":status", "200")])), is_refused(PROTOCOL)),
    ("what comes first comes last", head(block=request(first=[("a", "b")])), is_refused(PROTOCOL)),
    ("a line's end in a value", head(block=request(more=[("a", "b\r\nc: d")])), is_refused(PROTOCOL)),
    ("a length that is not the body's", opened[:0] + frame(
        HEADERS, 4, 1, request("/v2/", "POST", [("content-length", "5")])) + frame(DATA, 1, 1, b"a" * 9),
     is_refused(PROTOCOL)),
    ("trailers with a path", opened + frame(HEADERS, 5, 1, request()), "after", is_refused(PROTOCOL)),
    ("a flood of rests", head(flags=1) + frame(CONTINUATION, 0, 1, b"\0\1a\1b" * 3000) * 400,
     ends(PROTOCOL, CALM, COMPRESSION, SIZE, INTERNAL)),
    ("a flood of empty rests", head(flags=1) + frame(CONTINUATION, 0, 1) * 100_000,
     ends(PROTOCOL, CALM, COMPRESSION, SIZE, INTERNAL)),
    ("a flood of settings", settings((3, 100)) * 100_000, ends(PROTOCOL, CALM)),
    ("a flood of empty bytes", opened + frame(DATA, 0, 1) * 100_000, "after", ends(PROTOCOL, CALM)),
    ("a small head that becomes large", frame(
        HEADERS, 4, 1, request(more=[]) + b"\x40\x01a\x7f\xe1\x1e" + b"b" * 4000 + b"\xbe" * 12_000),
     lambda kind, code: (kind, code) in (("answer", 431), ("answer", 400)) or kind in ("closed", "goaway", "reset")),
]


def run(case):
    name, what, expected = case[0], case[1], case[-1]
    connection = Connection(**what) if isinstance(what, dict) else Connection()
    sent = True if isinstance(what, dict) else connection.send(what)
    kind, code = connection.outcome()
    # The first words may be about what was right before.
    while "after" in case and not expected(kind, code) and kind in ("answer", "reset"):
        kind, code = connection.outcome(5)
    connection.close()
    if not expected(kind, code):
        return f"{name}: {kind} {code}"
    other = Connection()
    other.send(head())
    served = other.outcome()
    other.close()
    return None if served == ("answer", 200) else f"{name}: nobody else is served: {served}"


failures = [failure for case in CASES if (failure := run(case))]
print("\n".join(failures) if failures else f"{len(CASES)} cases")
sys.exit(1 if failures else 0)
