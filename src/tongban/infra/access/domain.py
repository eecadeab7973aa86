"""The judge of permissions 权限: may this subject do this to that? Denied unless a rule says yes.

Roles and what they may do are data (``RULES``). The judge knows no user table and no case; it sees
the subject and the resource it is handed, and a resource that does not say what a rule must know
(its department, its region, its applicant) is denied. No place in the network is trusted: every
subject comes with how surely it is known, what for it asks, and from which device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .assurance import LOWEST, TWO, needed, sentence

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
#: Roles that change nothing until they are raised for a while (临时提权).
RAISED = frozenset({"operator", "admin"})
#: Life events that a delegation covers when it covers all of them.
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Post:
    """A post 岗位: a role in a department over a region (division code of six digits or more).

    ``330000`` holds all of ``33…``, ``330100`` all of ``3301…``, ``000000`` the whole country.
    """

    department: str
    role: str
    region: str


@dataclass(frozen=True, slots=True)
class Device:
    """What is seen of the device a call comes from (终端状态).

    ``network`` is inside or outside the networks of the offices, or unknown where none are named;
    ``known`` is a device on which this user gave two factors before; ``secure`` means TLS.
    """

    kind: Literal["browser", "program", "command", "unknown"] = "unknown"
    network: Literal["inside", "outside", "unknown"] = "unknown"
    known: bool = False
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """How a call comes: how surely its user is known (``assurance``), what for, from what.

    ``proof`` names what the trail tells of that: ``event:<id>`` of a sign-in, ``token:<number>``.
    """

    level: int = LOWEST
    purpose: str = ""
    device: Device = Device()
    proof: str = ""


#: Nothing is known but that somebody signed in.
BARE = Context()
#: A command on the machine itself: whoever may run it answers for who it says it is.
COMMAND = Context(TWO, "command line", Device("command"), "command")


@dataclass(frozen=True, slots=True)
class Behalf:
    """For whom the subject acts (代理): the delegation, its kind, and what it covers.

    ``actions`` are those of the judge, ``events`` the life events (``*``: all).
    """

    delegation: str
    kind: str
    principal: str
    actions: frozenset[str]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks: a signed-in user with the posts it holds now. ``person_id`` may be empty.

    Where it acts for somebody (``behalf``), ``person_id`` is the person it acts for and ``user_id``
    stays its own, so that the trail shows both. ``raised`` are roles it may use to the full now.
    """

    user_id: str
    name: str
    kind: Kind
    person_id: str = ""
    posts: tuple[Post, ...] = ()
    context: Context = Context()
    raised: frozenset[str] = frozenset()
    behalf: Behalf | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of what is allowed; ``role`` is empty for citizens and systems."""

    kind: Kind
    role: str
    actions: frozenset[str]
    bound: Bound


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer of the judge, with its reason in Chinese and English.

    ``needs`` names the level of assurance that would turn a no into a yes; 0 where none would.
    """

    allowed: bool
    zh: str
    en: str
    needs: int = 0

    def reason(self, lang: str) -> str:
        """Give the reason; Chinese for every ``lang`` but one that begins with ``en``."""
        return self.en if lang.startswith("en") else self.zh


def _yes(zh: str, en: str) -> Ruling:
    return Ruling(allowed=True, zh=zh, en=en)


def _no(zh: str, en: str) -> Ruling:
    return Ruling(allowed=False, zh=zh, en=en)


def _rule(kind: Kind, role: str, bound: Bound, actions: str) -> Rule:
    return Rule(kind, role, frozenset(actions.split()), bound)


#: The answer to an official without any post.
NO_POST = _no("您没有岗位", "you hold no post")
#: The answer to a token that was made for other actions.
OUT_OF_SCOPE = _no("此令牌不含该权限", "this token is not made for this")

