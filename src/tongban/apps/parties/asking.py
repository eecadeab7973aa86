"""Who calls an API 接口调用人: for whom it asks, and whether its token was made for that."""

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


def asking(request: HttpRequest, *actions: str, instead: bool = False) -> Subject:
    """Give who asks; with ``instead`` as acting for whom `ON_BEHALF` names.

    Raises `CallRefused`, and tells the trail: for a token that was made for none of ``actions``,
    for a delegation that is not in force, and for any delegation where nobody acts for another.
    To leave a header unheard would answer for somebody else than was asked for.
    """
    bearer: Bearer = request.auth  # type: ignore[attr-defined]
    alone = queries.subject_of(bearer.user, bearer.context)
    if not any(bearer.may(action) for action in actions):
        refuse(alone, actions[0], {}, OUT_OF_SCOPE)
        raise CallRefused("此令牌不含该权限", f"this token is not made for {' or '.join(actions)}")
    delegation = request.headers.get(ON_BEHALF, "")
    if not delegation:
        return alone
    if not instead:
        raise CallRefused(
            f"此操作不能代办，请去掉 {ON_BEHALF}",
            f"nobody does this for another: leave {ON_BEHALF} out",
        )
    try:
        return delegating.acting(bearer.user, delegation, bearer.context)
    except DelegationRefused as refused:
        raise CallRefused(refused.zh, refused.en) from refused
