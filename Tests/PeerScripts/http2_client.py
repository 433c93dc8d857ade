"""Speaks HTTP/2 over TLS as no well-behaved client does, and says what came of it.

http2_client.py PORT CA NAME WHAT [PATH]
"""

import socket
import ssl
import struct
import sys
from collections import deque

import h2.config
import h2.connection
import h2.events
import h2.settings

port, authority, name, what = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
path = sys.argv[5] if len(sys.argv) > 5 else "/who"

context = ssl.create_default_context(cafile=authority)
context.set_alpn_protocols(["h2"])
plain = socket.create_connection(("127.0.0.1", port), timeout=30)
peer = context.wrap_socket(plain, server_hostname=name)
assert peer.selected_alpn_protocol() == "h2", peer.selected_alpn_protocol()
talk = h2.connection.H2Connection(
    config=h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False)
)
talk.initiate_connection()


def ask(stream, end=True, more=(), method="GET"):
    fields = [(":method", method), (":path", path), (":scheme", "https"), (":authority", name)]
    talk.send_headers(stream, fields + list(more), end_stream=end)


def push():
    try:
        peer.sendall(talk.data_to_send())
        return True
    except OSError:
        return False


waiting = deque()


def events(until=30.0):
    """What the server says, until it closes or says nothing for a while."""
    peer.settimeout(until)
    while True:
        while waiting:
            yield waiting.popleft()
        try:
            data = peer.recv(65536)
        except TimeoutError:
            return
        except OSError:
            print("closed")
            return
        if not data:
            print("closed")
            return
        try:
            waiting.extend(talk.receive_data(data))
        except h2.exceptions.ProtocolError as error:
            print("protocol", error)
            return


def settings():
    push()
    for event in events():
        if isinstance(event, h2.events.RemoteSettingsChanged):
            for key, change in sorted(event.changed_settings.items()):
                print(int(key), change.new_value)
            return


def leave():
    """Waits for the server to take its leave in two steps, frame by frame: h2 knows only one step."""
    seen = b""
    peer.settimeout(40)
    while True:
        try:
            data = peer.recv(65536)
        except OSError:
            data = b""
        if not data:
            print("closed", flush=True)
            return
        seen += data
        while len(seen) >= 9:
            length, kind, flags = int.from_bytes(seen[:3], "big"), seen[3], seen[4]
            if len(seen) < 9 + length:
                break
            body, seen = seen[9 : 9 + length], seen[9 + length :]
            if kind == 7:
                print("goaway", struct.unpack(">I", body[4:8])[0], flush=True)
            if kind == 6 and not flags & 1:
                peer.sendall(b"\0\0\x08\x06\x01\0\0\0\0" + body)


def flood(step, count):
    """Does something many times, and says whether the server put up with it."""
    settings()
    for number in range(count):
        step(number)
        if number % 10 == 9 and not push():
            break
    push()
    for event in events(10.0):
        if isinstance(event, h2.events.ConnectionTerminated):
            print("goaway", event.error_code)
            return


def rapid_reset(number):
    stream = 1 + 2 * number
    ask(stream)
    talk.reset_stream(stream)


def wait_for_answer():
    """Asks once and says the status and how the stream ended."""
    push()
    for event in events():
        if isinstance(event, h2.events.ResponseReceived):
            fields = dict(event.headers)
            print("status", fields[":status"])
            print("connection", "connection" in fields)
            print("head ends it", event.stream_ended is not None)
        elif isinstance(event, h2.events.DataReceived):
            print("data ends it", event.stream_ended is not None)
        elif isinstance(event, h2.events.StreamEnded):
            print("ended")
            return
        elif isinstance(event, h2.events.StreamReset):
            print("reset", int(event.error_code))
            return
        elif isinstance(event, h2.events.ConnectionTerminated):
            print("goaway", int(event.error_code))


if what == "settings":
    settings()
elif what == "reset":
    flood(rapid_reset, 2000)
elif what == "ping":
    flood(lambda number: talk.ping(number.to_bytes(8, "big")), 15000)
elif what == "many-fields":
    ask(1, more=[(f"x-{number}", "a") for number in range(200)])
    wait_for_answer()
elif what == "large-field":
    ask(1, more=[("x-long", "a" * 40000)])
    wait_for_answer()
elif what == "get":
    ask(1)
    wait_for_answer()
elif what == "head":
    ask(1, method="HEAD")
    wait_for_answer()
elif what == "take-nothing":
    # The window of a stream holds 65,535 bytes, and is never opened again.
    settings()
    ask(1)
    wait_for_answer()
elif what == "stay":
    # Asks, and then waits for the server to take its leave.
    ask(1)
    wait_for_answer()
    print("idle", flush=True)
    leave()
elif what == "silent":
    push()
    leave()
elif what == "half-upload":
    fields = [(":method", "PUT"), (":path", path), (":scheme", "https"), (":authority", name)]
    talk.send_headers(1, fields + [("content-length", "3000000000")])
    talk.send_data(1, b"x" * 1000)
    wait_for_answer()
    wait_for_answer()
