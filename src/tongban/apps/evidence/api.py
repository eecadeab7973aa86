"""The log as others read it (C2SP tlog-tiles): the checkpoint, tiles and bundles of entries.

Open to everybody: an entry is a salted commitment and tells nothing by itself. A full tile never
changes and may be kept for ever.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from tongban.apps.evidence import queries, services
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


urlpatterns = [
    path("checkpoint", checkpoint, name="evidence-checkpoint"),
    path("tile/<path:place>", tile, name="evidence-tile"),
    path("key", key, name="evidence-key"),
]
