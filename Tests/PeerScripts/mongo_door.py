"""A door before a MongoDB that knows neither users nor replica sets: it lets in whoever signs in by SCRAM, and shows two
servers of a replica set of which one is the primary.

usage: mongo_door.py UPSTREAM_PORT USER PASSWORD

It is strict: before somebody has signed in it answers `hello` and nothing else, it checks nonces, channel binding and
proof (RFC 5802, 7677), takes the database `admin` as the source alone, and each exchange once. The server that is not the primary
refuses what a secondary refuses. SIGUSR1 makes the other one the primary. It says `listening on PORT PORT`.
"""
import base64
import hashlib
import hmac
import os
import secrets
import signal
import socket
import struct
import sys
import threading

import bson
from bson import Int64, ObjectId

upstream, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
ROUNDS = {"SCRAM-SHA-256": 15000, "SCRAM-SHA-1": 10000}
FREE = {"hello", "ismaster", "isMaster", "saslStart", "saslContinue"}
WRITES = {"insert", "update", "delete", "findAndModify", "createIndexes"}
salts = {name: os.urandom(28 if name.endswith("256") else 16) for name in ROUNDS}
doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
hosts = [f"127.0.0.1:{door.getsockname()[1]}" for door in doors]
state = {"primary": 0, "term": 1}


class Refused(Exception):
    def __init__(self, code, name, text):
        super().__init__(text)
        self.answer = {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}


class Scram:
    """One exchange, at most."""

    def __init__(self):
        self.exchange = None
        self.is_done = False

    def start(self, command):
        name = command["mechanism"]
        if name not in ROUNDS or command["$db"] != "admin":
            raise Refused(18, "AuthenticationFailed", "Authentication failed.")
        self.hash = "sha256" if name.endswith("256") else "sha1"
        gs2, comma, bare = bytes(command["payload"]).decode().partition("n,,")
        parts = dict(part.split("=", 1) for part in bare.split(","))
        if gs2 or not comma or set(parts) != {"n", "r"} or len(parts["r"]) < 24:
            raise Refused(18, "AuthenticationFailed", "Authentication failed.")
        shown = parts["n"].replace("=2C", ",").replace("=3D", "=")
        secret = password if name.endswith("256") else hashlib.md5(f"{user}:mongo:{password}".encode()).hexdigest()
        if shown != user:
            secret = secrets.token_hex()  # Nobody learns which names there are.
        self.salted = hashlib.pbkdf2_hmac(self.hash, secret.encode(), salts[name], ROUNDS[name])
        self.nonce = parts["r"] + base64.b64encode(os.urandom(24)).decode()
        reply = f"r={self.nonce},s={base64.b64encode(salts[name]).decode()},i={ROUNDS[name]}"
        self.messages = [bare, reply]
        self.skips = command.get("options", {}).get("skipEmptyExchange", False)
        self.exchange = secrets.randbelow(1 << 30) + 1
        return {"conversationId": self.exchange, "done": False, "payload": reply.encode(), "ok": 1.0}

    def mac(self, key, text):
        return hmac.new(key, text, self.hash).digest()

    def go_on(self, command):
        if self.exchange is None or command["conversationId"] != self.exchange:
            raise Refused(17, "ProtocolError", "No SASL session state found")
        payload = bytes(command["payload"]).decode()
        if self.is_done and not payload:
            self.exchange = None
            return {"conversationId": command["conversationId"], "done": True, "payload": b"", "ok": 1.0}
        without, _, proof = payload.rpartition(",p=")
        key = self.mac(self.salted, b"Client Key")
        stored = hashlib.new(self.hash, key).digest()
        everything = ",".join(self.messages + [without]).encode()
        signature = self.mac(stored, everything)
        right = bytes(one ^ other for one, other in zip(key, signature))
        if without != f"c=biws,r={self.nonce}" or not hmac.compare_digest(base64.b64decode(proof), right):
            self.exchange = None
            raise Refused(18, "AuthenticationFailed", "Authentication failed.")
        self.is_done = True
        server = self.mac(self.mac(self.salted, b"Server Key"), everything)
        answer = {"conversationId": self.exchange, "done": bool(self.skips), "ok": 1.0,
                  "payload": b"v=" + base64.b64encode(server)}
        if self.skips:
            self.exchange = None
        return answer


