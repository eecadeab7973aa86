"""The log as others read it (C2SP tlog-tiles): checkpoint, tiles, bundles; and whose seals exist.

Open to everybody: an entry is a salted commitment and tells nothing by itself. A full tile never
changes and may be kept for ever.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from tongban.apps.evidence import keyring, queries, seals, services
from tongban.kernel.tlog.tiles import TilePath, TilePathInvalid

_FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """Give the newest checkpoint that the policy accepts."""
    found = queries.published()
    if found is None:
        raise Http404
    answer = HttpResponse(found.note, content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@require_safe
def tile(_request: HttpRequest, place: str) -> HttpResponse:
    """Give a tile or a bundle of entries."""
    try:
        made = queries.tile(TilePath.read(place))
    except (TilePathInvalid, queries.NoSuchTile):
        raise Http404 from None
    answer = HttpResponse(made, content_type="application/octet-stream")
    answer["Cache-Control"] = _FOR_EVER
    return answer


@require_safe
def key(_request: HttpRequest) -> HttpResponse:
    """Give the verifier key of the log."""
    return HttpResponse(f"{services.key()}\n", content_type="text/plain; charset=utf-8")


@require_safe
def seals_made(_request: HttpRequest) -> JsonResponse:
    """List every seal that was ever made: whose, since and until when, its keys and certificate."""
    told = [
        {
            "key": row.pk,
            "suite": row.suite,
            "public": row.public,
            "signer": row.subject,
            "since": row.since.isoformat(),
            "ended": row.ended and row.ended.isoformat(),
            "reason": row.reason,
            "certificate": row.certificate,
            "certificate_sha256": keyring.fingerprint(row.certificate),
        }
        for row in seals.published()
    ]
    return JsonResponse({"seals": told}, json_dumps_params={"ensure_ascii": False})


urlpatterns = [
    path("seals", seals_made, name="evidence-seals"),
    path("checkpoint", checkpoint, name="evidence-checkpoint"),
    path("tile/<path:place>", tile, name="evidence-tile"),
    path("key", key, name="evidence-key"),
]
