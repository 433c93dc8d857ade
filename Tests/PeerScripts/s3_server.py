"""An S3 for tests: moto's buckets behind a gate that is as strict as AWS.

usage: s3_server.py ACCESS SECRET [CERTIFICATE KEY]

The gate lets in whoever signs by these keys, which botocore verifies, at the right time and with the hash of the body;
it also knows the conditions of copies, which moto does not. It says `listening on PORT`. Beside S3 it answers

  POST /-/bucket/NAME      makes a bucket
  POST /-/faults           a list in JSON of what it does to the next requests instead of letting them in, each
                           {"match": "METHOD /regular expression/", "times": N, "do": what}, where `what` is a status with
                           a code of S3 ("503 SlowDown"), "hang", "cut" (no answer), "after" (does it, then cuts),
                           "say BODY" (as if all were well), "endless", "short" (less than it announces), or "pass"
  GET /-/log               one line for each request
  POST /-/run/NAME         runs lines of Python as somebody with boto3 at hand would, and answers what they print; `s3`
                           is the client, `bucket` the name. For whoever shows the SECRET in X-Secret.
"""
import collections
import datetime
import functools
import hashlib
import io
import itertools
import json
import re
import socketserver
import sys
import threading
import time
from urllib.parse import quote, unquote

import boto3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

access, secret = sys.argv[1:3]
moto = DomainDispatcherApplication(create_backend_app)
lock = threading.Lock()
faults = []
log = collections.deque(maxlen=100_000)


def refusal(status, code, message=""):
    body = f"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"{status} {code}", body.encode()


def headers_of(environ):
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers


def is_late(moment):
    given = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    return abs((datetime.datetime.now(datetime.timezone.utc) - given).total_seconds()) > 900


def signed_by_headers(environ, headers, url, body):
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)",
        headers["authorization"])
    if not found:
        return refusal(400, "AuthorizationHeaderMalformed")
    key, _, region, names, signature = found.groups()
    if key != access:
        return refusal(403, "InvalidAccessKeyId")
    names = names.split(";")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in headers):
        return refusal(403, "AccessDenied", "There were headers present in the request which were not signed")
    if is_late(headers["x-amz-date"]):
        return refusal(403, "RequestTimeTooSkewed")
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return refusal(400, "XAmzContentSHA256Mismatch")
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers={name: headers[name] for name in names})
    request.context["timestamp"] = headers["x-amz-date"]
    auth = S3SigV4Auth(Credentials(access, secret), "s3", region)
    if auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request) != signature:
        return refusal(403, "SignatureDoesNotMatch")
    return None


def signed_by_address(environ, headers, url):
    fields = dict(part.split("=", 1) for part in environ.get("QUERY_STRING", "").split("&"))
    signature = fields.pop("X-Amz-Signature")
    key, _, region, _, _ = unquote(fields["X-Amz-Credential"]).split("/")
    begun = datetime.datetime.strptime(fields["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    age = (datetime.datetime.now(datetime.timezone.utc) - begun).total_seconds()
    if key != access:
        return refusal(403, "InvalidAccessKeyId")
    if age > int(fields["X-Amz-Expires"]) or age < -900:
        return refusal(403, "AccessDenied", "Request has expired")
    plain = url.split("?")[0] + "?" + "&".join(f"{name}={value}" for name, value in fields.items())
    request = AWSRequest(environ["REQUEST_METHOD"], plain, headers={"host": headers["host"]})
    request.context["timestamp"] = fields["X-Amz-Date"]
    auth = S3SigV4QueryAuth(Credentials(access, secret), "s3", region)
    if auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request) != signature:
        return refusal(403, "SignatureDoesNotMatch")
    return None


def changed_source(headers):
    """What moto leaves out: a copy on the condition that its source is what it was."""
    wanted = headers.get("x-amz-copy-source-if-match")
    if wanted is None:
        return None
    bucket, _, key = unquote(headers["x-amz-copy-source"]).lstrip("/").partition("/")
    found = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket, key)
    if found is None:
        return refusal(404, "NoSuchKey")
    if found.etag.strip('"') != wanted.strip('"'):
        return refusal(412, "PreconditionFailed", "x-amz-copy-source-If-Match")
    return None


