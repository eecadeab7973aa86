"""The device a call comes from (终端状态): its network, TLS, and whether its user is known on it.

A device is known by a random cookie that is set after two factors; it signs nobody in.
"""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tongban.infra import clock

from .addresses import client_address, network_of
from .domain import Device
from .models import KnownDevice, User

COOKIE = "tongban_device"
LASTS = timedelta(days=180)


def address_of(request: HttpRequest) -> str:
    """Give the address that a request comes from, behind our own proxies."""
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        settings.ACCESS_PROXIES,
    )


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def device_of(request: HttpRequest, user: User | None) -> Device:
    """Give the posture of the device behind a request, as seen by this user."""
    cookie = request.COOKIES.get(COOKIE, "")
    known = (
        bool(cookie and user is not None)
        and KnownDevice.objects.filter(
            digest=_digest(cookie), user=user, since__gt=clock.now() - LASTS
        ).exists()
    )
    return Device(
        "program" if "Authorization" in request.headers else "browser",
        network_of(address_of(request), settings.ACCESS_NETWORKS),
        known,
        request.is_secure(),
    )


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Know this browser as a device of the user from now on; call it after two factors."""
    if device_of(request, user).known:
        return
    now, cookie = clock.now(), secrets.token_urlsafe(32)
    label = "".join(c for c in request.headers.get("User-Agent", "")[:200] if c.isprintable())
    KnownDevice.objects.create(user=user, digest=_digest(cookie), label=label, since=now, seen=now)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(LASTS.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(user: User, device: int) -> None:
    """Forget one device of the user's own; an unknown one is forgotten already."""
    KnownDevice.objects.filter(user=user, pk=device).delete()
