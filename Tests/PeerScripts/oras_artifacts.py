"""Pushes artifacts with the oras client, lets one refer to another, and reads both back.

usage: oras_artifacts.py ADDRESS NAME PASSWORD

Prints one line for each thing that was seen to be right, and ends with an error at the first that was not.
"""

import hashlib
import json
import os
import sys
import tempfile

import oras.oci
import oras.provider
import requests

address, name, password = sys.argv[1:]
os.environ["HOME"] = os.environ["DOCKER_CONFIG"] = tempfile.mkdtemp()
os.chdir(tempfile.mkdtemp())

# Once it has a token, this client never asks for one that may more: whoever pushes with it says so by "basic".
client = oras.provider.Registry(hostname=address, insecure=True, auth_backend="basic")
client.auth.set_basic_auth(name, password)
target = f"{address}/artifacts/thing:v1"
base = f"http://{address}/v2/artifacts/thing"

with open("notes.txt", "w") as file:
    file.write("what the oras client pushed\n")

answer = client.push(target, files=["notes.txt:text/plain"])
assert answer.status_code in (200, 201), answer.text
print("pushed")

assert client.get_tags(target) == ["v1"]
print("listed")

manifest = client.get_manifest(target)
assert manifest["layers"][0]["mediaType"] == "text/plain"
files = client.pull(target, outdir="back")
assert open(files[0]).read() == open("notes.txt").read()
print("pulled")

raw = requests.get(f"{base}/manifests/v1", auth=(name, password))
digest = raw.headers["Docker-Content-Digest"]
assert digest == "sha256:" + hashlib.sha256(raw.content).hexdigest()
subject = oras.oci.Subject(
    mediaType=raw.headers["Content-Type"], digest=digest, size=len(raw.content)
)
with open("bill.json", "w") as file:
    json.dump({"made": "of nothing"}, file)
answer = client.push(
    f"{address}/artifacts/thing:bill", files=["bill.json:application/vnd.test.bill"], subject=subject
)
assert answer.status_code in (200, 201), answer.text
assert answer.headers["OCI-Subject"] == digest
print("attached")

listing = requests.get(f"{base}/referrers/{digest}", auth=(name, password))
assert listing.headers["Content-Type"] == "application/vnd.oci.image.index.v1+json"
found = listing.json()["manifests"]
bill = requests.get(f"{base}/manifests/bill", auth=(name, password))
assert [entry["digest"] for entry in found] == [bill.headers["Docker-Content-Digest"]]
print("referred")

with open("large.bin", "wb") as file:
    file.write(os.urandom(3_000_001))
answer = client.push(
    f"{address}/artifacts/large:v1", files=["large.bin"], do_chunked=True, chunk_size=1_000_000
)
assert answer.status_code in (200, 201), answer.text
files = client.pull(f"{address}/artifacts/large:v1", outdir="large")
assert open(files[0], "rb").read() == open("large.bin", "rb").read()
print("pushed in chunks")

reader = oras.provider.Registry(hostname=address, insecure=True, auth_backend="token")
reader.auth.set_basic_auth(name, password)
files = reader.pull(target, outdir="token")
assert open(files[0]).read() == open("notes.txt").read()
assert reader.auth.token
print("pulled with a token")

stranger = oras.provider.Registry(hostname=address, insecure=True, auth_backend="basic")
stranger.auth.set_basic_auth(name, "wrong")
try:
    stranger.get_tags(target)
except Exception:
    print("refused")
else:
    raise SystemExit("a wrong password was taken")
