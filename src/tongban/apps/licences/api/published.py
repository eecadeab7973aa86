"""What everybody may read of the issuer: keys, status lists, kinds of licences, what wallets ask.

Signed or public by nature; may be kept by caches for the time it names, and read by any page.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from tongban.apps.items import queries as items
from tongban.apps.items.domain import LicenceKind
from tongban.apps.licences import domain, keys, statuses
from tongban.apps.licences.services import wallets
from tongban.kernel.sdjwt import CREDENTIAL, MEDIA_TYPE

_MINUTES = 5
_ISSUER = {"zh-CN": "通办电子证照", "en": "Tongban electronic licences"}


def _open(response: HttpResponse, seconds: int) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={seconds}"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _told(document: Mapping[str, Any]) -> HttpResponse:
    return _open(JsonResponse(document, json_dumps_params={"ensure_ascii": False}), _MINUTES * 60)


@require_GET
def status_list(request: HttpRequest, number: int) -> HttpResponse:  # noqa: ARG001
    """Give a status list token (Token Status List, section 8); 404 where none was ever used."""
    try:
        token = statuses.publish(number)
    except statuses.ListUnknown:
        raise Http404 from None
    return _open(HttpResponse(token, content_type=MEDIA_TYPE), statuses.TTL)


@require_GET
def issuer_keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Give the issuer's keys (SD-JWT VC, JWT VC Issuer Metadata)."""
    key = keys.issuer().public
    jwk = {**key.jwk, "kid": key.thumbprint, "use": "sig", "alg": key.algorithms[0]}
    return _told({"issuer": settings.BASE_URL, "jwks": {"keys": [jwk]}})


@require_GET
def kind(request: HttpRequest, slug: str, version: int) -> HttpResponse:  # noqa: ARG001
    """Give what a kind of licence is (SD-JWT VC, Type Metadata)."""
    try:
        found = items.licence_kind(slug, version)
    except items.NotPublished:
        raise Http404 from None
    claims = [
        {
            "path": [name],
            "display": [
                {"locale": "zh-CN", "label": label.zh},
                {"locale": "en", "label": label.en},
            ],
            "sd": "never" if name in domain.clear_claims("") else "always",
        }
        for name, label in _labels(found)
    ]
    named = [
        {"locale": "zh-CN", "name": found.name.zh},
        {"locale": "en", "name": found.name.en},
    ]
    uri = domain.kind_uri(settings.BASE_URL, slug, version)
    return _told({"vct": uri, "name": found.name.zh, "display": named, "claims": claims})


def _labels(found: LicenceKind) -> list[tuple[str, Any]]:
    vocabulary = items.vocabulary()
    names = [*domain.METADATA, *(f"age_over_{age}" for age in domain.AGES), *found.content]
    return [(name, domain.label(name, found, vocabulary)) for name in names]


@require_GET
def credential_issuer(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Give the metadata of the issuer (OpenID4VCI 1.0, section 12.2)."""
    base = settings.BASE_URL
    kinds = [
        items.licence_kind(slug, version)
        for slug in items.licence_kinds()
        for version in items.licence_versions(slug)
    ]
    return _told(
        {
            "credential_issuer": base,
            "credential_endpoint": f"{base}/licences/openid/credential",
            "nonce_endpoint": f"{base}/licences/openid/nonce",
            "display": [{"locale": lang, "name": name} for lang, name in _ISSUER.items()],
            "credential_configurations_supported": {
                wallets.configuration_id(one.slug, one.version): _configuration(one)
                for one in kinds
            },
        }
    )


def _configuration(found: LicenceKind) -> dict[str, Any]:
    return {
        "format": CREDENTIAL,
        "vct": domain.kind_uri(settings.BASE_URL, found.slug, found.version),
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": [keys.issuer().public.algorithms[0]],
        "proof_types_supported": {
            "jwt": {"proof_signing_alg_values_supported": keys.holder_algorithms()}
        },
        "credential_metadata": {
            "display": [
                {"locale": "zh-CN", "name": found.name.zh},
                {"locale": "en", "name": found.name.en},
            ],
            "claims": [
                {
                    "path": [name],
                    "display": [
                        {"locale": "zh-CN", "name": label.zh},
                        {"locale": "en", "name": label.en},
                    ],
                }
                for name, label in _labels(found)
            ],
        },
    }


@require_GET
def authorization_server(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Give the metadata of the token endpoint (RFC 8414; OpenID4VCI 1.0, section 12.3)."""
    return _told(
        {
            "issuer": settings.BASE_URL,
            "token_endpoint": f"{settings.BASE_URL}/licences/openid/token",
            "grant_types_supported": [wallets.GRANT],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "pre-authorized_grant_anonymous_access_supported": True,
        }
    )
