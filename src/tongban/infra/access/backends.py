"""Signing in by password, at every door: Django's own check behind a lock (失败锁定).

Unknown name, wrong password, closed account and lock give the same answer in the same words.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest

from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

from . import limits
from .devices import address_of
from .models import User

_LONGEST = 256  # characters; what is longer is not a password but work for our processor


class PasswordBackend(ModelBackend):
    """Django's password check, with failures counted by name and by address."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Give the user, or nothing; PermissionDenied ends the search where it is locked."""
        if not username or not password or len(password) > _LONGEST or len(username) > _LONGEST:
            return None
        name = username.casefold()
        address = address_of(request) if request is not None else ""
        if address and not limits.allows(limits.ADDRESS, address):
            raise PermissionDenied
        tried = limits.count(limits.ACCOUNT, name)
        if tried > limits.ACCOUNT.most:
            if tried == limits.ACCOUNT.most + 1:
                _tell_lock(username)
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if not isinstance(user, User):
            return None
        limits.forget(limits.ACCOUNT, name)
        if address:  # an office of a thousand signs in from one address every morning
            limits.give_back(limits.ADDRESS, address)
        return user


def _tell_lock(username: str) -> None:
    user = User.objects.filter(username=username).first()
    if user is None:  # a name that nobody has is nobody's business
        return
    with transaction.atomic():
        tell(
            Draft(
                type="tongban.access.locked.v1",
                chain=f"user:{user.pk}",
                actor="sign-in",
                reason=f"{limits.ACCOUNT.most} failures within {limits.ACCOUNT.window}",
                data={"minutes": int(limits.ACCOUNT.window.total_seconds() // 60)},
            )
        )
