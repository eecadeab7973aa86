"""What the pages of the designer share: who may open them, and refusals in words."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from tongban.apps.items.workshop.errors import DraftUnknown, WorkshopError
from tongban.infra.access.domain import Subject
from tongban.web.desk.frame import official, said, show
from tongban.web.pages import missing

__all__ = ["designer", "said", "show"]


def designer(view: Callable[..., HttpResponse]) -> Any:
    """Guard a page of the designer; what the workshop refuses is said, not thrown."""

    @official("publisher")
    @wraps(view)
    def guarded(request: HttpRequest, subject: Subject, **kept: str) -> HttpResponse:
        try:
            return view(request, subject, **kept)
        except DraftUnknown:
            return missing(request)
        except WorkshopError as refused:
            lines = [said(request, refused)]
            return show(request, subject, "refused", {"lines": lines}, 409)

    return guarded
