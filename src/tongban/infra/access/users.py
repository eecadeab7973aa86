"""Verbs of user administration (用户管理): invite, close, reopen, unlock, reset, prove.

Nobody learns or chooses another's password: who is invited sets it by a link that works once. Every
verb needs a reason and is told on the user's own chain.
"""

from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from tongban.infra.trail.services import tell
from tongban.kernel.events import Draft

from . import limits
from .assurance import NAMED, SEEN, UNPROOFED
from .domain import Subject, judge
from .models import Authenticator, KnownDevice, Token, User
from .refusing import refuse
from .services import TokenInvalid, authenticate, issue_token, redeem, revoke_token

INVITE = "web.invite"
INVITATION_LASTS = timedelta(hours=24)


class UserUnknown(LookupError):
    """There is no user of this name."""


class NotYours(PermissionError):
    """The subject may not manage users now, or not this one."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"NotYours: {en}")
        self.zh, self.en = zh, en


def allow(subject: Subject, login: str) -> None:
    """Judge whether the subject may manage this user: an administrator whose role is raised.

    Nobody manages its own account. Raises `NotYours`, StepUpNeeded.
    """
    resource = {"user": login[:150]}
    ruling = judge(subject, "user.manage", resource)
    if not ruling.allowed:
        refuse(subject, "user.manage", resource, ruling)
        raise NotYours(ruling.zh, ruling.en)
    if str(_user(login).pk) == subject.user_id:
        raise NotYours("不能管理自己的账户", "nobody manages its own account")


def _user(login: str) -> User:
    user = User.objects.filter(username=login).first()
    if user is None:
        raise UserUnknown(f"UserUnknown: there is no user {login[:60]!r}")
    return user


def invite(login: str, *, actor: str) -> str:
    """Give a secret with which the user sets a password, once, within a day; ends older ones."""
    user = _user(login)
    with transaction.atomic():
        for old in Token.objects.filter(user=user, scopes=[INVITE], revoked=None):
            revoke_token(old.pk, actor=actor, reason="a newer invitation")
        made = issue_token(
            user, label="invitation", lifetime=INVITATION_LASTS, actor=actor, scopes=[INVITE]
        )
    return made.secret


def invited(secret: str) -> User:
    """Give whose invitation this is, without using it up; raise TokenInvalid."""
    bearer = authenticate(secret)
    if bearer.scopes != {INVITE}:
        raise TokenInvalid("TokenInvalid: not an invitation; ask your administrator for one")
    return bearer.user


def accept(secret: str, password: str) -> User:
    """Set the password of who was invited, and use the invitation up.

    Raises TokenInvalid, and Django's ValidationError where the password is too weak.
    """
    validate_password(password, invited(secret))
    with transaction.atomic():
        user = redeem(secret, INVITE)
        user.set_password(password)
        user.save(update_fields=["password"])
        _tell(user, "password_set", str(user.pk), "")
    return user


def close(login: str, *, actor: str, reason: str) -> None:
    """Close an account: no door opens to it from now on, and its tokens end."""
    user = _user(login)
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            for token in Token.objects.filter(user=user, revoked=None):
                revoke_token(token.pk, actor=actor, reason=reason)
            _tell(user, "closed", actor, reason)


def reopen(login: str, *, actor: str, reason: str) -> None:
    """Open a closed account again."""
    user = _user(login)
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            _tell(user, "reopened", actor, reason)


def unlock(login: str, *, actor: str, reason: str) -> None:
    """Forget the failures that lock an account."""
    user = _user(login)
    with transaction.atomic():
        limits.forget(limits.ACCOUNT, user.username.casefold())
        limits.forget(limits.SECOND, str(user.pk))
        _tell(user, "unlocked", actor, reason)


def reset(login: str, *, actor: str, reason: str) -> None:
    """Take away password, second factors and known devices (a lost phone); then invite anew."""
    user = _user(login)
    with transaction.atomic():
        user.set_unusable_password()
        user.save(update_fields=["password"])
        Authenticator.objects.filter(user=user).delete()
        KnownDevice.objects.filter(user=user).delete()
        _tell(user, "reset", actor, reason)


def prove(login: str, proof: int, *, actor: str, reason: str) -> None:
    """Say how the user was proofed (实名 1, 实人 2), or that it no longer stands (0)."""
    if proof not in {UNPROOFED, NAMED, SEEN}:
        raise ValueError("a user is unproofed (0), named (1) or seen (2)")
    user = _user(login)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(proof=proof)
        _tell(user, "proofed", actor, reason, proof=proof)


def _tell(user: User, what: str, actor: str, reason: str, **data: int) -> None:
    tell(
        Draft(
            type=f"tongban.access.{what}.v1",
            chain=f"user:{user.pk}",
            actor=actor,
            reason=reason,
            data=dict(data),
        )
    )