RULES: tuple[Rule, ...] = (
    _rule("citizen", "", "own", "case.submit case.read case.correct case.withdraw case.sign"),
    _rule("citizen", "", "own", "licence.read licence.present"),
    _rule("citizen", "", "own", "delegation.read delegation.grant delegation.end"),
    _rule("official", "clerk", "department", "delegation.record delegation.end"),
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
    # who asks for a refund does not approve it
    _rule("official", "clerk", "department", "fee.refund"),
    _rule("official", "approver", "department", "fee.read fee.approve fee.reconcile fee.settle"),
    _rule("official", "publisher", "department", "item.read item.draft item.publish"),
    # whoever took part in a decision does not call about it (see voice)
    _rule("official", "clerk", "department", "voice.answer"),
    _rule("official", "reviewer", "department", "voice.answer"),
    # who translates a guide does not sign it
    _rule("official", "clerk", "department", "guide.translate"),
    _rule("official", "approver", "department", "guide.sign"),
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
        "case.read licence.read item.read outreach.read trail.read trail.verify exchange.read"
        " fee.read",
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
    (division code), ``life_event`` (slug), ``company`` (credit code of whom it is for), ``agent``
    (user id of who applied for somebody else). An official acts on no case of its own, nor on one
    it applied for on another's behalf (公务员法 第七十六条, recusal).

    >>> two = Context(level=2)
    >>> clerk = Subject("7", "李", "official", "p7", (Post("hukou", "clerk", "330100"),), two)
    >>> case = {"applicant": "p9", "department": "hukou", "region": "330106"}
    >>> judge(clerk, "case.accept", case).allowed, judge(clerk, "case.decide", case).en
    (True, 'no post of yours allows case.decide here')
    """
    if double := conflict(subject.posts):
        return _no(f"岗位互斥：{double}", f"duties must be held apart: {double}")
    if subject.behalf is not None:
        outside = _outside(subject.behalf, action, resource)
        if outside is not None:
            return outside
    own = bool(subject.person_id) and resource.get("applicant") == subject.person_id
    agent = bool(subject.user_id) and resource.get("agent") == subject.user_id
    if subject.kind == "official" and (own or agent) and writes(action):
        return _no(
            "涉及本人利害关系，应当回避（公务员法第七十六条）",
            "this concerns yourself: step back (Civil Servant Law, article 76)",
        )
    refused = _no(f"您的岗位无权在此执行 {action}", f"no post of yours allows {action} here")
    if subject.kind == "citizen":
        refused = _no(f"只能对本人的办件执行 {action}", f"you may not do {action} here")
    for rule in rules:
        if rule.kind == subject.kind and action in rule.actions:
            ruling = _bound(rule, subject, resource, own=own)
            if ruling.allowed and (unfit := _unfit(rule, subject, action)) is not None:
                refused = unfit
            elif ruling.allowed:
                return ruling
    return refused


def _outside(behalf: Behalf, action: str, resource: Mapping[str, str]) -> Ruling | None:
    """Refuse what a delegation does not cover; a resource that does not say what it is about.

    A company's agent is let into the company's cases, and into no other of its representative's.
    """
    if action not in behalf.actions:
        return _no(f"委托不包括 {action}", f"the delegation does not cover {action}")
    event = resource.get("life_event", "")
    if EVERYTHING not in behalf.events and event not in behalf.events:
        return _no("委托不包括此事项", "the delegation does not cover this life event")
    if behalf.kind == "company" and resource.get("company", "") != behalf.principal:
        return _no("不是该企业的办件", "this is not for that company")
    return None


def _unfit(rule: Rule, subject: Subject, action: str) -> Ruling | None:
    """Say what is amiss with how the subject comes, though its post would allow the action."""
    if subject.kind == "system":
        return None
    if rule.role in RAISED and writes(action) and rule.role not in subject.raised:
        return _no(
            "请先申请临时提权并说明理由",
            "raise this role for a while first, with a reason (time-limited elevation)",
        )
    needs, device = needed(action), subject.context.device
    sensitive = needs > LOWEST
    if sensitive and rule.role and device.network == "outside" and not device.known:
        return _no(
            "敏感操作请在办公网络或已登记的终端上进行",
            "do this on the office network, or on a device that is known here",
        )
    if subject.context.level < needs:
        zh, en = sentence(needs)
        return Ruling(allowed=False, zh=zh, en=en, needs=needs)
    return None


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
