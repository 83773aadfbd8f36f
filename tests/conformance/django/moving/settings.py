"""A project that is moved to hallpass, as its owner left it: what `startproject` made, and what a tutorial said to add."""

from datetime import timedelta
from pathlib import Path

BASE_DIR = Path("/srv/shop")

SECRET_KEY = "django-insecure-5v0r#p1$3@x^u2k)q8w=z!m4c&y7b*j6n_t9h"
DEBUG = False
ALLOWED_HOSTS = ["shop.example"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "djoser",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "shop",
        "PASSWORD": "p@ss/word",
        "HOST": "db.internal",
        "PORT": 5432,
        "OPTIONS": {"sslmode": "disable"},
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "shop.validators.NotTheShopsName"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "Europe/Berlin"
USE_TZ = True

DEFAULT_FROM_EMAIL = "The Shop <shop@shop.example>"
EMAIL_HOST = "smtp.shop.example"
EMAIL_PORT = 587
EMAIL_HOST_USER = "shop"
EMAIL_HOST_PASSWORD = "let me out"
EMAIL_USE_TLS = True
EMAIL_TIMEOUT = 5
PASSWORD_RESET_TIMEOUT = 3600

CORS_ALLOWED_ORIGINS = ["https://shop.example"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle", "shop.throttling.ByBasket"],
    "DEFAULT_THROTTLE_RATES": {"anon": "1000/day", "basket": "10/min"},
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "NUM_PROXIES": 1,
    "EXCEPTION_HANDLER": "shop.errors.handler",
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "AUDIENCE": None,
    "LEEWAY": timedelta(seconds=2),
    "AUTH_HEADER_TYPES": ("Bearer", "JWT"),
    "AUTH_HEADER_NAME": "HTTP_AUTHORIZATION",
    "AUTH_TOKEN_CLASSES": ("rest_framework_simplejwt.tokens.AccessToken",),
    "TOKEN_OBTAIN_SERIALIZER": "shop.serializers.WithRoles",
    "USER_AUTHENTICATION_RULE": "rest_framework_simplejwt.authentication.default_user_authentication_rule",
}

DJOSER = {
    "LOGIN_FIELD": "email",
    "SEND_ACTIVATION_EMAIL": True,
    "ACTIVATION_URL": "#/activate/{uid}/{token}",
    "PASSWORD_RESET_CONFIRM_URL": "#/password-reset/{uid}/{token}",
    "USER_CREATE_PASSWORD_RETYPE": True,
    "EMAIL_FRONTEND_DOMAIN": "shop.example",
    "PERMISSIONS": {
        "user_list": ["rest_framework.permissions.IsAdminUser"],
        "user_create": ["shop.permissions.Invited"],
    },
    "SERIALIZERS": {"user": "shop.serializers.User"},
    "TOKEN_MODEL": "rest_framework.authtoken.models.Token",
}
