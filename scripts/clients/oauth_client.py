"""What a service does that gets tokens of others, with Authlib, against a service at $HALLPASS_URL: it asks whose they are (RFC
7662) and ends them (RFC 7009).

It wants the user $HALLPASS_USER with the password $HALLPASS_PASSWORD, and the client `orders` with the secret
$HALLPASS_CLIENT_SECRET.
"""

import os

import requests
from authlib.integrations.requests_client import OAuth2Session

URL = os.environ["HALLPASS_URL"]
CREDENTIALS = {"username": os.environ["HALLPASS_USER"], "password": os.environ["HALLPASS_PASSWORD"]}
SECRET = os.environ["HALLPASS_CLIENT_SECRET"]


def given_out():
    """An opaque token and a refresh token of the user."""
    opaque = requests.post(f"{URL}/api-token-auth/", json=CREDENTIALS, timeout=15).json()["token"]
    refresh = requests.post(f"{URL}/api/token/", json=CREDENTIALS, timeout=15).json()["refresh"]
    return {"access_token": opaque, "refresh_token": refresh}


def ask_and_end(method):
    """Both kinds of token, by a client that says who it is in this way."""
    session = OAuth2Session("orders", SECRET, revocation_endpoint_auth_method=method)
    # Authlib has no setting of its own for how one says so at the introspection endpoint.
    session.token_endpoint_auth_method = method
    for hint, token in given_out().items():
        said = session.introspect_token(f"{URL}/oauth/introspect/", token=token, token_type_hint=hint).json()
        assert said["active"] is True, said
        assert (said["username"], said["token_use"]) == (CREDENTIALS["username"], hint), said

        ended = session.revoke_token(f"{URL}/oauth/revoke/", token=token, token_type_hint=hint)
        assert (ended.status_code, ended.content) == (200, b""), ended.text

        said = session.introspect_token(f"{URL}/oauth/introspect/", token=token, token_type_hint=hint).json()
        assert said == {"active": False}, said


def refused():
    """One whose secret is wrong is told so in OAuth's words."""
    session = OAuth2Session("orders", "wrong")
    answer = session.introspect_token(f"{URL}/oauth/introspect/", token="x")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text


for way in ("client_secret_basic", "client_secret_post"):
    ask_and_end(way)
refused()
print("PASS Authlib: both kinds of token are asked about and ended, by a client in a header and in the body")
