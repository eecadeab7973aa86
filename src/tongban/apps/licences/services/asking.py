"""Ask a wallet to show a licence: OpenID for Verifiable Presentations 1.0, answered by direct post.

A counter says which kind of licence and which claims; the wallet posts what its holder agrees to
show; the counter sees what was verified, for some minutes. A question is answered once.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet

from tongban.apps.items import queries as items
from tongban.apps.licences import domain, keys, verifying
from tongban.apps.licences.errors import LicenceUnknown
from tongban.apps.licences.models import Question
from tongban.infra import clock
from tongban.infra.secrecy.fields import sealed
from tongban.kernel.events import canonical
from tongban.kernel.sdjwt import Binding
from tongban.kernel.sdjwt.strict import encode

from .showing import challenge, check

MINUTES = 5
_ID = "licence"  # the only credential of a query


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the wallet's link, the secret by which the answer is read, until when."""

    link: str
    request: dict[str, Any]
    secret: str
    expires: datetime


class AnswerRefused(Exception):
    """A post that answers no open question, or not in the form that was asked for."""


def _response_uri(state: str) -> str:
    return f"{settings.BASE_URL}/licences/openid/answer/{state}"


def client_id(state: str) -> str:
    """Give who asks (section 5.9.3): the address to which the answer goes."""
    return f"redirect_uri:{_response_uri(state)}"


def query(kind: str, names: Sequence[str]) -> dict[str, Any]:
    """Write a DCQL query (section 6) for these claims of a licence kind, in any version so far.

    Raises `items.queries.NotPublished`.
    """
    versions = items.licence_versions(kind)
    uris = [domain.kind_uri(settings.BASE_URL, kind, version) for version in versions]
    return {
        "credentials": [
            {
                "id": _ID,
                "format": "dc+sd-jwt",
                "meta": {"vct_values": uris},
                "claims": [{"path": [name]} for name in names],
            }
        ]
    }


def ask(asker: str, kind: str, names: Sequence[str]) -> Asked:
    """Open a question; ``asker`` is the user who may read the answer."""
    now, state, secret = clock.now(), encode(os.urandom(24)), encode(os.urandom(24))
    nonce, wanted = challenge("question"), query(kind, names)
    expires = now + timedelta(minutes=MINUTES)
    Question.objects.filter(expires__lt=now).delete()
    Question.objects.create(
        state=state,
        secret=keys.looked_up(secret),
        asker=asker,
        nonce=nonce,
        query=wanted,
        expires=expires,
    )
    algorithms = {
        "sd-jwt_alg_values": [keys.issuer().public.algorithms[0]],
        "kb-jwt_alg_values": keys.holder_algorithms(),
    }
    request = {
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "client_id": client_id(state),
        "response_uri": _response_uri(state),
        "nonce": nonce,
        "state": state,
        "dcql_query": wanted,
        "client_metadata": {"vp_formats_supported": {"dc+sd-jwt": algorithms}},
    }
    written = {
        name: value if isinstance(value, str) else canonical(value).decode()
        for name, value in request.items()
    }
    return Asked(f"openid4vp://authorize?{urlencode(written)}", request, secret, expires)


def answer(state: str, vp_token: Any) -> None:
    """Take a wallet's answer (section 8.2) and verify it, once; raise AnswerRefused."""
    row = _open(state).first()
    if row is None:
        raise AnswerRefused("no open question: it was answered or has ended")
    shown = vp_token.get(_ID) if isinstance(vp_token, Mapping) else None
    if not isinstance(vp_token, Mapping) or set(vp_token) != {_ID} or not isinstance(shown, list):
        raise AnswerRefused(f"vp_token has one member {_ID}, a list of one presentation")
    if len(shown) != 1 or not isinstance(shown[0], str):
        raise AnswerRefused(f"vp_token has one member {_ID}, a list of one presentation")
    found = _meets(check(shown[0], Binding(client_id(state), row.nonce)), row.query)
    told = {**asdict(found), "claims": dict(found.claims)}
    if not _open(state).update(**sealed(Question, state, answer=told)):
        raise AnswerRefused("the question was answered just now")


def _meets(found: verifying.Verdict, wanted: Mapping[str, Any]) -> verifying.Verdict:
    """Hold what was shown against the query: the kind, and every claim that was asked for."""
    (asked,) = wanted["credentials"]
    if not found.valid:
        return found
    if found.kind not in asked["meta"]["vct_values"]:
        return verifying.Verdict("query", "a licence of another kind than was asked for")
    if lacking := [c["path"][0] for c in asked["claims"] if c["path"][0] not in found.claims]:
        return verifying.Verdict("query", f"it does not show: {', '.join(lacking)}")
    return found


def declined(state: str) -> None:
    """Close a question whose holder shows nothing (section 8.5); raise AnswerRefused."""
    told = asdict(verifying.Verdict("declined", "the holder shows nothing"))
    if not _open(state).update(**sealed(Question, state, answer=told)):
        raise AnswerRefused("no open question: it was answered or has ended")


def _open(state: str) -> QuerySet[Question]:
    return Question.objects.filter(state=state, expires__gt=clock.now(), answer__isnull=True)


def answered(asker: str, secret: str) -> verifying.Verdict | None:
    """Give the answer to one's own question, None while there is none.

    Raises `LicenceUnknown` for another's question, an unknown one, and one that has ended.
    """
    row = Question.objects.filter(
        secret=keys.looked_up(secret),
        asker=asker,
        expires__gt=clock.now(),
    ).first()
    if row is None:
        raise LicenceUnknown
    return None if row.answer is None else verifying.Verdict(**row.answer)
