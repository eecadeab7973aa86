"""Who calls an API 接口调用人: for whom it asks, and whether its token was made for that."""

from collections.abc import Sequence

from django.http import HttpRequest

from tongban.infra.access.domain import OUT_OF_SCOPE, Subject
from tongban.infra.access.refusing import refuse
from tongban.infra.access.services import Bearer

from . import delegating, queries
from .domain import DelegationRefused

#: The header that names the delegation by which a caller acts for another (代理).
ON_BEHALF = "Tongban-On-Behalf"


class CallRefused(PermissionError):
    """The caller's token or delegation does not open this; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"CallRefused: {en}")
        self.zh, self.en = zh, en


def asking(request: HttpRequest, *actions: str) -> Subject:
    """Give who asks for what nobody does for another.

    Raises `CallRefused` for a token that was made for none of ``actions``, which the trail is told,
    and where `ON_BEHALF` is sent: to leave it unheard would answer for somebody else than was
    asked for.
    """
    alone = _bearing(request, actions)
    if request.headers.get(ON_BEHALF):
        raise CallRefused(
            f"此操作不能代办，请去掉 {ON_BEHALF}",
            f"nobody does this for another: leave {ON_BEHALF} out",
        )
    return alone


def acting(request: HttpRequest, *actions: str) -> Subject:
    """Give who asks, as acting for whom the delegation of `ON_BEHALF` names, where it is sent.

    Raises `CallRefused` for a token that was made for none of ``actions`` and for a delegation that
    is not in force; the trail is told of both.
    """
    alone = _bearing(request, actions)
    delegation = request.headers.get(ON_BEHALF)
    if not delegation:
        return alone
    bearer: Bearer = request.auth  # type: ignore[attr-defined]
    try:
        return delegating.acting(bearer.user, delegation, bearer.context)
    except DelegationRefused as refused:
        raise CallRefused(refused.zh, refused.en) from refused


def _bearing(request: HttpRequest, actions: Sequence[str]) -> Subject:
    """Give whose token or session it is; refuse one that was made for none of ``actions``."""
    bearer: Bearer = request.auth  # type: ignore[attr-defined]
    subject = queries.subject_of(bearer.user, bearer.context)
    if not any(bearer.may(action) for action in actions):
        refuse(subject, actions[0], {}, OUT_OF_SCOPE)
        raise CallRefused("此令牌不含该权限", f"this token is not made for {' or '.join(actions)}")
    return subject
