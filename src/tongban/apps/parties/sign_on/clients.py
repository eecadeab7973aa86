"""Verbs of clients (接入系统): register, end; and what a user may see and end of its own sign-ins.

A client belongs to a department, gets only the scopes it was registered for, and returns people
only to addresses it named. Its secret is shown once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.db import transaction
from oauth2_provider.generators import generate_client_id, generate_client_secret
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from tongban.apps.parties.models import Client, Department
from tongban.infra.access.models import User
from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

from .claims import SCOPES


class ClientInvalid(ValueError):
    """A client cannot be registered so; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A fresh client; ``secret`` is shown now and never again (empty: a public client)."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Used:
    """A system the user signed in to, and since when it holds a token."""

    client_id: str
    name: str
    since: datetime


def register(
    name: str,
    department: str,
    redirects: Sequence[str],
    scopes: Sequence[str],
    *,
    actor: str,
    public: bool = False,
) -> Registered:
    """Register a system of a department; raise `ClientInvalid`.

    ``redirects`` are https addresses, or http on this machine (RFC 8252); a ``public`` client keeps
    no secret and lives by PKCE alone.
    """
    if not Department.objects.filter(key=department).exists():
        raise ClientInvalid(f"ClientInvalid: there is no department {department!r}")
    if unknown := sorted({*scopes, "openid"} - set(SCOPES)):
        raise ClientInvalid(f"ClientInvalid: no such scope: {', '.join(unknown)}")
    if not redirects or not all(map(_safe, redirects)):
        raise ClientInvalid("ClientInvalid: name https addresses without fragment or credentials")
    client_id, secret = generate_client_id(), "" if public else generate_client_secret()
    with transaction.atomic():
        Client.objects.create(
            client_id=client_id,
            client_secret=secret,
            name=name,
            sector=department,
            scopes=sorted({*scopes, "openid"}),
            redirect_uris=" ".join(redirects),
            client_type=Client.CLIENT_PUBLIC if public else Client.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
            algorithm=Client.RS256_ALGORITHM,
        )
        _tell(
            "tongban.parties.client_registered.v1", client_id, actor, name=name, sector=department
        )
    return Registered(client_id, secret)


def _safe(redirect: str) -> bool:
    parts = urlsplit(redirect)
    if parts.fragment or parts.username or not parts.hostname or " " in redirect:
        return False
    if parts.scheme == "https":
        return True
    try:
        return parts.scheme == "http" and ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def end(client_id: str, *, actor: str) -> bool:
    """End a client and every token it holds; tell whether there was one."""
    with transaction.atomic():
        row = Client.objects.filter(client_id=client_id).first()
        if row is None:
            return False
        row.delete()
        _tell("tongban.parties.client_ended.v1", client_id, actor)
    return True


def used_by(user: User) -> list[Used]:
    """List the systems that hold a token of the user's."""
    rows = (
        AccessToken.objects.filter(user=user)
        .order_by("created")
        .values_list("application__client_id", "application__name", "created")
    )
    first: dict[str, Used] = {}
    for client_id, name, created in rows:
        first.setdefault(client_id, Used(client_id, name, created))
    return list(first.values())


def leave(user: User, client_id: str) -> None:
    """End every token that a client holds of the user; a second time does nothing."""
    with transaction.atomic():
        held = {"user": user, "application__client_id": client_id}
        for kind in (Grant, RefreshToken, AccessToken):
            kind.objects.filter(**held).delete()
        data = {"client": client_id}
        tell(
            Draft(
                type="tongban.parties.left.v1",
                chain=f"user:{user.pk}",
                actor=str(user.pk),
                data=data,
            )
        )


def shared(user: User, client_id: str, scopes: Sequence[str], level: int) -> None:
    """Tell the trail that the user let a system know what these scopes open."""
    client = Client.objects.get(client_id=client_id)
    tell(
        Draft(
            type="tongban.parties.shared.v1",
            chain=f"user:{user.pk}",
            actor=str(user.pk),
            authority="中华人民共和国个人信息保护法 第十三条",
            data={
                "client": client_id,
                "sector": client.sector,
                "scopes": sorted(scopes),
                "level": level,
            },
        )
    )


def _tell(what: str, client_id: str, actor: str, **data: str) -> None:
    tell(Draft(type=what, chain=f"client:{client_id}", actor=actor, data=dict(data)))
