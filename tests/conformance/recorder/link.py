"""The uid and the token of a mailed link, for a case."""

import base64
import json
from datetime import datetime
from types import SimpleNamespace

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from .database import Seed
from .servers import PROFILES


def link(username: str, year: int) -> int:
    """Prints what a link mailed to a seeded user at the beginning of `year` would hold."""
    settings.configure(SECRET_KEY=PROFILES["secret_key"])
    row = next(row for row in Seed().rows["auth_user"] if row["username"] == username)
    last_login = row["last_login"] and datetime.fromisoformat(row["last_login"])
    user = SimpleNamespace(**row | {"pk": row["id"], "last_login": last_login}, get_email_field_name=lambda: "email")
    mailed_at = int((datetime(year, 1, 1) - datetime(2001, 1, 1)).total_seconds())
    token = PasswordResetTokenGenerator()._make_token_with_timestamp(user, mailed_at, settings.SECRET_KEY)
    uid = base64.urlsafe_b64encode(str(row["id"]).encode()).decode().rstrip("=")
    print(json.dumps({"uid": uid, "token": token}))
    return 0
