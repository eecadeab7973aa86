"""Addresses that wallets and verifiers know; some are fixed by the standards."""

from django.urls import path

from . import published, wallets

urlpatterns = [
    path(".well-known/jwt-vc-issuer", published.issuer_keys),
    path(".well-known/openid-credential-issuer", published.credential_issuer),
    path(".well-known/oauth-authorization-server", published.authorization_server),
    path("licences/status/<int:number>", published.status_list),
    path("licences/kinds/<slug:slug>/<int:version>", published.kind),
    path("licences/openid/token", wallets.token),
    path("licences/openid/nonce", wallets.nonce),
    path("licences/openid/credential", wallets.credential),
    path("licences/openid/answer/<str:state>", wallets.answer),
]
