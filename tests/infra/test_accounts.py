"""Accounts: the lock after failures, codes that are good once, levels, elevation, three hands."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.contrib.auth import authenticate
from django.db import connections
from django.http import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from testkit.clock import Clock
from testkit.phones import Phone
from testkit.servers import Fresh
from tongban.infra import clock as port
from tongban.infra import keys
from tongban.infra.access import elevation, factors, limits, refusing
from tongban.infra.access.addresses import client_address
from tongban.infra.access.assurance import ACR, AMR, NEEDS, RECOVERY, level, level_of
from tongban.infra.access.domain import (
    RULES,
    Behalf,
    Context,
    Device,
    Post,
    Subject,
    judge,
)
from tongban.infra.access.models import Authenticator, Tally, User
from tongban.infra.trail import queries as trail

PASSWORD = "plum blossom in snow"
methods = st.lists(st.sampled_from(sorted(AMR)), max_size=4)


@given(st.integers(0, 2), methods, st.integers(0, 3), st.sampled_from(sorted(AMR)))
def test_one_more_method_never_lowers_a_level_and_proof_always_caps_it(
    proof: int, used: list[str], vouched: int, more: str
) -> None:
    assert 1 <= level(proof, used, vouched) <= proof + 1
    assert level(proof, [*used, more], vouched) >= level(proof, used, vouched)
    assert level(0, used, vouched) == 1


@given(methods)
def test_without_a_passkey_nobody_reaches_the_highest_level(used: list[str]) -> None:
    assert (level(2, used) == 3) == ("pk" in used)
    assert level(2, [RECOVERY]) == 1  # a second factor alone is not two


def test_every_level_has_a_name_that_reads_back() -> None:
    assert [level_of(name) for name in ACR.values()] == [1, 2, 3]


def test_the_verbs_that_need_more_are_verbs_that_some_rule_allows() -> None:
    assert set(NEEDS) <= {action for rule in RULES for action in rule.actions}


def user(name: str = "li") -> User:
    return User.objects.create_user(name, password=PASSWORD, proof=2)


def test_five_failures_lock_an_account_for_a_quarter_of_an_hour(
    fresh_sqlite: Fresh, clock: Clock
) -> None:
    li = user()
    for _ in range(5):
        assert authenticate(username="li", password="wrong") is None
    assert authenticate(username="li", password=PASSWORD) is None
    assert authenticate(username="LI", password=PASSWORD) is None
    assert [e.type for e in trail.history(f"user:{li.pk}")] == ["tongban.access.locked.v1"]
    clock.move(minutes=14)
    assert authenticate(username="li", password=PASSWORD) is None
    clock.move(minutes=1)
    assert authenticate(username="li", password=PASSWORD) == li
    for _ in range(4):
        authenticate(username="li", password="wrong")
    assert authenticate(username="li", password=PASSWORD) == li  # a success begins anew


def test_a_name_that_nobody_has_is_counted_and_never_told(
    fresh_sqlite: Fresh, clock: Clock
) -> None:
    for _ in range(7):
        assert authenticate(username="nobody", password="wrong") is None
    assert Tally.objects.get().count == 7
    assert "nobody" not in Tally.objects.get().key


def test_a_list_of_stolen_passwords_ends_at_its_address_and_an_office_goes_on(
    fresh_sqlite: Fresh, clock: Clock, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    li = user()
    here, there = HttpRequest(), HttpRequest()
    here.META["REMOTE_ADDR"], there.META["REMOTE_ADDR"] = "203.0.113.7", "203.0.113.8"
    for _ in range(120):
        assert authenticate(here, username="li", password=PASSWORD) == li
    for number in range(limits.ADDRESS.most):
        assert authenticate(here, username=f"stolen{number}", password="x") is None
    assert authenticate(here, username="li", password=PASSWORD) is None
    assert authenticate(there, username="li", password=PASSWORD) == li
    clock.move(minutes=15)
    assert authenticate(here, username="li", password=PASSWORD) == li


def test_many_at_once_do_not_pass_the_limit(fresh_database: Fresh, clock: Clock) -> None:
    counts: list[int] = []
    gate = threading.Barrier(8)

    def one() -> None:
        gate.wait()
        counts.append(limits.count(limits.ACCOUNT, "li"))
        connections["default"].close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == list(range(1, 9))
    clock.move(minutes=15)
    assert limits.count(limits.ACCOUNT, "li") == 1
    clock.move(days=2)
    assert limits.sweep() == 1


def enrolled(who: User) -> tuple[Phone, tuple[str, ...]]:
    app = Phone(factors.begin_app(who).secret)
    return app, factors.confirm_app(who, app.at(port.now()))


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_phone_of_these_tests_shows_what_the_rfc_says(when: int, code: str) -> None:
    """RFC 6238, appendix B, SHA-1."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert Phone(secret, digits=8).at(when) == code


