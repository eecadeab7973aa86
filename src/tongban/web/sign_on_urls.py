"""Addresses of the OpenID Connect provider, below ``/o/``: those of the code flow and no others."""

from django.urls import path
from oauth2_provider import views

from .authorize import Authorize, Discovery

app_name = "oauth2_provider"
urlpatterns = [
    path(
        ".well-known/openid-configuration", Discovery.as_view(), name="oidc-connect-discovery-info"
    ),
    path(".well-known/jwks.json", views.JwksInfoView.as_view(), name="jwks-info"),
    path("authorize/", Authorize.as_view(), name="authorize"),
    path("token/", views.TokenView.as_view(), name="token"),
    path("revoke/", views.RevokeTokenView.as_view(), name="revoke-token"),
    path("userinfo/", views.UserInfoView.as_view(), name="user-info"),
]
