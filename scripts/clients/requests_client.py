"""What a Python program with requests does all day, against a service at $HALLPASS_URL whose access tokens soon expire.

It wants the user $HALLPASS_USER with the password $HALLPASS_PASSWORD, refresh tokens that rotate and are blacklisted, and no
grace for those that were used.
"""

import os
import time

import requests

URL = os.environ["HALLPASS_URL"]
CREDENTIALS = {"username": os.environ["HALLPASS_USER"], "password": os.environ["HALLPASS_PASSWORD"]}
PATIENCE = 15


class LoggedOut(Exception):
    """When the refresh token is refused, and only a password helps."""


class RenewingAuth(requests.auth.AuthBase):
    """Sends the access token along; when it has expired, renews it and sends the request once more."""

    def __init__(self, tokens, refresh_path):
        self.tokens = tokens
        self.refresh_path = refresh_path
        self.renewals = 0

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.tokens['access']}"
        request.register_hook("response", self.retry_once)
        return request

    def retry_once(self, response, **options):
        if response.status_code != 401 or response.json().get("code") != "token_not_valid":
            return response
        self.renew()
        response.close()
        request = response.request.copy()
        request.headers["Authorization"] = f"Bearer {self.tokens['access']}"
        # The adapter calls no hooks, so that this request is the last.
        again = response.connection.send(request, **options)
        again.history.append(response)
        again.request = request
        return again

    def renew(self):
        answer = post(self.refresh_path, {"refresh": self.tokens["refresh"]})
        if answer.status_code == 401:
            raise LoggedOut(answer.json()["detail"])
        answer.raise_for_status()
        self.tokens.update(answer.json())
        self.renewals += 1


# Neither a proxy nor a .netrc of whoever runs this.
plain = requests.Session()
plain.trust_env = False


def post(path, data, authorization=None):
    headers = {"Authorization": authorization} if authorization else {}
    return plain.post(URL + path, json=data, headers=headers, timeout=PATIENCE)


def get(path, authorization):
    return plain.get(URL + path, headers={"Authorization": authorization}, timeout=PATIENCE)


def check(what, found, expected):
    assert found == expected, f"{what}: expected {expected!r}, found {found!r}"


def passed(what):
    print(f"PASS requests: {what}", flush=True)


def wait_for_expiry(access):
    """Asks until the token has expired, and gives the refusal."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = get("/whoami/", f"Bearer {access}")
        if answer.status_code != 200:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"the access token is still good after {PATIENCE} seconds")


def jwt_session(login_path, refresh_path):
    refusal = post(login_path, {**CREDENTIALS, "password": "wrong"})
    check("a wrong password", refusal.status_code, 401)
    check("a wrong password", refusal.json(), {"detail": "No active account found with the given credentials"})
    passed(f"{login_path} refuses a wrong password")

    refusal = post(login_path, {"username": "alice"})
    check("a missing password", (refusal.status_code, refusal.json()), (400, {"password": ["This field is required."]}))
    passed(f"{login_path} names the missing field")

    login = post(login_path, CREDENTIALS)
    check("the login", (login.status_code, sorted(login.json())), (200, ["access", "refresh"]))
    passed(f"{login_path} gives a pair of tokens")

    auth = RenewingAuth(login.json(), refresh_path)
    session = requests.Session()
    session.trust_env = False
    session.auth = auth
    first = dict(auth.tokens)

    expired = wait_for_expiry(first["access"])
    check("an expired token", (expired.status_code, expired.json()["code"]), (401, "token_not_valid"))
    check("an expired token", expired.json()["messages"][0]["token_type"], "access")
    answer = session.get(URL + "/whoami/", timeout=PATIENCE)
    check("whoami", (answer.status_code, answer.json()["username"]), (200, CREDENTIALS["username"]))
    check("renewals and answers before the last", (auth.renewals, len(answer.history)), (1, 1))
    passed("an expired access token is renewed and the request sent once more")

    assert auth.tokens["refresh"] != first["refresh"], "the refresh token was not rotated"
    assert auth.tokens["access"] != first["access"], "the access token is the old one"
    wait_for_expiry(auth.tokens["access"])
    answer = session.get(URL + "/auth/users/me/", timeout=PATIENCE)
    check("me", (answer.status_code, answer.json()["username"], auth.renewals), (200, CREDENTIALS["username"], 2))
    passed("the rotated refresh token renews again")

    logout = post("/api/token/blacklist/", {"refresh": auth.tokens["refresh"]})
    check("the logout", (logout.status_code, logout.json()), (200, {}))
    try:
        auth.renew()
    except LoggedOut as refusal:
        check("the refusal", str(refusal), "Token is blacklisted")
    else:
        raise AssertionError("a blacklisted refresh token was renewed")
    wait_for_expiry(auth.tokens["access"])
    try:
        session.get(URL + "/whoami/", timeout=PATIENCE)
    except LoggedOut:
        pass
    else:
        raise AssertionError("a request after the logout was answered")
    passed("after the logout nothing is renewed")


def stolen_refresh_token():
    auth = RenewingAuth(post("/api/token/", CREDENTIALS).json(), "/api/token/refresh/")
    used = auth.tokens["refresh"]
    auth.renew()
    replay = post("/api/token/refresh/", {"refresh": used})
    check("a used token", (replay.status_code, replay.json()["code"]), (401, "token_not_valid"))
    try:
        auth.renew()
    except LoggedOut:
        passed("a refresh token that is used twice ends its family")
    else:
        raise AssertionError("the successor of a token that was used twice was renewed")


def token_session():
    login = post("/auth/token/login/", CREDENTIALS)
    check("the login", (login.status_code, list(login.json())), (200, ["auth_token"]))
    authorization = f"Token {login.json()['auth_token']}"
    answer = get("/auth/users/me/", authorization)
    check("me", (answer.status_code, answer.json()["username"]), (200, CREDENTIALS["username"]))
    passed("/auth/token/login/ gives a token that is good at /auth/users/me/")

    logout = post("/auth/token/logout/", None, authorization)
    check("the logout", (logout.status_code, logout.content), (204, b""))
    refusal = get("/auth/users/me/", authorization)
    check("after the logout", (refusal.status_code, refusal.json()), (401, {"detail": "Invalid token."}))
    passed("/auth/token/logout/ ends it")


jwt_session("/auth/jwt/create/", "/auth/jwt/refresh/")
jwt_session("/api/token/", "/api/token/refresh/")
stolen_refresh_token()
token_session()
