"""A server that says who somebody is and what they may do, and that misbehaves on request.

usage: answering_server.py FOLDER SECRET [SOCKET | CERTIFICATE KEY AUTHORITY]

It takes questions with `Authorization: Bearer SECRET`; with an authority, only from clients that show a certificate of
it. `/sign-in` knows alice with the password `open sesame`, `/decide` lets everybody do what they like with `open`, and pull `half`. The
other paths misbehave. What was asked is written into FOLDER/asked, a line of JSON for each request.
"""
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time

folder, secret = sys.argv[1:3]
lock = threading.Lock()


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def address_string(self):
        return "somebody"

    def answer(self, status, value, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def shows_certificate(self):
        return hasattr(self.connection, "getpeercert") and bool(self.connection.getpeercert())

    def is_trusted(self):
        return self.headers.get("Authorization") == f"Bearer {secret}" or self.shows_certificate()

    def do_GET(self):
        if not self.is_trusted():
            return self.answer(401, {})
        self.answer(503 if self.path == "/away" else 405, {})

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with lock, open(folder + "/asked", "a") as file:
            file.write(json.dumps({"path": self.path, "host": self.headers.get("Host"),
                                   "type": self.headers.get("Content-Type"), "body": json.loads(text),
                                   "certificate": self.shows_certificate()}) + "\n")
        if not self.is_trusted():
            return self.answer(401, {"answer": "wrong_password"})
        self.reply(json.loads(text))

    def reply(self, question):
        way = self.path.strip("/").split("/")
        if way[0] == "sign-in":
            self.answer(200, self.person(question))
        elif way[0] == "decide":
            self.answer(200, self.rights(question))
        elif way[0] == "status":
            self.answer(int(way[1]), {"answer": "yes"}, [("Location", "/sign-in")])
        elif way[0] == "huge":
            self.answer(200, {"answer": "yes", "labels": {"a": ["x" * (1 << 20)]}})
        elif way[0] == "nonsense":
            self.answer(200, b"<html>yes</html>")
        elif way[0] == "cut":
            self.close_connection = True
        elif way[0] == "once":
            # Says that the connection is kept, and does not keep it.
            self.answer(200, self.person(question))
            self.close_connection = True
        elif way[0] == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "5000")
            self.end_headers()
            try:
                for _ in range(5000):
                    self.wfile.write(b" ")
                    time.sleep(0.02)
            except OSError:
                self.close_connection = True

    @staticmethod
    def rights(question):
        name = question["name"].split("/")[0]
        if name == "half":
            return {"answer": "yes", "actions": ["pull"]}
        return {"answer": {"open": "yes", "other": "unknown"}.get(name, "no")}

    @staticmethod
    def person(question):
        if question.get("account") != "alice":
            return {"answer": "unknown"}
        if question.get("password") != "open sesame":
            return {"answer": "wrong_password"}
        return {"answer": "yes", "labels": {"group": ["vip"]}}


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("unix", 0)


if len(sys.argv) == 4:
    server = UnixServer(sys.argv[3], Door)
    print("listening on " + sys.argv[3], flush=True)
else:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    scheme = "http"
    if len(sys.argv) == 6:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        context.load_verify_locations(sys.argv[5])
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(f"listening on {scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
