"""The OpenID Connect provider, seen over real HTTP by a client of others (Authlib)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from click.testing import CliRunner
from django.contrib.sessions.models import Session
from django.test import Client as Pages
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from testkit.phones import Phone
from testkit.servers import Fresh
from testkit.sites import Browser, Site, threaded
from tongban.apps.parties import services as parties
from tongban.apps.parties import tasks
from tongban.apps.parties.models import Client, Post
from tongban.apps.parties.sign_on import clients
from tongban.apps.parties.sign_on.claims import pairwise
from tongban.apps.parties.sign_on.cli import client as command
from tongban.infra.access import factors
from tongban.infra.access import tasks as access_tasks
from tongban.infra.access.assurance import SEEN
from tongban.infra.access.models import User
from tongban.infra.trail import queries as trail
from tongban.kernel.suites import suite

PASSWORD = "plum blossom in snow"
BACK = "http://127.0.0.1:9/back"
NUMBER = "11010519491231002X"
ALL = ["profile", "identity", "companies", "posts"]


@pytest.fixture
def city(fresh_sqlite: Fresh) -> None:
    parties.install_departments(
        parties.DepartmentRow(key, uscc, key, key, "330100")
        for key, uscc in [("tax", "1133010000250101XW"), ("police", "11330100002501020P")]
    )


@pytest.fixture
def li(city: None) -> User:
    user = parties.register_person("li", "李雷", NUMBER, SEEN)
    parties.register_company("91330100MA27XXXX0K", "安和市某某有限公司", NUMBER)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def provider(li: User, settings: Any) -> Iterator[Site]:
    with threaded() as origin:
        settings.ORIGIN = origin
        settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": f"{origin}/o"}
        yield Site(origin, {})


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class Foreign:
    """A system of a department, on Authlib."""

    def __init__(self, at: Site, department: str = "tax", scopes: list[str] | None = None) -> None:
        self.at = at
        self.scopes = ["openid", *(ALL if scopes is None else scopes)]
        made = clients.register(f"{department}系统", department, [BACK], self.scopes, actor="t")
        self.client_id = made.client_id
        self.told = requests.get(
            f"{at.origin}/o/.well-known/openid-configuration", timeout=9
        ).json()
        self.session = OAuth2Session(
            made.client_id,
            made.secret,
            scope=" ".join(self.scopes),
            redirect_uri=BACK,
            code_challenge_method="S256",
        )
        self.verifier = "v" * 64

    def address(self, **more: str) -> str:
        url, self.state = self.session.create_authorization_url(
            self.told["authorization_endpoint"], code_verifier=self.verifier, nonce="n-1", **more
        )
        return str(url)

    def token(self, returned: str) -> dict[str, Any]:
        found: dict[str, Any] = self.session.fetch_token(
            self.told["token_endpoint"],
            authorization_response=returned,
            code_verifier=self.verifier,
            state=self.state,
        )
        return found

    def claims(self, token: dict[str, Any]) -> dict[str, Any]:
        keys = KeySet.import_key_set(requests.get(self.told["jwks_uri"], timeout=9).json())
        read = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
        options = {"iss": {"essential": True, "value": self.told["issuer"]}}
        params = {
            "nonce": "n-1",
            "client_id": self.client_id,
            "access_token": token["access_token"],
        }
        checked = CodeIDToken(read.claims, read.header, options, params)
        checked.validate(leeway=5)
        return dict(read.claims)

    def userinfo(self) -> dict[str, Any]:
        answer = self.session.get(self.told["userinfo_endpoint"])
        answer.raise_for_status()
        return dict(answer.json())


@pytest.fixture(autouse=True)
def on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def enrolled(user: User) -> Phone:
    """Give the user an app whose next code is not spent by confirming it."""
    app = Phone(factors.begin_app(user).secret)
    factors.confirm_app(user, app.at(time.time() - 30))
    return app


def through(foreign: Foreign, app: Phone, **more: str) -> Browser:
    """Sign in with two factors; stand before the consent page."""
    browser = Browser().open(foreign.address(**more))
    browser.send(username="li", password=PASSWORD)
    return browser.send(code=app.now())


def test_a_foreign_client_signs_somebody_in_and_learns_what_was_consented_to(
    provider: Site, li: User
) -> None:
    foreign, app = Foreign(provider), enrolled(li)
    browser = through(foreign, app)
    said = browser.text()
    for words in ("tax系统", "您的公民身份号码", "您代表的企业", "127.0.0.1:9"):
        assert words in said
    browser.send(BACK, button="allow")
    returned = parse_qs(urlsplit(browser.url).query)
    assert returned["iss"] == [f"{provider.origin}/o"]  # RFC 9207
    token = foreign.token(browser.url)
    claims = foreign.claims(token)
    assert claims["acr"] == "urn:tongban:acr:2"
    assert claims["amr"] == ["mfa", "otp", "pwd"]
    assert 0 <= time.time() - claims["auth_time"] < 60
    assert claims["id_number"] == NUMBER
    found = foreign.userinfo()
    assert found["sub"] == claims["sub"] != str(li.pk)
    assert found["companies"] == [
        {"uscc": "91330100MA27XXXX0K", "name": "安和市某某有限公司", "role": "representative"}
    ]
    assert (found["name"], "posts" in found) == ("李雷", False)
    last = [e for e in trail.history(f"user:{li.pk}") if e.type == "tongban.parties.shared.v1"]
    assert len(last) == 1
    # nothing that opens a door lies in the database
    assert token["access_token"] not in str(AccessToken.objects.values())
    assert token["refresh_token"] not in str(RefreshToken.objects.values())


def test_a_code_is_good_once_and_with_its_verifier_alone(provider: Site, li: User) -> None:
    foreign, app = Foreign(provider, scopes=["profile"]), enrolled(li)
    browser = through(foreign, app)
    browser.send(BACK, button="allow")
    foreign.verifier = "w" * 64
    with pytest.raises(Exception, match="invalid_grant"):
        foreign.token(browser.url)
    foreign.verifier = "v" * 64
    browser.open(foreign.address()).send(BACK, button="allow")
    foreign.token(browser.url)
    with pytest.raises(Exception, match="invalid_grant"):
        foreign.token(browser.url)


def test_a_refresh_token_turns_and_an_old_one_ends_the_family(provider: Site, li: User) -> None:
    foreign, app = Foreign(provider, scopes=["profile"]), enrolled(li)
    browser = through(foreign, app)
    browser.send(BACK, button="allow")
    first = foreign.token(browser.url)
    second = foreign.session.refresh_token(
        foreign.told["token_endpoint"], refresh_token=first["refresh_token"]
    )
    assert second["refresh_token"] != first["refresh_token"]
    assert "id_token" not in second  # nobody has shown to be there
    assert foreign.userinfo()["name"] == "李雷"
    for spent in (first["refresh_token"], second["refresh_token"]):
        with pytest.raises(Exception, match="invalid_grant"):
            foreign.session.refresh_token(foreign.told["token_endpoint"], refresh_token=spent)
    # and whose account is closed is nobody any more
    browser.open(foreign.address()).send(BACK, button="allow")
    third = foreign.token(browser.url)
    User.objects.filter(pk=li.pk).update(is_active=False)
    assert foreign.session.get(foreign.told["userinfo_endpoint"]).status_code == 401
    with pytest.raises(Exception, match="invalid_grant"):
        foreign.session.refresh_token(
            foreign.told["token_endpoint"], refresh_token=third["refresh_token"]
        )


def test_two_departments_know_one_person_by_two_names(provider: Site, li: User) -> None:
    app = enrolled(li)
    tax, other, police = (Foreign(provider, name, []) for name in ("tax", "tax", "police"))
    browser, names = through(tax, app), []
    for foreign in (tax, other, police):
        browser.open(foreign.address()).send(BACK, button="allow")
        names.append(foreign.claims(foreign.token(browser.url))["sub"])
    assert names[0] == names[1] != names[2]


def test_an_official_brings_the_posts_it_holds_now(provider: Site, li: User) -> None:
    parties.appoint("li", "李雷", "police", "clerk")
    foreign, app = Foreign(provider, scopes=["posts"]), enrolled(li)
    browser = through(foreign, app)
    assert "您任职的部门和岗位" in browser.text()
    browser.send(BACK, button="allow")
    foreign.token(browser.url)
    (post,) = foreign.userinfo()["posts"]
    assert post == {"department": "police", "uscc": "11330100002501020P", "role": "clerk"}
    Post.objects.all().delete()
    assert "posts" not in foreign.userinfo()  # read when asked, not when signed in


def test_a_client_may_ask_for_more_than_a_password(provider: Site, li: User) -> None:
    foreign = Foreign(provider, scopes=["profile"])
    browser = Browser().open(foreign.address()).send(username="li", password=PASSWORD)
    browser.send(BACK, button="allow")
    assert foreign.claims(foreign.token(browser.url))["acr"] == "urn:tongban:acr:1"
    browser.open(foreign.address(acr_values="urn:tongban:acr:2"))
    assert "/sign-in/more" in browser.url
    browser.open(foreign.address(prompt="none"), BACK)  # nothing is given without a click
    assert parse_qs(urlsplit(browser.url).query)["error"] == ["consent_required"]
    app = enrolled(li)
    browser.open(foreign.address(acr_values="urn:tongban:acr:2")).send(code=app.now())
    browser.send(BACK, button="allow")
    assert foreign.claims(foreign.token(browser.url))["acr"] == "urn:tongban:acr:2"


def test_the_identity_number_is_not_given_for_a_password(provider: Site, li: User) -> None:
    foreign = Foreign(provider, scopes=["identity"])
    browser = Browser().open(foreign.address()).send(username="li", password=PASSWORD)
    assert "/sign-in/more" in browser.url


def test_a_refusal_goes_back_as_one_and_gives_nothing(provider: Site, li: User) -> None:
    foreign = Foreign(provider, scopes=["profile"])
    browser = Browser().open(foreign.address()).send(username="li", password=PASSWORD)
    browser.send(BACK, scope="openid profile")  # the form without the button that allows
    assert parse_qs(urlsplit(browser.url).query)["error"] == ["access_denied"]
    assert not Grant.objects.exists()


def test_what_a_client_may_not_ask_is_refused_before_anybody_is_asked(
    provider: Site, li: User
) -> None:
    foreign = Foreign(provider, scopes=["profile"])
    browser = Browser().open(f"{provider.origin}/sign-in")
    browser.send(username="li", password=PASSWORD)
    good = foreign.address()
    browser.open(good.replace("scope=openid+profile", "scope=openid+identity"), BACK)
    assert parse_qs(urlsplit(browser.url).query)["error"] == ["invalid_scope"]
    without = good.replace("code_challenge=", "x=").replace("code_challenge_method=", "y=")
    browser.open(without, BACK)
    assert parse_qs(urlsplit(browser.url).query)["error"] == ["invalid_request"]
    plain = good.replace("code_challenge_method=S256", "code_challenge_method=plain")
    browser.open(plain, BACK)
    if not browser.url.startswith(BACK):
        browser.send(BACK, button="allow")
    assert parse_qs(urlsplit(browser.url).query)["error"] == ["invalid_request"]
    for kind in ("token", "id_token", "code id_token"):
        browser.open(good.replace("response_type=code", f"response_type={kind}"), BACK)
        assert "error=" in browser.url or browser.status == 400
    elsewhere = good.replace("127.0.0.1%3A9%2Fback", "evil.example%2Fback")
    assert browser.open(elsewhere).status == 400  # never sent there
    assert browser.url.startswith(provider.origin)
    assert not Grant.objects.exists()


def test_a_user_ends_what_a_system_holds(provider: Site, li: User) -> None:
    foreign = Foreign(provider, scopes=["profile"])
    browser = Browser().open(foreign.address()).send(username="li", password=PASSWORD)
    browser.send(BACK, button="allow")
    foreign.token(browser.url)
    browser.open(f"{provider.origin}/account")
    assert "tax系统" in browser.text()
    browser.send(client=foreign.client_id)
    assert foreign.session.get(foreign.told["userinfo_endpoint"]).status_code == 401
    assert not RefreshToken.objects.exists()


def test_the_discovery_document_is_valid(city: None, settings: Any) -> None:
    settings.ORIGIN = "https://id.example.gov.cn"
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ISS_ENDPOINT": "https://id.example.gov.cn/o",
    }
    told = Pages().get("/o/.well-known/openid-configuration").json()
    OpenIDProviderMetadata(told).validate()
    assert told["subject_types_supported"] == ["pairwise"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    assert told["response_types_supported"] == ["code"]
    for name, value in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            path = urlsplit(value).path
            assert Pages().get(path).status_code in {200, 302, 401, 405}, path


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"department": "nobody"}, "no department"),
        ({"scopes": ["everything"]}, "no such scope"),
        ({"redirects": []}, "https"),
        ({"redirects": ["http://tax.example.gov.cn/back"]}, "https"),
        ({"redirects": ["https://tax.example.gov.cn/back#x"]}, "https"),
        ({"redirects": ["https://a@tax.example.gov.cn/back"]}, "https"),
        ({"redirects": ["javascript:alert(1)"]}, "https"),
        ({"redirects": ["https://a.example https://b.example"]}, "https"),
    ],
)
def test_a_client_that_is_not_safe_is_not_registered(
    city: None, changed: dict[str, Any], why: str
) -> None:
    good: dict[str, Any] = {
        "name": "税务",
        "department": "tax",
        "redirects": ["https://tax.example.gov.cn/back"],
        "scopes": ["profile"],
    }
    with pytest.raises(clients.ClientInvalid, match=why):
        clients.register(**{**good, **changed}, actor="t")
    assert not Client.objects.exists()
    clients.register(**good, actor="t")


def test_a_client_is_made_and_ended_from_the_command_line(city: None) -> None:
    run = CliRunner().invoke
    made = run(command, ["add", "税务", "--department", "tax", "--redirect", "https://t.example/b"])
    client_id, secret = made.output.split()
    assert len(secret) >= 64
    assert secret not in str(Client.objects.values())
    assert client_id in run(command, ["list"]).output
    assert run(command, ["end", client_id]).exit_code == 0
    assert run(command, ["end", client_id]).exit_code == 1
    assert run(command, ["add", "x", "--department", "y", "--redirect", "z"]).exit_code == 1


@given(st.binary(min_size=32, max_size=32), st.text(), st.text(), st.text(), st.text())
def test_pairwise_names_of_two_sectors_or_two_users_never_meet(
    secret: bytes, sector: str, user: str, other_sector: str, other_user: str
) -> None:
    same = (sector, user) == (other_sector, other_user)
    by = suite("std")
    found = pairwise(by, secret, sector, user) == pairwise(by, secret, other_sector, other_user)
    assert found == same


def test_what_is_over_is_forgotten(li: User) -> None:
    made = clients.register("x", "tax", [BACK], ["profile"], actor="t")
    held = {"user": li, "application": Client.objects.get(client_id=made.client_id)}
    over, later = (datetime.now(UTC) + timedelta(minutes=n) for n in (-1, 1))  # noqa: TID251 - the toolkit reads the machine's clock
    AccessToken.objects.create(token="a", scope="openid", expires=over, **held)
    AccessToken.objects.create(token="b", scope="openid", expires=later, **held)
    Session.objects.create(session_key="s", session_data="", expire_date=over)
    tasks.tidy()
    access_tasks.tidy()
    assert [t.expires for t in AccessToken.objects.all()] == [later]
    assert not Session.objects.exists()