def fault_for(method, path):
    with lock:
        for fault in faults:
            wanted, _, pattern = fault["match"].partition(" ")
            if fault["times"] > 0 and wanted in (method, "ANY") and re.search(pattern, path):
                fault["times"] -= 1
                return fault["do"]
    return "pass"


def cut(environ):
    environ["werkzeug.socket"].shutdown(2)
    return []


def answer(environ, start, status, body, kind="application/xml"):
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def control(environ, start, path, body):
    what = path.split("/")[2]
    if what == "bucket":
        boto3_client().create_bucket(Bucket=path.split("/")[3])
    elif what == "faults":
        with lock:
            faults[:] = json.loads(body)
    elif what == "run" and environ.get("HTTP_X_SECRET") == secret:
        return answer(environ, start, "200 OK", run(path.split("/")[3], body.decode()).encode(), "text/plain")
    elif what == "log":
        return answer(environ, start, "200 OK", "\n".join(list(log)).encode(), "text/plain")
    return answer(environ, start, "200 OK", b"", "text/plain")


def run(bucket, lines):
    s3 = boto3_client()

    def keys(prefix=""):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    said = io.StringIO()
    names = {
        "s3": s3, "bucket": bucket, "keys": keys, "print": functools.partial(print, file=said),
        "read": lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read(),
        "put": lambda key, body: s3.put_object(Bucket=bucket, Key=key, Body=body)}
    exec(lines, names)
    return said.getvalue()


def app(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    path, query = environ["REQUEST_URI"].partition("?")[::2]
    if path.startswith("/-/"):
        return control(environ, start, path, body)
    headers = headers_of(environ)
    url = f"{environ['wsgi.url_scheme']}://{headers['host']}{path}" + (f"?{query}" if query else "")
    log.append(f"{environ['REQUEST_METHOD']} {path}" + (f"?{query}" if query else ""))
    todo = fault_for(environ["REQUEST_METHOD"], f"{path}?{query}")
    if todo == "hang":
        time.sleep(120)
        return cut(environ)
    if todo == "cut":
        return cut(environ)
    if todo.startswith("say "):
        return answer(environ, start, "200 OK", todo[4:].encode())
    if todo == "endless":
        start("200 OK", [("Content-Type", "application/xml"), ("Content-Length", str(1 << 40)), ("ETag", '"x"')])
        return itertools.repeat(b"<a>" * 100_000)
    if todo == "short":
        start("200 OK", [("Content-Length", "1000"), ("ETag", '"x"'), ("Connection", "close")])
        return itertools.chain([b"x"], iter(lambda: cut(environ) and None, None))
    if todo not in ("pass", "after"):
        status, _, code = todo.partition(" ")
        return answer(environ, start, *refusal(status, code))
    if "authorization" in headers:
        problem = signed_by_headers(environ, headers, url, body)
    elif "X-Amz-Signature=" in query:
        problem = signed_by_address(environ, headers, url)
    else:
        problem = refusal(403, "AccessDenied", "nobody signed")
    problem = problem or changed_source(headers)
    if problem:
        return answer(environ, start, *problem)
    result = moto(environ, start)
    if todo == "after":
        list(result)
        return cut(environ)
    return result


def boto3_client():
    return boto3.client(
        "s3", endpoint_url=address, aws_access_key_id=access, aws_secret_access_key=secret, region_name="us-east-1",
        verify=False)


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_):
        pass


socketserver.ThreadingMixIn.daemon_threads = True
context = tuple(sys.argv[3:5]) if len(sys.argv) > 3 else None
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler, ssl_context=context)
address = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
