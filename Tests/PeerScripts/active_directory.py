"""An Active Directory of Samba's, with people in groups within groups, for tests. Runs as root with Debian's Python.

usage: active_directory.py FOLDER

Samba insists on port 389, so it has a network of its own, in which there is only itself; connections to the port that
this says come out there. It speaks LDAP alone. alice (password `open Sesame1`) is in `devs`, which is in `engineering`,
which is in `everybody`, which is in `devs` again; bob is in `everybody`. The account `reader` may read (`reads It 1`).
"""
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time

folder = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000

subprocess.run(
    ["samba-tool", "domain", "provision", f"--targetdir={folder}/ad", "--realm=AD.TEST", "--domain=AD",
     "--server-role=dc", "--dns-backend=NONE", "--adminpass=Passw0rd.of.the.test", "--host-ip=127.0.0.1",
     "--host-name=dc1", "--option=interfaces=lo", "--option=bind interfaces only=yes"],
    check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr)
settings = f"{folder}/ad/etc/smb.conf"

from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

parameters = LoadParm()
parameters.load(settings)
database = SamDB(url=f"{folder}/ad/private/sam.ldb", session_info=system_session(), lp=parameters)
for name, password in [("alice", "open Sesame1"), ("bob", "open Sesame1"), ("reader", "reads It 1")]:
    database.newuser(name, password)
for name in ["devs", "engineering", "everybody"]:
    database.newgroup(name)
for group, members in [("devs", ["alice", "everybody"]), ("engineering", ["devs"]), ("everybody", ["engineering", "bob"])]:
    database.add_remove_group_members(group, members, add_members_operation=True)
del database

script = (
    "import fcntl, os, socket, struct, sys\n"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 0x1 | 0x40))\n"  # lo goes up
    "os.execvp(sys.argv[1], sys.argv[1:])")


def go_with_us():
    libc.prctl(1, signal.SIGKILL)


samba = subprocess.Popen(
    ["unshare", "--net", sys.executable, "-c", script, "samba", "-F", "--no-process-group", "-M", "single", "-s", settings,
     "--debug-stdout", "--option=server services=ldap", "--option=ldap server require strong auth=no"],
    stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr, preexec_fn=go_with_us)


def end(*_):
    samba.terminate()
    samba.wait()
    os._exit(0)


signal.signal(signal.SIGTERM, end)
network = os.open(f"/proc/{samba.pid}/ns/net", os.O_RDONLY)
own = os.open("/proc/self/ns/net", os.O_RDONLY)


def connection():
    """A connection to Samba, made in its network by the thread that asks."""
    global network
    if libc.setns(network, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    try:
        return socket.create_connection(("127.0.0.1", 389), timeout=30)
    finally:
        libc.setns(own, CLONE_NEWNET)


def pump(source, goal):
    try:
        while data := source.recv(65536):
            goal.sendall(data)
    except OSError:
        pass
    for each in (source, goal):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    there = connection()
    there.settimeout(None)
    threading.Thread(target=pump, args=(client, there), daemon=True).start()
    pump(there, client)


deadline = time.monotonic() + 60
while True:
    # It is in a network of its own once it has begun, and listens a little later.
    os.close(network)
    network = os.open(f"/proc/{samba.pid}/ns/net", os.O_RDONLY)
    try:
        if os.readlink(f"/proc/{samba.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            raise OSError("it has no network of its own yet")
        connection().close()
        break
    except OSError as error:
        if samba.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"samba did not start: {error}")
        time.sleep(0.1)

door = socket.create_server(("127.0.0.1", 0))
print(f"listening on 127.0.0.1:{door.getsockname()[1]}", flush=True)
while True:
    threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()
