"""Serves Radicale on a free port, and prints it.

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


server = wsgiref.simple_server.make_server(
    "127.0.0.1", 0, radicale.app.Application(configuration), Server, Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
