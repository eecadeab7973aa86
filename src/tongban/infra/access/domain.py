"""The judge of permissions 权限: may this subject do this to that? Denied unless a rule says yes.

Roles and what they may do are data (``RULES``). The judge knows no user table and no case; it sees
the subject and the resource it is handed, and a resource that does not say what a rule must know
(its department, its region, its applicant) is denied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["citizen", "official", "system"]
#: own: the applicant is the subject; department: a post in the resource's department whose region
#: holds the resource's; region: a post whose region holds it; none: nothing about the resource.
Bound = Literal["own", "department", "region", "none"]

#: Actions that leave everything as it was.
READING = frozenset({"read", "list", "verify"})
ROLES: Mapping[str, tuple[str, str]] = {
    "clerk": ("受理", "clerk"),
    "reviewer": ("审查", "reviewer"),
    "approver": ("决定", "approver"),
    "publisher": ("发布", "publisher"),
    "outreach": ("免申即享", "outreach"),
    "auditor": ("审计", "auditor"),
    "operator": ("运维", "operator"),
    "admin": ("管理", "administrator"),
}
#: Administer, audit and operate are three hands, and none of them decides cases (三员分立).
APART = frozenset({"auditor", "operator", "admin"})


@dataclass(frozen=True, slots=True)
class Post:
    """A post 岗位: a role in a department over a region (division code of six digits or more).

    ``330000`` holds all of ``33…``, ``330100`` all of ``3301…``, ``000000`` the whole country.
    """

    department: str
    role: str
    region: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks: a signed-in user with the posts it holds now. ``person_id`` may be empty."""

    user_id: str
    name: str
    kind: Kind
    person_id: str = ""
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of what is allowed; ``role`` is empty for citizens and systems."""

    kind: Kind
    role: str
    actions: frozenset[str]
    bound: Bound


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of the judge, with its reason in Chinese and English."""

    allowed: bool
    zh: str
    en: str

    def reason(self, lang: str) -> str:
        """Give the reason; Chinese for every ``lang`` but one that begins with ``en``."""
        return self.en if lang.startswith("en") else self.zh


def _yes(zh: str, en: str) -> Ruling:
    return Ruling(allowed=True, zh=zh, en=en)


def _no(zh: str, en: str) -> Ruling:
    return Ruling(allowed=False, zh=zh, en=en)


def _rule(kind: Kind, role: str, bound: Bound, actions: str) -> Rule:
    return Rule(kind, role, frozenset(actions.split()), bound)


RULES: tuple[Rule, ...] = (
    _rule("citizen", "", "own", "case.submit case.read case.correct case.withdraw"),
    _rule("citizen", "", "own", "licence.read licence.present"),
    _rule("official", "clerk", "department", "case.submit case.read case.accept case.ask"),
    _rule("official", "clerk", "department", "exchange.read exchange.request"),
    _rule("official", "reviewer", "department", "case.read case.review"),
    _rule("official", "reviewer", "department", "exchange.read exchange.review file.open"),
    _rule("official", "approver", "department", "case.read case.decide"),
    _rule(
        "official",
        "approver",
        "department",
        "licence.read licence.revoke licence.suspend licence.restore licence.settle",
    ),
    _rule("official", "approver", "department", "exchange.read exchange.grant exchange.end"),
    _rule("official", "publisher", "department", "item.read item.publish"),
    # who describes a resource does not publish it
    _rule("official", "clerk", "department", "resource.register"),
    _rule("official", "approver", "department", "resource.publish resource.withdraw"),
    _rule(
        "official",
        "publisher",
        "department",
        "resource.register resource.publish resource.withdraw",
    ),
    _rule("official", "outreach", "department", "outreach.read outreach.run"),
    _rule(
        "official",
        "auditor",
        "region",
        "case.read licence.read item.read outreach.read trail.read trail.verify exchange.read",
    ),
    _rule("official", "operator", "none", "job.read job.requeue relay.read relay.requeue"),
    _rule("official", "admin", "none", "user.read user.manage token.read token.manage"),
    _rule(
        "system",
        "",
        "none",
        "case.read case.step case.decide licence.issue outreach.run exchange.fetch",
    ),
)


def covers(region: str, inner: str) -> bool:
    """Tell whether a division holds another (GB/T 2260: pairs of zeros at the end mean all).

    >>> covers("330100", "330106"), covers("330106", "330100"), covers("000000", "110000")
    (True, False, True)
    >>> covers("", "330106"), covers("330100", "")
    (False, False)
    """
    if not (region.isascii() and region.isdigit() and len(region) >= 6 and inner):
        return False
    stem = region
    while stem.endswith("00") and len(stem) % 2 == 0 and len(stem) <= 6:
        stem = stem[:-2]
    return inner.startswith(stem)


def conflict(posts: Sequence[Post]) -> str:
    """Name the duties that one person may not hold together, or nothing."""
    roles = {post.role for post in posts}
    return " + ".join(sorted(roles)) if roles & APART and len(roles) > 1 else ""


def writes(action: str) -> bool:
    """Tell whether an action changes anything; one we do not know does.

    >>> writes("case.read"), writes("case.decide")
    (False, True)
    """
    return action.rpartition(".")[2] not in READING


def judge(
    subject: Subject,
    action: str,
    resource: Mapping[str, str],
    rules: Sequence[Rule] = RULES,
) -> Ruling:
    """Judge whether the subject may do this to the resource.

    ``resource`` names what is known of it: ``applicant`` (person id), ``department``, ``region``
    (division code). An official acts on no case of its own (公务员法 第七十六条, recusal).

    >>> clerk = Subject("7", "李", "official", "p7", (Post("hukou", "clerk", "330100"),))
    >>> case = {"applicant": "p9", "department": "hukou", "region": "330106"}
    >>> judge(clerk, "case.accept", case).allowed, judge(clerk, "case.decide", case).en
    (True, 'no post of yours allows case.decide here')
    """
    if double := conflict(subject.posts):
        return _no(f"岗位互斥：{double}", f"duties must be held apart: {double}")
    own = bool(subject.person_id) and resource.get("applicant") == subject.person_id
    if subject.kind == "official" and own and writes(action):
        return _no(
            "涉及本人利害关系，应当回避（公务员法第七十六条）",
            "this concerns yourself: step back (Civil Servant Law, article 76)",
        )
    for rule in rules:
        if rule.kind == subject.kind and action in rule.actions:
            ruling = _bound(rule, subject, resource, own=own)
            if ruling.allowed:
                return ruling
    if subject.kind == "citizen":
        return _no(f"只能对本人的办件执行 {action}", f"you may not do {action} here")
    return _no(f"您的岗位无权在此执行 {action}", f"no post of yours allows {action} here")


def _bound(rule: Rule, subject: Subject, resource: Mapping[str, str], *, own: bool) -> Ruling:
    denied = _no("", "")
    if not rule.role:
        if rule.bound == "own" and own:
            return _yes("本人办件", "your own case")
        if rule.bound == "none":
            return _yes("系统自动处理", "done by the system")
        return denied
    for post in subject.posts:
        if post.role != rule.role:
            continue
        here = covers(post.region, resource.get("region", ""))
        at_home = bool(post.department) and resource.get("department") == post.department
        if (
            rule.bound == "none"
            or (rule.bound == "region" and here)
            or (rule.bound == "department" and here and at_home)
        ):
            zh, en = ROLES[rule.role]
            return _yes(
                f"{post.department} {zh}岗位（{post.region}）",
                f"post of {en} at {post.department} ({post.region})",
            )
    return denied
