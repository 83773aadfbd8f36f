"""A project as `startproject` makes it, with what a profile decides read from the environment.

REFERENCE_SECRET_KEY      Django's SECRET_KEY, which also signs the JSON web tokens
REFERENCE_DATABASE_URL    sqlite:///absolute/path or postgres://user:password@host:port/name
REFERENCE_AUTHENTICATION  comma-separated schemes in order: token, basic, jwt, jwt_stateless
REFERENCE_KEYWORD         the keyword of the token scheme
REFERENCE_SIMPLE_JWT      SIMPLE_JWT as a JSON object; times are in seconds, and file:PATH stands for what the file holds
REFERENCE_DJOSER          DJOSER as a JSON object
REFERENCE_VALIDATORS      AUTH_PASSWORD_VALIDATORS as a JSON list
REFERENCE_THROTTLES       the rates of AnonRateThrottle and UserRateThrottle as a JSON object; without any, neither is there
REFERENCE_MAILS           the folder for mails; without it they are dropped
"""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SECRET_KEY = os.environ["REFERENCE_SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt.token_blacklist",
    "djoser",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "reference.urls"
WSGI_APPLICATION = "reference.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """The entry of DATABASES that `url` describes."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.removeprefix("/"),
        "USER": parts.username,
        "PASSWORD": parts.password,
        "HOST": parts.hostname,
        "PORT": parts.port,
    }


DATABASES = {"default": database(os.environ["REFERENCE_DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cheap to write, so that a logged-in user whose hash is renewed does not cost seconds. All the others are only read.
# As in Django's own list there is no MD5; unlike there, plain bcrypt is readable.
PASSWORD_HASHERS = [
    "reference.hashers.CheapBCryptSHA256PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.BCryptPasswordHasher",
]

AUTHENTICATION_CLASSES = {
    "basic": "rest_framework.authentication.BasicAuthentication",
    "jwt": "rest_framework_simplejwt.authentication.JWTAuthentication",
    "jwt_stateless": "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication",
    "token": "reference.authentication.KeywordTokenAuthentication",
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        AUTHENTICATION_CLASSES[scheme] for scheme in os.environ["REFERENCE_AUTHENTICATION"].split(",")
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
THROTTLES = json.loads(os.environ["REFERENCE_THROTTLES"])
if THROTTLES:
    # Counted in the memory of the one process that there is, under the address that a case sends.
    REST_FRAMEWORK |= {
        "DEFAULT_THROTTLE_CLASSES": [f"rest_framework.throttling.{name.title()}RateThrottle" for name in THROTTLES],
        "DEFAULT_THROTTLE_RATES": THROTTLES,
        "NUM_PROXIES": 1,
    }
TOKEN_KEYWORD = os.environ["REFERENCE_KEYWORD"]


def simple_jwt(name: str, value: Any) -> Any:
    """The value of the setting `name` of SIMPLE_JWT that JSON's `value` stands for."""
    if name.endswith("_LIFETIME") or name == "LEEWAY":
        return timedelta(seconds=value)
    if isinstance(value, str) and value.startswith("file:"):
        return Path(value.removeprefix("file:")).read_text(encoding="ascii")
    return value


SIMPLE_JWT = {name: simple_jwt(name, value) for name, value in json.loads(os.environ["REFERENCE_SIMPLE_JWT"]).items()}

# The URLs are those of hallpass when nothing is set: djoser has none of its own.
DJOSER = {
    "ACTIVATION_URL": "activate/{uid}/{token}",
    "PASSWORD_RESET_CONFIRM_URL": "password/reset/confirm/{uid}/{token}",
    "USERNAME_RESET_CONFIRM_URL": "username/reset/confirm/{uid}/{token}",
} | json.loads(os.environ["REFERENCE_DJOSER"])

AUTH_PASSWORD_VALIDATORS = json.loads(os.environ["REFERENCE_VALIDATORS"])

MAIL_FOLDER = os.environ.get("REFERENCE_MAILS")
EMAIL_BACKEND = "reference.mails.FolderBackend" if MAIL_FOLDER else "django.core.mail.backends.dummy.EmailBackend"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
