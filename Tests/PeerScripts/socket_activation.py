"""Does for a server what systemd does: listens for it, starts it, hears from it, and starts it anew while clients
come all the time. Says as JSON what came of it.

socket_activation.py ROUNDS PROGRAM ARGUMENT...
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

rounds, command = int(sys.argv[1]), sys.argv[2:]
folder = tempfile.mkdtemp()
door = socket.socket()
door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
door.bind(("127.0.0.1", 0))
door.listen(1024)
port = door.getsockname()[1]
ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ear.bind(folder + "/notify")
ear.settimeout(60)
seen = {"answers": 0, "refused": 0, "failed": [], "starts": 0, "stops": 0, "signs": 0, "codes": []}
lock = threading.Lock()
done = threading.Event()

# What systemd's own program would have set between fork and exec.
launcher = (
    "import os,sys; fd=int(sys.argv[1]); os.dup2(fd, 3, inheritable=True);"
    "os.environ['LISTEN_PID']=str(os.getpid()); os.execv(sys.argv[2], sys.argv[2:])"
)


def start():
    environment = dict(os.environ)
    environment.update(
        LISTEN_FDS="1", LISTEN_FDNAMES="door", NOTIFY_SOCKET=folder + "/notify", WATCHDOG_USEC="600000"
    )
    return subprocess.Popen(
        [sys.executable, "-c", launcher, str(door.fileno())] + command,
        env=environment,
        pass_fds=[door.fileno()],
        stdout=subprocess.DEVNULL,
    )


def hear(word):
    """Waits until the server has said it."""
    while True:
        text = ear.recv(4096).decode()
        if text == "WATCHDOG=1":
            seen["signs"] += 1
        if text == word:
            return


def client():
    while not done.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            status = connection.getresponse().status
            with lock:
                seen["answers"] += 1
                if status != 200:
                    seen["failed"].append(str(status))
        except ConnectionRefusedError:
            with lock:
                seen["refused"] += 1
        except (OSError, http.client.HTTPException) as error:
            with lock:
                seen["failed"].append(repr(error))
        finally:
            connection.close()


server = start()
threads = [threading.Thread(target=client) for _ in range(4)]
try:
    for thread in threads:
        thread.start()
    for _ in range(rounds):
        hear("READY=1")
        seen["starts"] += 1
        goal = seen["answers"] + 50
        while seen["answers"] < goal and server.poll() is None:
            time.sleep(0.01)
        hear("WATCHDOG=1")
        server.send_signal(signal.SIGTERM)
        hear("STOPPING=1")
        seen["stops"] += 1
        seen["codes"].append(server.wait(60))
        server = start()
    hear("READY=1")
    seen["starts"] += 1
finally:
    done.set()
    for thread in threads:
        thread.join()
    server.terminate()
    server.wait(60)
print(json.dumps(seen))
