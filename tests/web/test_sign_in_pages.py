"""Signing in at the pages: password, code, passkey, proving more, and sessions that end."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.clock import Clock
from testkit.office import Office
from testkit.passkeys import Passkey
from testkit.phones import Phone
from testkit.servers import Fresh
from tongban.infra import clock as port
from tongban.infra.access import factors
from tongban.infra.access.devices import COOKIE
from tongban.infra.access.models import Authenticator, User
from tongban.infra.trail import queries as trail

PASSWORD = "plum blossom in snow"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def li(fresh_sqlite: Fresh, clock: Clock) -> User:
    return User.objects.create_user("li", first_name="李", password=PASSWORD, proof=2)


def text(answer: Any) -> str:
    return " ".join(html.fromstring(answer.content.decode()).text_content().split())


def enter(client: Client, password: str = PASSWORD, path: str = "/account") -> Any:
    return client.post("/sign-in", {"username": "li", "password": password, "next": path})


def app_of(user: User) -> Phone:
    app = Phone(factors.begin_app(user).secret)
    factors.confirm_app(user, app.at(port.now()))
    return app


def level(client: Client) -> str:
    page = html.fromstring(client.get("/account").content.decode())
    return str(page.xpath("//dd")[0].text)


def test_a_password_signs_in_and_leads_back_to_our_own_pages_alone(li: User) -> None:
    client = Client()
    assert client.get("/account")["Location"] == "/sign-in?next=%2Faccount"
    assert enter(client, "wrong").status_code == 403
    assert enter(client)["Location"] == "/account"
    assert level(client) == "1"
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\x"):
        assert enter(Client(), path=elsewhere)["Location"] == "/"
    types = [e.type for e in trail.history(f"user:{li.pk}")]
    assert types.count("tongban.access.signed_in.v1") == 5


def test_unknown_name_wrong_password_and_lock_read_the_same(li: User) -> None:
    User.objects.create_user("closed", password=PASSWORD, is_active=False)
    seen = set()
    for name, password in [
        ("nobody", "x"),
        ("li", "x"),
        ("closed", PASSWORD),
        ("", ""),
        ("li", "y"),
    ]:
        answer = Client().post("/sign-in", {"username": name, "password": password})
        seen.add((answer.status_code, re.sub(r'value="[^"]{20,}"', "", answer.content.decode())))
    for _ in range(4):
        answer = Client().post("/sign-in", {"username": "li", "password": PASSWORD + "?"})
    answer = Client().post("/sign-in", {"username": "li", "password": PASSWORD})
    seen.add((answer.status_code, re.sub(r'value="[^"]{20,}"', "", answer.content.decode())))
    assert len(seen) == 1
    assert "登录未成功" in seen.pop()[1]


def test_with_an_app_the_password_alone_opens_nothing(li: User, clock: Clock) -> None:
    app = app_of(li)
    client = Client()
    clock.move(minutes=1)
    assert enter(client)["Location"] == "/sign-in/second?next=%2Faccount"
    assert client.get("/account").status_code == 302
    assert client.post("/sign-in/second", {"code": "000000"}).status_code == 403
    answer = client.post("/sign-in/second", {"code": app.at(port.now()), "next": "/account"})
    assert answer["Location"] == "/account"
    assert COOKIE in answer.cookies
    assert level(client) == "2"
    assert li.devices.count() == 1
    late = Client()
    enter(late)
    clock.move(minutes=6)
    code = app.at(port.now())
    assert late.post("/sign-in/second", {"code": code})["Location"].startswith("/sign-in?")


def test_the_session_key_changes_at_every_step(li: User, clock: Clock) -> None:
    app = app_of(li)
    client = Client()
    client.get("/sign-in")
    clock.move(minutes=1)
    enter(client)
    first = client.cookies["sessionid"].value
    client.post("/sign-in/second", {"code": app.at(port.now())})
    assert client.cookies["sessionid"].value != first


def test_an_app_is_added_by_scanning_and_gives_recovery_codes(li: User, clock: Clock) -> None:
    client = Client()
    enter(client)
    shown = client.post("/account/app")
    page = html.fromstring(shown.content.decode())
    secret = page.xpath("//code")[0].text
    assert page.xpath("//img/@src")[0].startswith("data:image/svg+xml")
    assert client.post("/account/app", {"code": "000000"}).status_code == 409
    codes = client.post("/account/app", {"code": Phone(secret).at(port.now())})
    assert len(html.fromstring(codes.content.decode()).xpath("//li/code")) == 10
    assert level(client) == "1"  # the session itself has shown one factor
    clock.move(minutes=1)
    removed = {"factor": Authenticator.objects.get(kind="otp").pk}
    answer = client.post(
        "/account/factors/remove", removed, headers={"Referer": "http://x/account"}
    )
    assert answer["Location"] == "/sign-in/more?next=%2Faccount&level=2"
    code = Phone(secret).at(port.now())
    assert client.post("/sign-in/more", {"code": code, "next": "/account"}).status_code == 302
    assert level(client) == "2"
    client.post("/account/factors/remove", removed)
    assert not factors.has_second(li)


def answer(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(path, json.dumps(body), "application/json")


def options(client: Client, path: str) -> dict[str, Any]:
    found: dict[str, Any] = client.post(path).json()
    return found


def added(client: Client, key: Passkey) -> int:
    made = key.make(options(client, "/account/passkey/options"))
    return int(answer(client, "/account/passkey/answer?label=phone", made).status_code)


def test_a_passkey_signs_in_without_name_and_password(li: User) -> None:
    client, key = Client(), Passkey()
    enter(client)
    assert added(client, key) == 200
    fresh = Client()
    asked = options(fresh, "/sign-in/passkey/options")
    assert asked["userVerification"] == "required"
    signed = key.sign(asked)
    answered = answer(fresh, "/sign-in/passkey/answer?next=/account", signed)
    assert answered.json() == {"next": "/account"}
    assert level(fresh) == "3"
    again = answer(Client(), "/sign-in/passkey/answer", signed)
    assert again.status_code == 403  # another session has no such challenge
    assert answer(fresh, "/sign-in/passkey/answer", signed).status_code == 403  # nor this one


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"verified": False},
        {"key": Passkey().key},
        {"id": b"another credential"},
        {"counter": 4},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_passkey_that_is_not_right_opens_nothing(li: User, wrong: dict[str, Any]) -> None:
    client, key = Client(), Passkey(counter=9)
    enter(client)
    assert added(client, key) == 200
    for name, value in wrong.items():
        setattr(key, name, value)
    fresh = Client()
    signed = key.sign(options(fresh, "/sign-in/passkey/options"))
    assert answer(fresh, "/sign-in/passkey/answer", signed).status_code == 403
    assert fresh.get("/account").status_code == 302


def test_an_old_challenge_and_nonsense_are_refused(li: User, clock: Clock) -> None:
    client, key = Client(), Passkey()
    enter(client)
    added(client, key)
    asked = client.post("/account/passkey/options")
    assert asked["Location"].startswith("/sign-in/more")  # one more way in asks for the first
    signed = key.sign(options(client, "/sign-in/passkey/options"))
    assert answer(client, "/sign-in/passkey/answer", signed).status_code == 200
    assert added(client, key) == 403  # known already
    signed = key.sign(options(client, "/sign-in/passkey/options"))
    clock.move(minutes=6)
    assert answer(client, "/sign-in/passkey/answer", signed).status_code == 403
    for body in ("", "[]", "{}", '{"id": 3, "response": 7}', "\x00"):
        client.post("/sign-in/passkey/options")
        found = client.post("/sign-in/passkey/answer", body, "application/json")
        assert found.status_code == 403


def test_a_session_ends_when_idle_and_at_the_end_of_the_day(li: User, clock: Clock) -> None:
    client = Client()
    enter(client)
    for _ in range(3):
        clock.move(minutes=29)
        assert client.get("/account").status_code == 200
    clock.move(minutes=31)
    assert client.get("/account").status_code == 302
    enter(client)
    for _ in range(24):
        clock.move(minutes=20)
        client.get("/account")
    clock.move(minutes=20)
    assert client.get("/account").status_code == 302


def test_a_new_password_is_checked_and_ends_the_other_sessions(li: User) -> None:
    here, elsewhere = Client(), Client()
    enter(here)
    enter(elsewhere)
    for new in ("short", "123456789012345", "password1234", PASSWORD):
        old = PASSWORD if new != PASSWORD else "wrong"
        refused = here.post("/account/password", {"old": old, "new": new})
        assert refused.status_code == 409, new
    changed = {"old": PASSWORD, "new": "crane over the river"}
    assert here.post("/account/password", changed).status_code == 302
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302


def test_a_device_is_forgotten_by_its_owner_alone(li: User, clock: Clock) -> None:
    app = app_of(li)
    clock.move(minutes=1)
    client = Client()
    enter(client)
    client.post("/sign-in/second", {"code": app.at(port.now())})
    device = li.devices.get()
    other = Client()
    User.objects.create_user("wang", password=PASSWORD)
    other.post("/sign-in", {"username": "wang", "password": PASSWORD})
    other.post("/account/devices/forget", {"device": device.pk})
    assert li.devices.count() == 1
    client.post("/account/devices/forget", {"device": device.pk})
    assert li.devices.count() == 0


def test_the_sign_in_pages_carry_no_script_but_the_passkeys_page(li: User) -> None:
    for path in ("/sign-in", "/sign-in?lang=en"):
        assert plain(Client().get(path))
    page = html.fromstring(Client().get("/sign-in/passkey").content.decode())
    (source,) = [src for src in page.xpath("//script/@src") if "passkey" in src]
    script = Client().get(source)
    assert script.status_code == 200
    script.close()
    assert "口令登录" in page.text_content()
    en = text(Client().get("/sign-in?lang=en"))
    assert not re.search(r"[\u4e00-\u9fff]", en.replace("中文", "").replace("通办", ""))


def test_the_door_of_the_admin_pages_is_the_same_door(li: User) -> None:
    assert Client().get("/admin/login/")["Location"] == "/sign-in"


def test_a_form_of_a_stranger_page_signs_nobody_in(li: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert enter(strict).status_code == 403


def test_a_page_sends_who_has_one_factor_to_prove_more_and_back(office: Office) -> None:
    approver = office.official("civil-affairs", "approver")
    client = signed_in(approver, "pwd")
    form = {"kind": "person", "number": "11010519491231002X", "purpose": "x", "reason": "y"}
    reviewer = signed_in(office.official("police", "reviewer"), "pwd")
    refused = reviewer.post("/file", form, headers={"Referer": "http://testserver/file"})
    assert refused["Location"] == "/sign-in/more?next=%2Ffile&level=2"
    assert "没有第二种认证方式" in text(reviewer.get(refused["Location"]))
    assert client.get("/requests").status_code == 200


def test_the_api_says_which_level_would_do(office: Office) -> None:
    number = office.submit("newborn")
    approver = office.official("medical-insurance", "approver")
    client = signed_in(approver, "pwd")
    item = "maternity-reimbursement"
    path = f"/api/cases/{number}/branches/{item}/extension/settlement"
    answer = client.post(path, json.dumps({"agreed": True}), "application/json")
    assert answer.status_code == 401
    assert 'error="insufficient_user_authentication"' in answer["WWW-Authenticate"]
    assert 'acr_values="urn:tongban:acr:2"' in answer["WWW-Authenticate"]
    last = trail.history(f"user:{approver.user_id}")[-1]
    assert last.type == "tongban.access.denied.v1"
    told = json.loads(last.payload or "")
    assert (told["action"], told["needs"], told["purpose"]) == (
        "case.decide",
        2,
        "api:settle_extension",
    )


def test_a_signature_names_the_sign_in_by_which_it_was_ordered(
    office: Office, clock: Clock
) -> None:
    number = office.submit()
    user = User.objects.get(pk=office.applicant("newborn").user_id)
    user.set_password(PASSWORD)
    user.save()
    app = app_of(user)
    clock.move(minutes=1)
    client = Client()
    address = f"/api/cases/{number}/signature"
    client.post("/sign-in", {"username": user.username, "password": PASSWORD})
    client.post("/sign-in/second", {"code": app.at(port.now())})
    digests = [one["digest"] for one in client.get(address).json()["documents"]]
    client.get("/")  # a look at another page leaves the proof as it is
    told = client.post(address, {"documents": digests}, content_type="application/json")
    assert told.status_code == 200, told.content
    (entered,) = [
        event
        for event in trail.history(f"user:{user.pk}")
        if event.type == "tongban.access.signed_in.v1"
    ]
    assert entered.data["level"] == 2
    (signed,) = trail.history(f"cases:papers:{number}")
    assert signed.data["proof"] == f"event:{entered.id}"
