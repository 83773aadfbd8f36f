"""The credentials that requests carry: opaque keys by rule, and JSON web tokens signed here."""

import base64
import hashlib
import hmac
import json
import random
import time

SECRET_KEY = "a secret of the benchmark and of nothing else, 32 bytes and more"
# How many different users send requests, where there are so many.
WORKING_SET = 20_000
DAY = 86_400


def key(user_id: int) -> str:
    """The opaque token of a user: 40 digits that follow no order, as random ones would; data.py makes the same in SQL."""
    return (md5(str(user_id)) + md5(f"x{user_id}"))[:40]


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def working_set(users: int) -> list[int]:
    """The ids of those who send requests, always the same, spread over all."""
    return random.Random(users).sample(range(1, users + 1), min(users, WORKING_SET))


def jwt(user_id: int, token_type: str, jti: str, lifetime: int = DAY) -> str:
    """A token as SimpleJWT signs it."""
    now = int(time.time())
    claims = {"token_type": token_type, "exp": now + lifetime, "iat": now, "jti": jti, "user_id": str(user_id)}
    signed = f"{HEADER}.{encoded(json.dumps(claims, separators=(',', ':')).encode())}"
    return f"{signed}.{encoded(hmac.digest(SECRET_KEY.encode(), signed.encode(), 'sha256'))}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


HEADER = encoded(b'{"alg":"HS256","typ":"JWT"}')


def access(user_id: int) -> str:
    return jwt(user_id, "access", md5(f"access{user_id}"))