def test_a_code_is_good_once_and_for_its_half_minute(fresh_sqlite: Fresh, clock: Clock) -> None:
    li = user()
    app, _ = enrolled(li)
    with pytest.raises(factors.FactorRefused):
        factors.use(li, app.at(port.now()))  # it confirmed the app and is spent
    clock.move(seconds=30)
    code = app.at(port.now())
    assert factors.use(li, code) == "otp"
    with pytest.raises(factors.FactorRefused):
        factors.use(li, code)
    late = app.at(port.now() + timedelta(seconds=30))
    clock.move(seconds=95)
    with pytest.raises(factors.FactorRefused):
        factors.use(li, late)


def test_guessing_codes_ends_after_five(fresh_sqlite: Fresh, clock: Clock) -> None:
    li = user()
    app, codes = enrolled(li)
    clock.move(minutes=1)
    for _ in range(5):
        with pytest.raises(factors.FactorRefused):
            factors.use(li, "000000")
    for right in (app.at(port.now()), codes[0]):
        with pytest.raises(factors.FactorRefused, match="too many"):
            factors.use(li, right)
    clock.move(minutes=15)
    assert factors.use(li, app.at(port.now())) == "otp"


def test_a_recovery_code_stands_in_once_and_belongs_to_one_user(
    fresh_sqlite: Fresh, clock: Clock
) -> None:
    li, wang = user(), user("wang")
    _, codes = enrolled(li)
    enrolled(wang)
    assert len(set(codes)) == 10
    with pytest.raises(factors.FactorRefused):
        factors.use(wang, codes[0])
    assert factors.use(li, f" {codes[0].upper()} ") == "rc"
    with pytest.raises(factors.FactorRefused):
        factors.use(li, codes[0])
    app = Authenticator.objects.get(user=li, kind="otp")
    factors.remove(wang, app.pk)  # not his
    assert factors.has_second(li)
    factors.remove(li, app.pk)
    assert not Authenticator.objects.filter(user=li).exists()


def test_the_shared_secret_lies_sealed_and_bound_to_its_user(
    fresh_sqlite: Fresh, clock: Clock
) -> None:
    li, wang = user(), user("wang")
    secret = factors.begin_app(li).secret
    row = Authenticator.objects.get(user=li)
    assert secret.encode() not in bytes(row.material)
    Authenticator.objects.filter(pk=row.pk).update(user=wang)
    with pytest.raises(factors.FactorRefused, match="another key"):
        factors.confirm_app(wang, Phone(secret).at(port.now()))


APPROVER = (Post("hukou", "approver", "330100"),)
CASE = {"applicant": "p9", "department": "hukou", "region": "330106", "life_event": "newborn"}


def subject(posts: tuple[Post, ...] = APPROVER, **context: object) -> Subject:
    return Subject("7", "李", "official", "p7", posts, Context(**context))  # type: ignore[arg-type]


def test_a_sensitive_verb_asks_for_a_second_factor_and_says_so() -> None:
    assert judge(subject(level=1), "case.read", CASE).allowed
    weak = judge(subject(level=1), "case.decide", CASE)
    assert (weak.allowed, weak.needs) == (False, 2)
    assert judge(subject(level=2), "case.decide", CASE).allowed
    foreign = judge(subject(level=1), "case.decide", {**CASE, "department": "tax"})
    assert foreign.needs == 0  # no factor opens another department


def test_an_official_away_from_the_office_decides_only_on_a_known_device() -> None:
    away = Device("browser", "outside", known=False, secure=True)
    assert not judge(subject(level=3, device=away), "case.decide", CASE).allowed
    assert judge(subject(level=3, device=away), "case.read", CASE).allowed
    for fit in (Device("browser", "outside", known=True), Device("browser", "inside")):
        assert judge(subject(level=2, device=fit), "case.decide", CASE).allowed


def test_who_applied_for_somebody_else_does_not_decide_that_case() -> None:
    ruling = judge(subject(level=2), "case.decide", {**CASE, "agent": "7"})
    assert not ruling.allowed
    assert "回避" in ruling.zh


