"""Whose account a foreign sign-in is, and how far each provider is believed (第三方账户).

A provider is believed up to a level; a number that it gives is believed only where the installation
says so. Nobody gets an account by a name alone.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from tongban.apps.parties import services
from tongban.apps.parties.models import ForeignAccount
from tongban.infra import clock
from tongban.infra.access.assurance import HIGHEST, LOWEST, NAMED, SEEN, TWO
from tongban.infra.access.models import User
from tongban.infra.trail.services import tell
from tongban.kernel.codes import CodeError
from tongban.kernel.events import Draft
from tongban.kernel.facts import Words

from .openid import OpenId
from .words import Assertion, LoginProvider, LoginRefused

GROUP = "tongban.login"  # where an installed package names its plug-ins
_BUILT_IN: Mapping[str, type[LoginProvider]] = {"openid": OpenId}


class NotLinked(LoginRefused):
    """The provider vouches for somebody who has no account here; sign in and link it first."""


@dataclass(frozen=True, slots=True)
class Known:
    """A provider of this installation; ``most`` is the highest level it is believed for."""

    name: str
    words: Words
    most: int
    trusts_numbers: bool
    plugin: LoginProvider


def providers() -> Mapping[str, Known]:
    """Give the providers by name, as the file of TONGBAN_LOGIN_PROVIDERS describes them."""
    path = settings.LOGIN_PROVIDERS
    return _read(path) if path else {}


@lru_cache(maxsize=4)
def _read(path: str) -> Mapping[str, Known]:
    written = json.loads(Path(path).read_text(encoding="utf-8"))
    return {one["name"]: _known(one) for one in written}


def _known(one: Mapping[str, Any]) -> Known:
    if not LOWEST <= one["most"] <= HIGHEST:
        raise ValueError(f"login provider {one['name']}: 'most' is a level from 1 to 3")
    words = Words(one["title"]["zh"], one["title"]["en"])
    made = _plugin(one["plugin"])(one["options"])
    return Known(one["name"], words, one["most"], one.get("trusts_numbers", False), made)


def _plugin(name: str) -> type[LoginProvider]:
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    for found in entry_points(group=GROUP, name=name):
        loaded: type[LoginProvider] = found.load()
        return loaded
    raise ValueError(f"there is no login plug-in {name!r}; packages name theirs in {GROUP!r}")


def believed(provider: Known, assertion: Assertion) -> int:
    """Give the level of assurance of a sign-in: what is claimed, as far as it is believed."""
    return max(LOWEST, min(assertion.level, provider.most))


def user_for(provider: Known, assertion: Assertion) -> User:
    """Give whose account this is; make one where the number is believed. Raises `NotLinked`."""
    linked = (
        ForeignAccount.objects.select_related("user")
        .filter(issuer=assertion.issuer, subject=assertion.subject)
        .first()
    )
    if linked is not None:
        if not linked.user.is_active:
            raise LoginRefused("LoginRefused: the account is closed")
        return linked.user
    level = believed(provider, assertion)
    if not (provider.trusts_numbers and level >= TWO and assertion.id_number and assertion.name):
        raise NotLinked("NotLinked: sign in here first, and link this account on your own page")
    login = hashlib.sha256(f"{assertion.issuer} {assertion.subject}".encode()).hexdigest()[:16]
    proof = SEEN if level >= HIGHEST else NAMED
    with transaction.atomic():
        try:
            user = services.register_person(
                f"{provider.name}-{login}", assertion.name, assertion.id_number, proof
            )
        except CodeError as error:
            raise LoginRefused("LoginRefused: the provider gave a number that is none") from error
        link(user, assertion)
    if not user.is_active:
        raise LoginRefused("LoginRefused: the account is closed")
    return user


def link(user: User, assertion: Assertion) -> None:
    """Let this foreign account sign the user in from now on; `LoginRefused` where it is taken."""
    with transaction.atomic():
        row, made = ForeignAccount.objects.get_or_create(
            issuer=assertion.issuer,
            subject=assertion.subject,
            defaults={"user": user, "since": clock.now()},
        )
        if row.user_id != user.pk:
            raise LoginRefused("LoginRefused: this account signs in somebody else")
        if made:
            tell(
                Draft(
                    type="tongban.parties.account_linked.v1",
                    chain=f"user:{user.pk}",
                    actor=str(user.pk),
                    data={"issuer": assertion.issuer},
                )
            )


def links_of(user: User) -> list[ForeignAccount]:
    """List the foreign accounts that sign this user in."""
    return list(ForeignAccount.objects.filter(user=user).order_by("since"))


def unlink(user: User, row: int) -> None:
    """Forget a foreign account of the user's own."""
    with transaction.atomic():
        found = ForeignAccount.objects.filter(user=user, pk=row).first()
        if found is None:
            return
        found.delete()
        tell(
            Draft(
                type="tongban.parties.account_unlinked.v1",
                chain=f"user:{user.pk}",
                actor=str(user.pk),
                data={"issuer": found.issuer},
            )
        )