def hello(place, scram, command, known):
    known = {name: value for name, value in known.items() if name not in ("topologyVersion", "compression")}
    is_primary = place == state["primary"]
    known.update(
        setName="rs0", setVersion=1, hosts=hosts, me=hosts[place], primary=hosts[state["primary"]],
        secondary=not is_primary, ismaster=is_primary, isWritablePrimary=is_primary)
    known.pop("electionId", None)
    if is_primary:
        known["electionId"] = ObjectId(struct.pack(">12s", b"\x7f\xff\xff\xff" + state["term"].to_bytes(8, "big")))
    if command.get("saslSupportedMechs") == f"admin.{user}":
        known["saslSupportedMechs"] = list(ROUNDS)
    if "speculativeAuthenticate" in command:
        asked = dict(command["speculativeAuthenticate"])
        asked["$db"] = asked.pop("db", "admin")
        try:
            known["speculativeAuthenticate"] = scram.start(asked)
        except Refused:
            pass
    return known


def whole(connection):
    head = exactly(connection, 16)
    return head and head + (exactly(connection, struct.unpack("<i", head[:4])[0] - 16) or b"")


def exactly(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return data


def asked(message):
    """The command, from either form; sequences of documents stay where they are."""
    if struct.unpack("<i", message[12:16])[0] == OP_QUERY:
        end = message.index(b"\0", 20)
        return bson.decode(message[end + 9:])
    place = 20
    while message[place] != 0:
        place += 1 + struct.unpack("<i", message[place + 1:place + 5])[0]
    length = struct.unpack("<i", message[place + 1:place + 5])[0]
    return bson.decode(message[place + 1:place + 1 + length])


def reply(message, document):
    number, _, code = struct.unpack("<iii", message[4:16])
    body = bson.encode(document)
    if code == OP_QUERY:
        body = struct.pack("<iqii", 8, 0, 0, 1) + body
        return struct.pack("<iiii", 16 + len(body), 0, number, OP_REPLY) + body
    body = struct.pack("<i", 0) + b"\0" + body
    return struct.pack("<iiii", 16 + len(body), 0, number, OP_MSG) + body


def answer_of(message):
    if struct.unpack("<i", message[12:16])[0] == OP_REPLY:
        return bson.decode(message[36:])
    return bson.decode(message[21:])


def serve(place, client):
    scram = Scram()
    with client, socket.create_connection(("127.0.0.1", upstream)) as there:
        while message := whole(client):
            command = asked(message)
            name = next(iter(command))
            try:
                if name not in FREE and not scram.is_done:
                    raise Refused(13, "Unauthorized", f"Command {name} requires authentication")
                if name == "saslStart":
                    client.sendall(reply(message, scram.start(command)))
                    continue
                if name == "saslContinue":
                    client.sendall(reply(message, scram.go_on(command)))
                    continue
                if name not in FREE | {"ping", "endSessions"} and place != state["primary"]:
                    if name in WRITES:
                        raise Refused(10107, "NotWritablePrimary", "not primary")
                    raise Refused(13435, "NotPrimaryNoSecondaryOk", "not primary and secondaryOk=false")
            except Refused as refused:
                client.sendall(reply(message, refused.answer))
                continue
            there.sendall(message)
            back = whole(there)
            if back is None:
                return
            if name in FREE:
                back = reply(message, hello(place, scram, command, answer_of(back)))
            client.sendall(back)


def guarded(place, client):
    try:
        serve(place, client)
    except (OSError, KeyError, ValueError) as error:
        print(f"a connection ends: {type(error).__name__} {error}", file=sys.stderr)


def stand(place):
    while True:
        client, _ = doors[place].accept()
        threading.Thread(target=guarded, args=(place, client), daemon=True).start()


def step_down(*_):
    state.update(primary=1 - state["primary"], term=state["term"] + 1)


signal.signal(signal.SIGUSR1, step_down)
for place in range(2):
    threading.Thread(target=stand, args=(place,), daemon=True).start()
print("listening on " + " ".join(host.split(":")[1] for host in hosts), flush=True)
while True:
    signal.pause()
