"""Every URL of the reference."""

from django.urls import include, path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework_simplejwt import views as jwt

from . import views

urlpatterns = [
    path("api-token-auth/", obtain_auth_token),
    path("api/auth-token", obtain_auth_token),
    path("api/token/", jwt.token_obtain_pair),
    path("api/token/refresh/", jwt.token_refresh),
    path("api/token/verify/", jwt.token_verify),
    path("api/token/blacklist/", jwt.token_blacklist),
    path("api/token/sliding/", jwt.token_obtain_sliding),
    path("api/token/sliding/refresh/", jwt.token_refresh_sliding),
    path("auth/", include("djoser.urls")),
    path("auth/", include("djoser.urls.authtoken")),
    path("auth/", include("djoser.urls.jwt")),
    path("hello/", views.Hello.as_view()),
    path("api/secret", views.Secret.as_view()),
    path("whoami/", views.Whoami.as_view()),
    path("admin-only/", views.AdminOnly.as_view()),
    path("read-only/", views.ReadOnly.as_view()),
]
