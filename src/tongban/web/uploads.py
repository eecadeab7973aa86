"""What was uploaded, shown to its applicant and at the desk: pictures, and of PDFs the first page.

Whatever a document holds, it is not run: it goes out sandboxed, and a PDF to be saved. Its first
page is a picture that was drawn here, beside the whole.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from tongban.apps.cases import papers, uploads
from tongban.apps.cases.disclosure import Sight
from tongban.apps.cases.errors import CaseUnknown
from tongban.infra.papers import pictures

from .case_acts import at_case
from .looks import looked

_SANDBOX = "default-src 'none'; sandbox"
_PICTURES = frozenset({"image/png", "image/jpeg"})


def shown(
    sight: Sight, items: Collection[str], lang: str, t: Mapping[str, str], *, desk: str = ""
) -> list[Any]:
    """Give what ``uploads.html`` shows of what was uploaded for these items.

    Addresses are the applicant's; with ``desk`` (``desk-``) those of the desk.
    """
    number, found = sight.loaded.case.number, []
    for one in uploads.listed(sight, items, lang):
        url = reverse(f"{desk}material", args=[number, one["code"]])
        picture = one["media_type"] in _PICTURES
        drawn = one["media_type"] == papers.PDF and not one["no_picture"]
        page = reverse(f"{desk}first-page", args=[number, one["code"]]) if drawn else ""
        found.append(
            {
                **one,
                "url": url,
                "picture": picture,
                "shown": url if picture else page,
                "look": looked(one["look"], lang, t) if one["look"] else [],
            }
        )
    return found


def whole(sight: Sight, code: str) -> HttpResponse:
    """Give a document as it came: a picture to look at, a PDF to save; raise CaseUnknown."""
    name, media_type, content = uploads.whole(sight, code)
    return _sandboxed(content, media_type, name, shown=media_type in _PICTURES)


def page_one(sight: Sight, code: str) -> HttpResponse:
    """Give the first page of a PDF as a picture; raise CaseUnknown, also where there is none."""
    try:
        content = uploads.first_page(sight, code)
    except pictures.PictureNotMade as absent:
        raise CaseUnknown(sight.loaded.case.number) from absent
    return _sandboxed(content, pictures.MEDIA_TYPE, f"{code}.webp", shown=True)


@require_GET
@at_case
def material(request: HttpRequest, sight: Sight, code: str) -> HttpResponse:  # noqa: ARG001
    """Give a document to whoever may see the case."""
    return whole(sight, code)


@require_GET
@at_case
def first_page(request: HttpRequest, sight: Sight, code: str) -> HttpResponse:  # noqa: ARG001
    """Give the first page of a PDF, as a picture, to whoever may see the case."""
    return page_one(sight, code)


def _sandboxed(content: bytes, media_type: str, name: str, *, shown: bool) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(not shown, name) or "attachment"
    answer["Content-Security-Policy"] = _SANDBOX
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
