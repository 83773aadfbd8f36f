"""The token scheme under the keyword that the profile names."""

from django.conf import settings
from rest_framework.authentication import TokenAuthentication


class KeywordTokenAuthentication(TokenAuthentication):
    """REST framework's own; the usual way of changing the keyword is a subclass like this one."""

    keyword = settings.TOKEN_KEYWORD