def test_a_delegation_covers_its_actions_and_life_events_and_nothing_else() -> None:
    behalf = Behalf("d1", "agent", "p9", frozenset({"case.submit"}), frozenset({"newborn"}))
    agent = Subject("8", "张", "citizen", "p9", context=Context(2), behalf=behalf)
    assert judge(agent, "case.submit", CASE).allowed
    assert not judge(agent, "case.withdraw", CASE).allowed
    assert not judge(agent, "case.submit", {**CASE, "life_event": "retirement"}).allowed
    silent = {name: value for name, value in CASE.items() if name != "life_event"}
    assert not judge(agent, "case.submit", silent).allowed
    assert not judge(agent, "delegation.grant", CASE).allowed  # it cannot be handed on


def admin(who: User, **context: object) -> Subject:
    posts = (Post("it", "admin", "330100"),)
    how = Context(**context)  # type: ignore[arg-type]
    return Subject(str(who.pk), "管", "official", "", posts, how, elevation.raised(who))


def test_an_administrator_changes_nothing_until_the_role_is_raised_and_then_for_a_while(
    fresh_sqlite: Fresh, clock: Clock
) -> None:
    who = user("admin")
    assert judge(admin(who, level=2), "user.read", {}).allowed
    assert "提权" in judge(admin(who, level=2), "user.manage", {}).zh
    with pytest.raises(refusing.StepUpNeeded):
        elevation.elevate(admin(who, level=1), "admin", reason="停用账号", minutes=30)
    for role, reason, minutes in (
        ("auditor", "x", 5),
        ("operator", "x", 5),
        ("admin", " ", 5),
        ("admin", "x", 0),
        ("admin", "x", 61),
    ):
        with pytest.raises(elevation.ElevationRefused):
            elevation.elevate(admin(who, level=2), role, reason=reason, minutes=minutes)
    elevation.elevate(admin(who, level=2), "admin", reason="停用账号", minutes=30)
    assert judge(admin(who, level=2), "user.manage", {}).allowed
    clock.move(minutes=30)
    assert not judge(admin(who, level=2), "user.manage", {}).allowed
    elevation.elevate(admin(who, level=2), "admin", reason="停用账号", minutes=30)
    elevation.lower(admin(who, level=2))
    assert not judge(admin(who, level=2), "user.manage", {}).allowed
    told = [(e.type.split(".")[2], e.reason) for e in trail.history(f"user:{who.pk}")]
    assert told[0][0] == "denied"
    assert told[1:] == [("raised", "停用账号"), ("raised", "停用账号"), ("lowered", "")]


def test_a_denial_is_told_with_purpose_and_device_and_a_flood_of_them_is_not(
    fresh_sqlite: Fresh, clock: Clock
) -> None:
    device = Device("browser", "outside", known=False, secure=True)
    asking = subject(level=1, purpose="api:decide", device=device)
    ruling = judge(asking, "case.withdraw", CASE)
    for _ in range(70):
        refusing.refuse(asking, "case.withdraw", CASE, ruling)
    events = trail.history("user:7")
    assert len(events) == 61
    assert "not told one by one" in events[-1].reason
    told = json.loads(events[0].payload or "")
    assert told["purpose"] == "api:decide"
    assert told["device"] == {
        "kind": "browser",
        "network": "outside",
        "known": False,
        "secure": True,
    }
    assert (events[0].actor, events[0].type) == ("7", "tongban.access.denied.v1")
    assert trail.verify("user:7") is None


networks = st.sampled_from(["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"])
hops = st.sampled_from(["10.0.0.1", "203.0.113.7", "198.51.100.2", "::1", "x", ""])


@given(st.lists(networks, max_size=2), st.lists(hops, max_size=4))
def test_a_header_from_a_stranger_never_names_another_address(
    proxies: list[str], said: list[str]
) -> None:
    assert client_address("203.0.113.7", ",".join(said), proxies) == "203.0.113.7"
    believed = client_address("10.9.9.9", ",".join([*said, "203.0.113.7"]), ["10.0.0.0/8"])
    assert believed == "203.0.113.7"


def test_the_key_for_foreign_clients_is_made_once_and_kept_to_ourselves(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(lambda _: keys.own_rsa.__wrapped__(tmp_path, "sign-on"), range(4)))
    assert len(made) == 1
    (path,) = (tmp_path / "keys").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    key = load_pem_private_key(made.pop().encode(), None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 3072
    path.chmod(0o644)
    with pytest.raises(keys.KeyUnsafe):
        keys.own_rsa.__wrapped__(tmp_path, "sign-on")
