"""An OpenID provider: Django OAuth Toolkit, as strict as it is by default (PKCE, redirect addresses, the client's secret).

usage: openid_provider.py FOLDER CLIENT_ID CLIENT_SECRET REDIRECT [PORT]

Its people are alice (password `alice`, groups dev and ops) and bob (password `bob`, group guests). It says where it
listens. `/control/leave/NAME/GROUP` takes somebody out of a group, `/control/forget/NAME` ends what was granted.
"""
import base64
import os
import socketserver
import sys
import urllib.parse
import wsgiref.simple_server

folder, client_id, client_secret, redirect = sys.argv[1:5]
port = int(sys.argv[5]) if len(sys.argv) > 5 else 0
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


server = Server(("127.0.0.1", port), Quiet)
port = server.server_address[1]

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

key_file = f"{folder}/provider-key.pem"
if not os.path.exists(key_file):
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with open(key_file, "wb") as file:
        file.write(made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

import django
from django.conf import settings

settings.configure(
    SECRET_KEY=base64.b64encode(os.urandom(30)).decode(), ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="__main__",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/provider.db",
                           "OPTIONS": {"timeout": 20}}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", LOGIN_URL="/login", USE_TZ=True,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": open(key_file).read(),
        "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o", "PKCE_REQUIRED": True,
        "SCOPES": {"openid": "who you are", "profile": "what you are called", "email": "your address"},
        "OAUTH2_VALIDATOR_CLASS": "__main__.Validator", "ROTATE_REFRESH_TOKEN": True,
    })
django.setup()

from django.contrib.auth import authenticate, get_user_model, login
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.shortcuts import redirect as go
from oauth2_provider.models import get_access_token_model, get_application_model, get_refresh_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):
    oidc_claim_scope = None

    def get_additional_claims(self, request):
        user = request.user
        return {"email": user.email, "email_verified": True, "preferred_username": user.username,
                "groups": sorted(group.name for group in user.groups.all())}


def sign_in(request):
    goal = request.GET.get("next", "")
    if request.method == "POST":
        user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
        if user and url_has_allowed_host_and_scheme(goal, {request.get_host()}):
            login(request, user)
            return go(goal)
        return HttpResponse("wrong", status=401)
    return HttpResponse(
        f'<!DOCTYPE html><title>Provider</title><form method="post" action="/login?next={urllib.parse.quote(goal, safe="")}">'
        '<input name="username"><input name="password" type="password"><button>Sign in</button></form>')


def leave(request, name, group):
    get_user_model().objects.get(username=name).groups.remove(Group.objects.get(name=group))
    return HttpResponse("left")


def forget(request, name):
    get_refresh_token_model().objects.filter(user__username=name).delete()
    get_access_token_model().objects.filter(user__username=name).delete()
    return HttpResponse("forgotten")


urlpatterns = [
    path("login", sign_in),
    path("control/leave/<name>/<group>", leave),
    path("control/forget/<name>", forget),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]

call_command("migrate", verbosity=0)
users = get_user_model().objects
if not users.exists():
    for name, groups in [("alice", ["dev", "ops"]), ("bob", ["guests"])]:
        user = users.create_user(name, f"{name}@example.com", name)
        for group in groups:
            user.groups.add(Group.objects.get_or_create(name=group)[0])
    get_application_model().objects.create(
        name="registry", client_id=client_id, client_secret=client_secret, client_type="confidential",
        authorization_grant_type="authorization-code", algorithm="RS256", skip_authorization=True,
        redirect_uris=redirect)
server.set_app(get_wsgi_application())
print(f"listening on http://127.0.0.1:{port}", flush=True)
server.serve_forever()
