"""A sign-in link works once, in its time, and opens nothing else."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

from testkit.clock import Clock
from testkit.servers import Fresh
from tongban.infra.access import services as access
from tongban.infra.access.cli import token
from tongban.infra.access.models import User
from tongban.infra.trail import queries as trail


def link(user: User, *scopes: str) -> str:
    return access.issue_token(
        user, label="link", lifetime=timedelta(minutes=10), actor="serve", scopes=scopes
    ).secret


def test_a_link_signs_in_once(fresh_sqlite: Fresh, clock: Clock) -> None:
    user = User.objects.create_user("li")
    secret = link(user, access.ENTER)
    assert access.redeem(secret, access.ENTER) == user
    with pytest.raises(access.TokenInvalid):
        access.redeem(secret, access.ENTER)
    assert [e.type for e in trail.history(f"user:{user.pk}")] == [
        "tongban.access.token_issued.v1",
        "tongban.access.token_redeemed.v1",
    ]


def test_a_link_ends_after_ten_minutes(fresh_sqlite: Fresh, clock: Clock) -> None:
    secret = link(User.objects.create_user("li"), access.ENTER)
    clock.move(minutes=10)
    with pytest.raises(access.TokenInvalid):
        access.redeem(secret, access.ENTER)


@pytest.mark.parametrize("scopes", [(), ("case.read",), (access.ENTER, "case.read")])
def test_a_token_of_the_api_is_no_link(
    fresh_sqlite: Fresh, clock: Clock, scopes: tuple[str, ...]
) -> None:
    secret = link(User.objects.create_user("li"), *scopes)
    with pytest.raises(access.TokenInvalid):
        access.redeem(secret, access.ENTER)
    access.authenticate(secret)


def test_a_link_is_no_token_of_the_api(fresh_sqlite: Fresh, clock: Clock) -> None:
    bearer = access.authenticate(link(User.objects.create_user("li"), access.ENTER))
    assert not bearer.may("case.read")


def test_a_token_is_made_and_ended_from_the_command_line(fresh_sqlite: Fresh, clock: Clock) -> None:
    User.objects.create_user("li")
    run = CliRunner().invoke
    made = run(token, ["issue", "li", "--days", "1", "--scope", "case.read"])
    assert made.exit_code == 0
    secret = made.stdout.strip()
    bearer = access.authenticate(secret)
    assert (bearer.user.username, bearer.may("case.read"), bearer.may("case.submit")) == (
        "li",
        True,
        False,
    )
    number = made.stderr.split()[1].rstrip(",")
    assert run(token, ["revoke", number, "--reason", "遗失"]).exit_code == 0
    with pytest.raises(access.TokenInvalid):
        access.authenticate(secret)
    for wrong in (["issue", "nobody"], ["revoke", "99", "--reason", "x"]):
        assert run(token, wrong).exit_code == 1
