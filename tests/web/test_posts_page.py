"""Posts and roles: given and ended by a raised administrator, with a reason, told on the trail."""

import re

import pytest

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.parties import posts, queries
from tongban.apps.parties.models import Post
from tongban.apps.parties.posts import PostRefused
from tongban.config.setup import prepare
from tongban.infra.access import elevation
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.access.models import User
from tongban.infra.access.users import NotYours
from tongban.infra.trail import queries as trail

PAGE = "/users/posts?department=health"


@pytest.fixture
def admin(office: Office) -> Subject:
    office.appoint("data-bureau", "admin", "data.admin")
    return office.official("data-bureau", "admin")


@pytest.fixture
def raised(admin: Subject) -> Subject:
    elevation.elevate(admin, "admin", reason="岗位调整", minutes=30)
    return queries.subject_of(User.objects.get(pk=admin.user_id), COMMAND)


def number(login: str, role: str) -> int:
    return Post.objects.get(user__username=login, role=role).pk


def test_a_post_is_given_and_ended_and_both_are_told(raised: Subject) -> None:
    posts.give(raised, "new.clerk", "health", "clerk", reason="新录用", name="新来")
    user = User.objects.get(username="new.clerk")
    subject = queries.subject_of(user, COMMAND)
    assert {(p.department, p.role) for p in subject.posts} == {("health", "clerk")}
    posts.end(raised, number("new.clerk", "clerk"), reason="调离")
    assert queries.subject_of(user, COMMAND).posts == ()
    told = [e for e in trail.history(f"user:{user.pk}") if e.type in {posts.GIVEN, posts.ENDED}]
    assert [(e.type, e.reason, e.actor) for e in told] == [
        (posts.GIVEN, "新录用", raised.user_id),
        (posts.ENDED, "调离", raised.user_id),
    ]


def test_what_was_ended_is_not_brought_back_by_a_pack(raised: Subject) -> None:
    named = next(one for one in posts.held(raised, "health") if one.role == "approver")
    posts.end(raised, named.number, reason="退休")
    prepare()
    assert named.login not in {
        one.login for one in posts.held(raised, "health") if one.role == "approver"
    }
    posts.give(raised, named.login, "health", "approver", reason="返聘")
    prepare()
    assert (named.login, "approver") in {
        (one.login, one.role) for one in posts.held(raised, "health")
    }


@pytest.mark.parametrize(
    ("login", "role", "reason", "name"),
    [
        ("nobody.known", "clerk", "x", ""),
        ("new.one", "clerk", "  ", "新"),
        ("new.one", "king", "x", "新"),
    ],
)
def test_what_does_not_fit_is_refused_and_makes_nobody(
    raised: Subject, login: str, role: str, reason: str, name: str
) -> None:
    with pytest.raises(PostRefused):
        posts.give(raised, login, "health", role, reason=reason, name=name)
    assert not User.objects.filter(username=login).exists()


def test_three_hands_stay_apart_and_nobody_acts_upon_itself(raised: Subject) -> None:
    posts.give(raised, "two.hats", "health", "auditor", reason="x", name="两帽")
    with pytest.raises(PostRefused, match="two people"):
        posts.give(raised, "two.hats", "health", "operator", reason="x")
    with pytest.raises(PostRefused, match="already"):
        posts.give(raised, "two.hats", "health", "auditor", reason="x")
    with pytest.raises(NotYours):
        posts.give(raised, "data.admin", "health", "clerk", reason="x")
    with pytest.raises(NotYours):
        posts.end(raised, number("data.admin", "admin"), reason="x")


def test_without_a_raised_role_nothing_is_changed(admin: Subject, office: Office) -> None:
    before = posts.held(admin, "health")
    assert before
    with pytest.raises(NotYours):
        posts.end(admin, before[0].number, reason="x")
    with pytest.raises(NotYours):
        posts.held(office.official("medical-insurance", "clerk"), "health")
    assert posts.held(admin, "health") == before


def test_the_page_gives_and_ends(raised: Subject) -> None:
    client = signed_in(raised)
    sent = {"act": "give", "login": "new.clerk", "name": "新来", "role": "clerk", "why": "新录用"}
    assert client.post(PAGE, sent).status_code == 302
    assert "new.clerk" in client.get(PAGE).content.decode()
    assert client.post(PAGE, sent).status_code == 409
    of = number("new.clerk", "clerk")
    asked = client.post(PAGE, {"act": f"end:{of}", f"reason-{of}": ""})
    assert asked.status_code == 422
    assert re.search(rf'id="f-reason-{of}"[^>]*aria-invalid="true"', asked.content.decode())
    assert client.post(PAGE, {"act": f"end:{of}", f"reason-{of}": "调离"}).status_code == 302
    assert "new.clerk" not in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"act": f"end:{of}", f"reason-{of}": "调离"}).status_code == 409
    assert client.post(PAGE, {"act": "give"}).status_code == 422
    assert client.post(PAGE, {"act": "crown"}).status_code == 404
    assert client.get("/users/posts?department=nowhere").status_code == 404


def test_the_page_is_for_administrators(admin: Subject, office: Office) -> None:
    clerk = signed_in(office.official("medical-insurance", "clerk"))
    assert clerk.get(PAGE).status_code == 404
    assert clerk.post(PAGE, {"act": "end:1", "reason-1": "x"}).status_code == 404
    sent = {"act": "give", "login": "x.y", "name": "新", "role": "clerk", "why": "x"}
    refused = signed_in(admin).post(PAGE, sent)
    assert refused.status_code == 403
    assert "提权" in refused.content.decode()
