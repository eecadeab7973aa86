"""The catalogue for machines: ``/exchange/v1/catalogue.jsonld``, page by page.

For whoever bears a token or is signed in; for everybody where ``CATALOGUE_OPEN`` says so. It tells
what data there is, never the data.
"""

import json
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from tongban.apps.exchange.catalogue import exporting
from tongban.infra.access import services as access
from tongban.infra.access.models import User

_MOST = 1_000
_KIND = "application/ld+json"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Give the page after ``?after=``; ``?limit=`` records, only those since ``?modified_since=``.

    The next page is named in ``Link`` (RFC 8288). With ``modified_since`` what was withdrawn
    comes too, with ``tb:state``.
    """
    if not settings.CATALOGUE_OPEN and not _known(request):
        refused = _problem(401, "请出示有效令牌", "show a valid token")
        refused["WWW-Authenticate"] = 'Bearer realm="tongban"'
        return refused
    try:
        after = _number(request, "after", 0, 2**62)
        limit = _number(request, "limit", exporting.PAGE, _MOST)
        told = request.GET.get("modified_since", "")
        since = _instant(told) if told else None
    except ValueError as wrong:
        return _problem(400, "参数不正确", f"a parameter is not right: {wrong}")
    found = exporting.page(after, max(limit, 1), since)
    body = json.dumps(found.document, ensure_ascii=False)
    response = HttpResponse(body, content_type=_KIND)
    if found.next:
        query = {"after": found.next, "limit": limit} | ({"modified_since": told} if told else {})
        response["Link"] = f'<{request.path}?{urlencode(query)}>; rel="next"'
    return response


def _known(request: HttpRequest) -> bool:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return isinstance(request.user, User)
    try:
        bearer = access.authenticate(secret)
    except access.TokenInvalid:
        return False
    return scheme.lower() == "bearer" and bearer.may("resource.read")


def _instant(told: str) -> datetime:
    found = datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise ValueError("modified_since is an instant with zone")
    return found


def _number(request: HttpRequest, name: str, default: int, most: int) -> int:
    told = request.GET.get(name, str(default))
    if not (told.isascii() and told.isdigit() and len(told) < 20 and int(told) <= most):
        raise ValueError(f"{name} is a whole number up to {most}")
    return int(told)


def _problem(status: int, zh: str, en: str) -> HttpResponse:
    told = {"type": "tongban:malformed" if status == 400 else "tongban:signature"}
    body = json.dumps(told | {"status": status, "zh": zh, "en": en}, ensure_ascii=False)
    return HttpResponse(body, status=status, content_type="application/problem+json")
