"""What happens around every page: what it refuses, and where it sends who must prove more.

Every page tells the browser to refuse foreign hosts, inline script and style, and framing.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from tongban.infra.access.refusing import StepUpNeeded
from tongban.infra.once import one_look

from .words import both

# The API's own page (Swagger UI from the ninja wheel) needs script and pictures in data: URLs.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


LARGEST = 36 * 1024 * 1024  # bytes: the largest file that a page takes, and the form around it


class Bounded:
    """Refuses what is larger than anything that a page takes, before a byte of it is kept."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or refuse by what the request says of its length."""
        told = request.META.get("CONTENT_LENGTH") or "0"
        if told.isascii() and told.isdigit() and int(told) <= LARGEST:
            return self._answer(request)
        return HttpResponse(
            " / ".join(both("too_large")) + "\n",
            "text/plain; charset=utf-8",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )


class ContentSecurityPolicy:
    """Add the policy to every answer, and keep what a person sees out of shared caches."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the policy."""
        response = self._answer(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response.setdefault("Cache-Control", "no-store")
        return response


class Compressed(GZipMiddleware):
    """Compress pages and styles on their way to a telephone on a village line.

    Only them: what programs exchange may be signed as it stands, and a part of a file must stay the
    part that was asked for. Forms carry a token masked anew each time, and Django pads what it
    compresses by a random length, so that sizes tell nothing of either (BREACH).
    """

    KINDS = ("text/html", "text/css", "text/javascript", "image/svg+xml")

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Compress the answer where it is a whole page, style, script or drawing."""
        kind = response.get("Content-Type", "")
        if response.status_code == HTTPStatus.PARTIAL_CONTENT or not kind.startswith(self.KINDS):
            return response
        return super().process_response(request, response)


class OneLook:
    """Lets a request that only reads ask once for what every part of a page asks for."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        if request.method not in {"GET", "HEAD"}:
            return self._answer(request)
        with one_look():
            return self._answer(request)


class Parts:
    """Sends the whole page elsewhere where a part of it asked and was sent elsewhere.

    Script follows a redirect unseen: the way to sign in would be looked through for a list, and the
    list be gone.
    """

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        response = self._answer(request)
        if request.headers.get("HX-Request") == "true" and response.has_header("Location"):
            return HttpResponseClientRedirect(response["Location"])
        return response


class StepUp:
    """Sends a browser whose session is too weak for a verb to sign in again, and back."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self._answer(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Give the way to prove more; a form that was sent is sent again afterwards, by hand."""
        if not isinstance(error, StepUpNeeded):
            return None
        back = request.get_full_path()
        if request.method != "GET":
            back = urlsplit(request.headers.get("Referer", "")).path or request.path
        return redirect(f"{reverse('step-up')}?{urlencode({'next': back, 'level': error.level})}")
