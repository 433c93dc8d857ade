"""OpenStack Swift with its S3, in one process and one folder.

usage: swift_server.py FOLDER ACCESS SECRET

It says `listening on PORT`. ACCESS is `account:user`, as tempauth has them.
"""
import os
import sys

import eventlet

eventlet.monkey_patch()

import logging

from eventlet import wsgi
from paste.deploy import loadapp
from swift.common import constraints, utils
from swift.common.ring.builder import RingBuilder
from swift.common.storage_policy import POLICIES

folder, access, secret = sys.argv[1:4]
account, user = access.split(":")
utils.HASH_PATH_SUFFIX = b"tests"
utils.config.HASH_PATH_SUFFIX = b"tests"
os.makedirs(f"{folder}/devices/disk", exist_ok=True)
sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in ("account", "container", "object", "proxy")}

for kind in ("account", "container", "object"):
    builder = RingBuilder(2, 1, 0)
    builder.add_dev({
        "region": 1, "zone": 1, "ip": "127.0.0.1", "port": sockets[kind].getsockname()[1], "device": "disk",
        "weight": 1.0, "replication_ip": "127.0.0.1", "replication_port": sockets[kind].getsockname()[1]})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
    with open(f"{folder}/{kind}.conf", "w") as file:
        file.write(f"""[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
""")

with open(f"{folder}/proxy.conf", "w") as file:
    file.write(f"""[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors listing_formats s3api tempauth copy slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
""")

log = utils.get_logger({}, log_route="tests")
for kind, socket in sockets.items():
    app = loadapp(f"config:{folder}/{kind}.conf", name="main")
    eventlet.spawn(wsgi.server, socket, app, logging.getLogger(kind), max_size=200, log_output=False)
print(f"listening on {sockets['proxy'].getsockname()[1]}", flush=True)
eventlet.event.Event().wait()
