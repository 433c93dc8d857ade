"""Serves Radicale on a free port, and prints it; notes the method of each request in FOLDER/requests.

usage: radicale_server.py FOLDER USER PASSWORD
"""
import os
import socketserver
import sys
import wsgiref.simple_server

import radicale.app
import radicale.config

folder, user, password = sys.argv[1:]
users = os.path.join(folder, "users")
with open(users, "w", encoding="utf-8") as file:
    file.write(f"{user}:{password}\n")
configuration = radicale.config.load()
configuration.update({
    "auth": {"type": "htpasswd", "htpasswd_filename": users, "htpasswd_encryption": "plain", "delay": "0"},
    "storage": {"filesystem_folder": os.path.join(folder, "collections")},
    "logging": {"level": "error"},
}, "test")


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

    def log_request(self, *arguments):
        with open(os.path.join(folder, "requests"), "a", encoding="utf-8") as file:
            file.write(self.command + "\n")


server = wsgiref.simple_server.make_server(
    "127.0.0.1", 0, radicale.app.Application(configuration), Server, Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
