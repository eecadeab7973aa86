"""What every router of the API shares: who asks, in which language, what text is, how it refuses.

One shape for every refusal, in Chinese and English. A caller is known by a token, or by a session
together with its CSRF token; a wrong token is never made good by a session.
"""

from dataclasses import replace
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Schema
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf
from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from tongban.infra.access import services as access
from tongban.infra.access.devices import device_of
from tongban.infra.access.models import User
from tongban.infra.access.services import Bearer, TokenInvalid
from tongban.infra.access.sessions import context_of, purpose_of

Lang = Literal["zh", "en"]

# Whole numbers that every reader of JSON keeps (RFC 8259, section 6).
_EXACT = 2**53 - 1
# Text is one line of real characters: no NUL, no control character; a reason may have lines.
Text = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _said(reason: str) -> str:
    if not reason.strip():
        raise PydanticCustomError("blank", "say why: nothing but blanks is written here")
    return reason


Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$"),
    AfterValidator(_said),
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Value = StrictBool | Annotated[StrictInt, Field(ge=-_EXACT, le=_EXACT)] | Text | None
Page = Annotated[int, Field(ge=1, le=10_000)]
Size = Annotated[int, Field(ge=1, le=100)]


class Sentence(Schema):
    """One sentence in Chinese and in English."""

    zh: str
    en: str


class Problem(Schema):
    """Why something was refused, and what to do; ``fields`` has a sentence for each fault."""

    error: str
    zh: str
    en: str
    fields: dict[str, Sentence] = {}


class Body(Schema):
    """What a caller sends: nothing but the fields that are named, each exactly of its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TokenAuth(HttpBearer):
    """A token of the API in the header ``Authorization: Bearer …``."""

    def authenticate(self, request: HttpRequest, token: str) -> Bearer | None:
        """Give who the token speaks for, or nothing."""
        try:
            bearer = access.authenticate(token)
        except TokenInvalid:
            return None
        context = replace(
            bearer.context,
            purpose=purpose_of(request),
            device=device_of(request, bearer.user),
        )
        return replace(bearer, context=context)


class SessionAuth(APIKeyCookie):
    """A signed-in browser; what changes anything needs its CSRF token as well."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        """Give who is signed in, or nothing; refuse a forged request (403)."""
        user = request.user
        if "Authorization" in request.headers or not isinstance(user, User):
            return None
        if check_csrf(request):
            raise HttpError(403, "CSRF")
        return Bearer(user, frozenset(), context_of(request))

    def authenticate(self, request: HttpRequest, key: str | None) -> None:
        """Never called: the session middleware has read the cookie already."""


def speaks(request: HttpRequest, lang: Lang | None) -> Lang:
    """Give the language of the answer: ``?lang=``, else what the browser prefers, else Chinese."""
    if lang is not None:
        return lang
    return "en" if getattr(request, "LANGUAGE_CODE", "").startswith("en") else "zh"
