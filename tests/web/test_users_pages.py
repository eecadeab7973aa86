"""User administration: invitations, a raised role, two factors, and three hands kept apart."""

from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.clock import Clock
from testkit.servers import Fresh
from tongban.apps.parties import queries
from tongban.apps.parties import services as people
from tongban.infra import clock as port
from tongban.infra.access import elevation, limits, users
from tongban.infra.access import services as access
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.access.models import Authenticator, User
from tongban.infra.access.users_cli import user as command
from tongban.infra.trail import queries as trail

PASSWORD = "plum blossom in snow"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin(fresh_sqlite: Fresh, clock: Clock) -> Subject:
    row = people.DepartmentRow("it", "1133010000250101XW", "大数据局", "data bureau", "330100")
    people.install_departments([row])
    people.register_person("li", "李雷", "11010519491231002X")
    return queries.subject_of(people.appoint("admin", "管理员", "it", "admin"), COMMAND)


def act(client: Client, verb: str, login: str = "li", reason: str = "核实身份") -> Any:
    return client.post("/users", {"login": login, "verb": verb, "reason": reason})


def test_an_administrator_raises_the_role_with_two_factors_and_a_reason(admin: Subject) -> None:
    client = signed_in(admin)
    assert client.get("/users?login=li").status_code == 200
    refused = act(client, "close")
    assert refused.status_code == 403
    assert "提权" in refused.content.decode()
    weak = signed_in(admin, "pwd")
    raising = {"role": "admin", "reason": "停用离职人员账号", "minutes": "30"}
    assert "/sign-in/more" in weak.post("/account/raise", raising)["Location"]
    assert client.post("/account/raise", {**raising, "minutes": "90"}).status_code == 409
    assert client.post("/account/raise", raising)["Location"] == "/account"
    assert act(client, "close", reason="  ").status_code == 403
    assert act(client, "burn").status_code == 403
    assert act(client, "close", "nobody").status_code == 404
    assert act(client, "close", "admin").status_code == 403  # not its own
    assert "/sign-in/more" in act(weak, "close")["Location"]
    assert act(client, "close").status_code == 200
    li = User.objects.get(username="li")
    assert not li.is_active
    last = trail.history(f"user:{li.pk}")[-1]
    assert (last.type, last.actor, last.reason) == (
        "tongban.access.closed.v1",
        admin.user_id,
        "核实身份",
    )
    act(client, "reopen")
    client.post("/account/raise", {"end": "1"})
    assert act(client, "close").status_code == 403


def test_nobody_else_finds_the_page(admin: Subject) -> None:
    people.appoint("audit", "审计", "it", "auditor")
    for login in ("li", "audit"):
        stranger = queries.subject_of(User.objects.get(username=login), COMMAND)
        assert signed_in(stranger).get("/users").status_code == 404
        assert act(signed_in(stranger), "close").status_code == 404
    assert Client().get("/users").status_code == 302


def test_who_is_invited_sets_a_password_once_and_within_a_day(admin: Subject, clock: Clock) -> None:
    client = signed_in(admin)
    elevation.elevate(admin, "admin", reason="新用户", minutes=30)
    shown = html.fromstring(act(client, "invite").content.decode())
    (first,) = shown.xpath("//div[@class='notice good']//code/text()")
    (link,) = html.fromstring(act(client, "invite").content.decode()).xpath("//p/code/text()")
    path = link.removeprefix("http://localhost:8000")
    guest = Client()
    assert guest.get(first.removeprefix("http://localhost:8000")).status_code == 404
    assert "li" in guest.get(path).content.decode()
    assert guest.post(path, {"password": "short"}).status_code == 409
    assert guest.post(path, {"password": PASSWORD})["Location"] == "/account"
    assert guest.get("/account").status_code == 200
    assert Client().post(path, {"password": "another long password"}).status_code == 404
    late = users.invite("li", actor="t")
    clock.move(hours=24)
    assert Client().get(f"/invited/{late}").status_code == 404
    token = access.issue_token(
        User.objects.get(username="li"), label="x", lifetime=users.INVITATION_LASTS, actor="t"
    )
    assert Client().get(f"/invited/{token.secret}").status_code == 404


def test_a_reset_account_has_no_way_in_and_an_unlocked_one_has(
    admin: Subject, clock: Clock
) -> None:
    li = User.objects.get(username="li")
    li.set_password(PASSWORD)
    li.save()
    code = {"kind": "rc", "identifier": "x", "created": port.now(), "confirmed": True}
    Authenticator.objects.create(user=li, **code)
    sign_in = {"username": "li", "password": PASSWORD}
    for _ in range(5):
        Client().post("/sign-in", {**sign_in, "password": "wrong"})
    assert Client().post("/sign-in", sign_in).status_code == 403
    users.unlock("li", actor="t", reason="本人到场")
    assert Client().post("/sign-in", sign_in).status_code == 302
    users.reset("li", actor="t", reason="手机遗失")
    assert Client().post("/sign-in", sign_in).status_code == 403
    assert not Authenticator.objects.exists()
    assert limits.count(limits.ACCOUNT, "li") == 2


def test_closing_an_account_ends_its_tokens_and_sessions(admin: Subject) -> None:
    li = User.objects.get(username="li")
    browser = signed_in(queries.subject_of(li))
    token = access.issue_token(li, label="x", lifetime=users.INVITATION_LASTS, actor="t")
    users.close("li", actor="t", reason="离职")
    assert browser.get("/account").status_code == 302
    users.reopen("li", actor="t", reason="误停")
    with pytest.raises(access.TokenInvalid):
        access.authenticate(token.secret)


def test_administer_audit_and_operate_are_three_people(admin: Subject) -> None:
    for role in ("auditor", "operator", "clerk"):
        with pytest.raises(people.DutiesConflict):
            people.appoint("admin", "管理员", "it", role)
    people.appoint("op", "运维", "it", "operator")
    with pytest.raises(people.DutiesConflict):
        people.appoint("op", "运维", "it", "admin")
    assert [p.role for p in admin.posts] == ["admin"]


def test_accounts_are_managed_from_the_command_line(admin: Subject) -> None:
    run = CliRunner().invoke
    link = run(command, ["invite", "li"]).output.strip()
    assert link.startswith("http://localhost:8000/invited/tb_")
    for words in (
        ["close", "li", "--reason", "x"],
        ["reopen", "li", "--reason", "x"],
        ["unlock", "li", "--reason", "x"],
        ["reset", "li", "--reason", "x"],
        ["prove", "li", "2", "--reason", "窗口核验"],
    ):
        assert run(command, words).exit_code == 0, words
        assert run(command, [words[0], "nobody", *words[2:]]).exit_code == 1
    assert run(command, ["invite", "nobody"]).exit_code == 1
    assert User.objects.get(username="li").proof == 2
