"""Levels of assurance (认证等级): how surely a session is its user's, and what each verb asks for.

A level is the weaker of two things: how the person was proofed when the account was made (实名、
实人), and how it signed in now. Pure; it refuses nothing itself.
"""

from collections.abc import Collection, Mapping
from typing import Final

#: One factor: a password, or a foreign sign-in nobody vouches for further (单因素).
LOWEST: Final = 1
#: Two factors, of an account whose name is known (双因素、实名).
TWO: Final = 2
#: A key that cannot be phished, of a person who was seen (抗钓鱼、实人).
HIGHEST: Final = 3

#: How an account's person was proofed: not at all; by name and number (实名); in person or by a
#: live check (实人).
UNPROOFED, NAMED, SEEN = 0, 1, 2
_MOST: Final[Mapping[int, int]] = {UNPROOFED: LOWEST, NAMED: TWO, SEEN: HIGHEST}

#: Ways to sign in: password 口令, code of an authenticator 动态口令, one-time recovery code 恢复码,
#: passkey that verifies its user 通行密钥, foreign provider 第三方登录, link somebody vouches for.
PASSWORD, CODE, RECOVERY, PASSKEY, FOREIGN, LINK = "pwd", "otp", "rc", "pk", "fed", "link"
#: The same as "Authentication Method Reference" values (RFC 8176).
AMR: Final[Mapping[str, tuple[str, ...]]] = {
    PASSWORD: ("pwd",),
    CODE: ("otp",),
    RECOVERY: ("otp",),
    PASSKEY: ("hwk", "user"),
    FOREIGN: (),
    LINK: (),
}

#: "Authentication Context Class Reference" of each level, for foreign clients and steps up.
ACR: Final[Mapping[int, str]] = {n: f"urn:tongban:acr:{n}" for n in (LOWEST, TWO, HIGHEST)}

#: Verbs that ask for more than the lowest level.
NEEDS: Final[Mapping[str, int]] = {
    "case.decide": TWO,
    "fee.approve": TWO,
    "fee.settle": TWO,
    "case.sign": TWO,
    "licence.revoke": TWO,
    "licence.suspend": TWO,
    "licence.restore": TWO,
    "licence.settle": TWO,
    "exchange.grant": TWO,
    "exchange.end": TWO,
    "resource.publish": TWO,
    "resource.withdraw": TWO,
    "item.publish": TWO,
    "guide.sign": TWO,
    "outreach.run": TWO,
    "file.open": TWO,
    "user.manage": TWO,
    "token.manage": TWO,
    "job.read": TWO,
    "job.requeue": TWO,
    "relay.read": TWO,
    "relay.requeue": TWO,
    "delegation.grant": TWO,
    "delegation.record": TWO,
}


def level(proof: int, methods: Collection[str], vouched: int = 0) -> int:
    """Give the level of a session: methods used, capped by how the person was proofed.

    ``vouched`` is the level that a trusted party answers for: a foreign provider, or whoever made a
    sign-in link.

    >>> level(SEEN, ["pwd"]), level(SEEN, ["pwd", "otp"]), level(SEEN, ["pk"])
    (1, 2, 3)
    >>> level(NAMED, ["pk"]), level(UNPROOFED, ["pwd", "otp"]), level(SEEN, ["fed"], 2)
    (2, 1, 2)
    """
    first = {PASSWORD, FOREIGN, LINK} & set(methods)
    second = {CODE, RECOVERY} & set(methods)
    strength = LOWEST
    if PASSKEY in methods:
        strength = HIGHEST
    elif first and second:
        strength = TWO
    return min(max(strength, vouched), _MOST.get(proof, LOWEST))


def needed(action: str) -> int:
    """Give the level that a verb asks for.

    >>> needed("case.decide"), needed("case.read")
    (2, 1)
    """
    return NEEDS.get(action, LOWEST)


def sentence(level: int) -> tuple[str, str]:
    """Say in Chinese and English what to do to reach a level."""
    if level >= HIGHEST:
        return "请使用通行密钥重新认证", "sign in again with a passkey"
    return "请使用第二种认证方式重新认证", "sign in again with a second factor"


def level_of(acr: str) -> int:
    """Give the level that an ``acr`` of ours names; 0 for any other.

    >>> level_of("urn:tongban:acr:2"), level_of("phr")
    (2, 0)
    """
    return next((n for n, name in ACR.items() if name == acr), 0)


def amr(methods: Collection[str]) -> list[str]:
    """Give the RFC 8176 values of the methods used, ``mfa`` among them where there were two.

    >>> amr(["pwd", "otp"]), amr(["pk"])
    (['mfa', 'otp', 'pwd'], ['hwk', 'mfa', 'user'])
    """
    values = {value for method in methods for value in AMR.get(method, ())}
    return sorted(values | ({"mfa"} if len(values) > 1 else set()))
