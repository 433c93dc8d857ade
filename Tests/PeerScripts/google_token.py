"""Reads a token.json with Google's own library.

usage: google_token.py FILE
"""
import sys

import google.oauth2.credentials

token = google.oauth2.credentials.Credentials.from_authorized_user_file(sys.argv[1])
print(token.refresh_token, token.client_id, token.expiry.isoformat())
