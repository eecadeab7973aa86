"""Verbs of access: issue, check and revoke tokens of the API.

The secret of a token is returned once and never kept; what is kept cannot be turned back into it.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tongban.infra import clock
from tongban.infra.access.assurance import LOWEST, TWO
from tongban.infra.access.assurance import level as level_of
from tongban.infra.access.domain import BARE, Context
from tongban.infra.access.models import Token, User
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

_PREFIX = "tb_"
ENTER = "web.enter"  # the scope of a link that signs a browser in, once


class TokenInvalid(LookupError):
    """The token is unknown, past its end, revoked, or its user is closed."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh token; ``secret`` is shown now and never again."""

    token_id: int
    secret: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a call speaks for, for which actions (empty: all its user may do), and how it comes."""

    user: User
    scopes: frozenset[str]
    context: Context = BARE

    def may(self, action: str) -> bool:
        """Tell whether the token was made for this action; the judge is asked as well."""
        return not self.scopes or action in self.scopes


def _digest(secret: str) -> str:
    # 256 random bits need no slow hash: there is nothing to guess
    return hashlib.sha256(secret.encode()).hexdigest()


def issue_token(
    user: User,
    *,
    label: str,
    lifetime: timedelta,
    actor: str,
    scopes: Iterable[str] = (),
    level: int = TWO,
) -> Issued:
    """Make a token for the user and tell it on the trail; ``lifetime`` must be positive.

    ``level`` is the assurance that whoever makes it answers for: at most two factors, because a
    token can be copied.
    """
    if not LOWEST <= level <= TWO:
        raise ValueError("a token is of level 1 or 2")
    if lifetime <= timedelta(0):
        raise ValueError("a token needs a lifetime beyond now")
    secret = _PREFIX + secrets.token_urlsafe(32)
    now = clock.now()
    wanted = sorted(set(scopes))
    with transaction.atomic():
        token = Token.objects.create(
            user=user,
            label=label,
            digest=_digest(secret),
            scopes=wanted,
            level=level,
            created=now,
            expires=now + lifetime,
        )
        _tell("tongban.access.token_issued.v1", token, actor, {"label": label, "scopes": wanted})
    return Issued(token.pk, secret, token.expires)


def authenticate(secret: str) -> Bearer:
    """Give who this token speaks for; raise TokenInvalid."""
    token = Token.objects.select_related("user").filter(digest=_digest(secret)).first()
    if (
        token is None
        or token.revoked is not None
        or token.expires <= clock.now()
        or not token.user.is_active
    ):
        raise TokenInvalid(
            "TokenInvalid: unknown, expired or revoked; ask your administrator for a new one"
        )
    return Bearer(
        token.user,
        frozenset(token.scopes),
        Context(level_of(token.user.proof, (), token.level), proof=f"token:{token.pk}"),
    )


def redeem(secret: str, scope: str) -> User:
    """Use up a token that was made for this scope alone, and give its user; raise TokenInvalid.

    Of two who come with the same token at once, one is refused.
    """
    bearer = authenticate(secret)
    with transaction.atomic():
        unused = Token.objects.filter(digest=_digest(secret), scopes=[scope], revoked=None)
        token = unused.first()
        if token is None or not unused.filter(pk=token.pk).update(revoked=clock.now()):
            raise TokenInvalid("TokenInvalid: not made for this, or used already; ask for another")
        _tell("tongban.access.token_redeemed.v1", token, bearer.user.username, {"scope": scope})
    return bearer.user


def revoke_token(token_id: int, *, actor: str, reason: str) -> None:
    """End a token now and tell it on the trail; a second time does nothing."""
    with transaction.atomic():
        ended = Token.objects.filter(pk=token_id, revoked=None).update(revoked=clock.now())
        if ended:
            token = Token.objects.get(pk=token_id)
            _tell("tongban.access.token_revoked.v1", token, actor, {"label": token.label}, reason)


def _tell(what: str, token: Token, actor: str, data: dict[str, object], reason: str = "") -> None:
    tell(
        Draft(
            type=what,
            chain=f"user:{token.user_id}",
            actor=actor,
            reason=reason,
            data={"token": token.pk, **data},
        )
    )
