"""The hasher that the reference writes new passwords with."""

from django.contrib.auth.hashers import BCryptSHA256PasswordHasher


class CheapBCryptSHA256PasswordHasher(BCryptSHA256PasswordHasher):
    """Django's `bcrypt_sha256` at the lowest cost that bcrypt has, as `password.bcrypt_cost = 4` is on the other side."""

    rounds = 4
