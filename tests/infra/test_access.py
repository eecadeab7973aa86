"""Who may do what: denied unless a rule says yes; tokens are shown once and end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.clock import Clock
from tongban.infra.access import services
from tongban.infra.access.domain import (
    APART,
    ROLES,
    RULES,
    Context,
    Post,
    Subject,
    covers,
    judge,
    writes,
)
from tongban.infra.access.models import Token, User
from tongban.infra.trail import queries as trail

CASE = {"applicant": "p9", "department": "hukou", "region": "330106"}
ACTIONS = sorted({action for rule in RULES for action in rule.actions} | {"case.burn", "x"})
DEPARTMENTS = ["hukou", "tax", ""]
REGIONS = ["330000", "330100", "330106", "320500", "000000", ""]


def official(*roles: str, department: str = "hukou", region: str = "330100") -> Subject:
    posts = tuple(Post(department, role, region) for role in roles)
    return Subject("7", "李", "official", "p7", posts, Context(2), frozenset(roles))


CITIZEN = Subject("1", "王", "citizen", "p9")
posts = st.builds(
    Post,
    st.sampled_from(DEPARTMENTS),
    st.sampled_from([*ROLES, "", "guest"]),
    st.sampled_from(REGIONS),
)
subjects = st.builds(
    Subject,
    user_id=st.just("1"),
    name=st.just("某"),
    kind=st.sampled_from(["citizen", "official", "system"]),
    person_id=st.sampled_from(["", "p1", "p9"]),
    posts=st.lists(posts, max_size=3).map(tuple),
)
resources = st.fixed_dictionaries(
    {},
    optional={
        "applicant": st.sampled_from(["", "p1", "p9"]),
        "department": st.sampled_from(DEPARTMENTS),
        "region": st.sampled_from(REGIONS),
    },
)
actions = st.sampled_from(ACTIONS)


@pytest.mark.parametrize(
    ("subject", "action", "allowed"),
    [
        (CITIZEN, "case.submit", True),
        (CITIZEN, "case.withdraw", True),
        (CITIZEN, "case.decide", False),
        (Subject("2", "张", "citizen", "p8"), "case.read", False),
        (Subject("3", "无", "citizen", ""), "case.read", False),
        (official("clerk"), "case.accept", True),
        (official("clerk"), "case.decide", False),
        (official("reviewer"), "case.review", True),
        (official("reviewer"), "case.decide", False),
        (official("approver"), "case.decide", True),
        (official("approver", department="tax"), "case.decide", False),
        (official("approver", region="330200"), "case.decide", False),
        (official("approver", "clerk"), "case.accept", True),
        (official("auditor", department="audit", region="330000"), "case.read", True),
        (official("auditor", department="audit", region="330000"), "case.decide", False),
        (official("admin", department="it"), "case.read", False),
        (official("admin", department="it"), "user.manage", True),
        (official("operator", department="it"), "case.read", False),
        (official("operator", department="it"), "job.requeue", True),
        (official("publisher"), "item.publish", True),
        (official("outreach"), "outreach.run", True),
        (official(), "case.read", False),
        (Subject("s", "规则", "system"), "case.decide", True),
        (Subject("s", "规则", "system"), "user.manage", False),
    ],
)
def test_the_house_rules_of_a_case(subject: Subject, action: str, *, allowed: bool) -> None:
    ruling = judge(subject, action, CASE)
    assert ruling.allowed is allowed
    assert ruling.reason("zh-hans") == ruling.zh != ""
    assert ruling.reason("en") == ruling.en != ""


def test_an_official_steps_back_from_its_own_case() -> None:
    own = {**CASE, "applicant": "p7"}
    assert judge(official("approver"), "case.read", own).allowed
    ruling = judge(official("approver"), "case.decide", own)
    assert not ruling.allowed
    assert "回避" in ruling.zh


def test_duties_that_must_be_apart_open_nothing_together() -> None:
    ruling = judge(official("auditor", "approver"), "case.read", CASE)
    assert not ruling.allowed
    assert "auditor" in ruling.en


@given(subjects, resources)
def test_an_action_that_no_rule_names_is_denied(subject: Subject, resource: dict[str, str]) -> None:
    assert not judge(subject, "case.burn", resource).allowed


@given(subjects, actions, resources)
def test_without_rules_everything_is_denied(
    subject: Subject, action: str, resource: dict[str, str]
) -> None:
    assert not judge(subject, action, resource, rules=()).allowed


@given(subjects, actions, resources)
def test_an_auditor_never_changes_anything(
    subject: Subject, action: str, resource: dict[str, str]
) -> None:
    if subject.kind == "official" and any(p.role == "auditor" for p in subject.posts):
        assert not (writes(action) and judge(subject, action, resource).allowed)


@given(subjects, actions, resources)
def test_whoever_runs_the_house_sees_no_case(
    subject: Subject, action: str, resource: dict[str, str]
) -> None:
    if subject.kind == "official" and any(p.role in APART - {"auditor"} for p in subject.posts):
        allowed = judge(subject, action, resource).allowed
        assert not (allowed and action.startswith(("case.", "licence.")))


@given(subjects, actions, resources)
def test_a_citizen_reaches_only_what_is_its_own(
    subject: Subject, action: str, resource: dict[str, str]
) -> None:
    if subject.kind == "citizen" and judge(subject, action, resource).allowed:
        assert subject.person_id
        assert subject.person_id == resource["applicant"]


@given(subjects, actions, resources)
def test_an_official_reaches_a_case_only_by_a_post_there(
    subject: Subject, action: str, resource: dict[str, str]
) -> None:
    if (
        subject.kind == "official"
        and action.startswith("case.")
        and judge(subject, action, resource).allowed
    ):
        assert any(
            covers(p.region, resource["region"])
            and (p.role == "auditor" or p.department == resource["department"] != "")
            for p in subject.posts
        )


@given(subjects, actions, resources)
def test_knowing_less_of_a_resource_never_allows_more(
    subject: Subject, action: str, resource: dict[str, str]
) -> None:
    if subject.kind != "official" and judge(subject, action, {}).allowed:
        assert judge(subject, action, resource).allowed
    if not judge(subject, action, resource).allowed and not writes(action):
        for known in resource:
            less = {k: v for k, v in resource.items() if k != known}
            assert not judge(subject, action, less).allowed


@given(st.sampled_from(REGIONS), st.sampled_from(REGIONS), st.sampled_from(REGIONS))
def test_regions_hold_each_other_as_a_tree(a: str, b: str, c: str) -> None:
    if covers(a, b) and covers(b, c):
        assert covers(a, c)
    if covers(a, b) and covers(b, a):
        assert a == b


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("wang", kind=User.Kind.CITIZEN, person_id="p9")


def issue(user: User, **told: object) -> services.Issued:
    told = {"label": "api", "lifetime": timedelta(days=1), "actor": "admin:1", **told}
    return services.issue_token(user, **told)  # type: ignore[arg-type]


def test_a_token_speaks_for_its_user_and_is_kept_as_digest_only(clock: Clock, user: User) -> None:
    issued = issue(user, scopes=["case.read"])
    bearer = services.authenticate(issued.secret)
    assert bearer.user == user
    assert bearer.may("case.read")
    assert not bearer.may("case.submit")
    kept = Token.objects.get(pk=issued.token_id)
    assert issued.secret not in str(kept.__dict__)
    assert [e.type for e in trail.history(f"user:{user.pk}")] == ["tongban.access.token_issued.v1"]
    assert issued.secret not in trail.history(f"user:{user.pk}")[0].payload  # type: ignore[operator]


def test_a_token_ends_by_time_by_revocation_and_with_its_user(clock: Clock, user: User) -> None:
    past, revoked, closed = issue(user), issue(user, lifetime=timedelta(days=9)), issue(user)
    services.revoke_token(revoked.token_id, actor="admin:1", reason="lost")
    services.revoke_token(revoked.token_id, actor="admin:1", reason="again")
    assert [e.reason for e in trail.history(f"user:{user.pk}")] == ["", "", "", "lost"]
    with pytest.raises(services.TokenInvalid):
        services.authenticate(revoked.secret)
    clock.move(days=1)
    with pytest.raises(services.TokenInvalid):
        services.authenticate(past.secret)
    clock.move(hours=-1)
    assert services.authenticate(closed.secret).may("anything")
    user.is_active = False
    user.save()
    with pytest.raises(services.TokenInvalid):
        services.authenticate(closed.secret)
    with pytest.raises(services.TokenInvalid):
        services.authenticate("tb_guess")


def test_a_token_without_end_is_not_made(user: User) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        issue(user, lifetime=timedelta(0))
