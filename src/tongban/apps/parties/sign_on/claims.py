"""What a foreign system learns of who signs in (OpenID Connect Core 1.0, section 5): pure.

A scope is a set of claims that a person consents to; who somebody is at one department's systems
cannot be joined with who it is at another's, because every sector has names of its own (section
8.1).
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from typing import Final

from tongban.infra.access.assurance import LOWEST, TWO
from tongban.kernel.facts import Words
from tongban.kernel.suites import Suite

#: scope → what a person reads on the consent page
SCOPES: Final[Mapping[str, Words]] = {
    "openid": Words("识别您的身份（本系统专用编号）", "know you again, by a number of its own"),
    "profile": Words("您的姓名和用户类别", "your name and kind of account"),
    "identity": Words("您的公民身份号码", "your identity number"),
    "companies": Words("您代表的企业", "the companies that you represent"),
    "posts": Words("您任职的部门和岗位", "your departments and posts"),
}
#: claim → the scope that opens it
OPENED_BY: Final[Mapping[str, str]] = {
    "sub": "openid",
    "name": "profile",
    "kind": "profile",
    "id_number": "identity",
    "companies": "companies",
    "posts": "posts",
}
#: scopes that a session of one factor does not open
_NEEDS: Final[Mapping[str, int]] = {"identity": TWO, "companies": TWO, "posts": TWO}


def needed(scopes: Iterable[str]) -> int:
    """Give the level of assurance that these scopes ask for.

    >>> needed(["openid", "profile"]), needed(["openid", "identity"])
    (1, 2)
    """
    return max((_NEEDS.get(scope, LOWEST) for scope in scopes), default=LOWEST)


def pairwise(by: Suite, secret: bytes, sector: str, user: str) -> str:
    """Give the subject identifier of a user for one sector: 43 characters (Core, section 8.1).

    >>> from tongban.kernel.suites import suite
    >>> a, b = (pairwise(suite("gm"), b"k" * 32, at, "7") for at in ("tax", "police"))
    >>> a == b, len(a)
    (False, 43)
    """
    about = f"{len(sector)}:{sector}:{user}".encode()
    return urlsafe_b64encode(by.mac(secret, about)).rstrip(b"=").decode()
