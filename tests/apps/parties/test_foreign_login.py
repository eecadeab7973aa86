"""Signing in with a foreign provider: our own as one, in another process, and one that lies."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from testkit.phones import Phone
from testkit.servers import Fresh, _Switch
from testkit.sites import Browser, site
from tongban.apps.parties import services as people
from tongban.apps.parties.login import accounts
from tongban.apps.parties.login.accounts import Known, NotLinked
from tongban.apps.parties.login.openid import OpenId
from tongban.apps.parties.login.words import Assertion, LoginRefused
from tongban.apps.parties.models import ForeignAccount, Person
from tongban.apps.parties.sign_on import clients
from tongban.infra.access import factors
from tongban.infra.access.assurance import SEEN
from tongban.infra.access.models import User
from tongban.infra.trail import queries as trail
from tongban.kernel.facts import Words

PASSWORD = "plum blossom in snow"
NUMBER = "11010519491231002X"


@pytest.mark.slow
def test_our_own_provider_signs_people_in_to_another_installation(
    fresh_sqlite: Fresh,
    tmp_path: Path,
    settings: Any,
    _sqlite_template: Callable[[Path], str],  # noqa: PT019 - it gives a second database
) -> None:
    """Two processes, two databases, two sets of keys; the browser is all they share."""
    away = tmp_path / "county"
    away.mkdir()
    other = Fresh(_sqlite_template(away), "sqlite")
    settings.HOME = tmp_path
    row = people.DepartmentRow("county", "1133010000250101XW", "县", "county", "330100")
    people.install_departments([row])
    li = people.register_person("li", "李雷", NUMBER, SEEN)
    li.set_password(PASSWORD)
    li.save()
    app = Phone(factors.begin_app(li).secret)
    factors.confirm_app(li, app.at(time.time() - 30))
    told = str(away / "providers.json")
    soon = "https://county.example.gov.cn/back"
    made = clients.register("县平台", "county", [soon], ["profile", "identity"], actor="t")
    (away / "secret").write_text(made.secret)
    with (
        site(fresh_sqlite, tmp_path) as city,
        site(other, away, "127.0.0.2", TONGBAN_LOGIN_PROVIDERS=told) as county,
    ):
        provider = {
            "name": "city",
            "plugin": "openid",
            "title": {"zh": "市平台", "en": "the city"},
            "most": 2,
            "trusts_numbers": True,
            "options": {
                "issuer": f"{city.origin}/o",
                "client_id": made.client_id,
                "secret_file": str(away / "secret"),
                "scopes": "openid profile identity",
            },
        }
        Path(told).write_text(json.dumps([provider]))
        back = f"{county.origin}/sign-in/with/city/back"
        clients.Client.objects.update(redirect_uris=back)
        browser = Browser().open(f"{county.origin}/sign-in?next=/account")
        (way,) = browser.page.xpath("//a[contains(@href, '/sign-in/with/city')]/@href")
        browser.open(county.origin + way)
        assert browser.url.startswith(f"{city.origin}/sign-in")
        browser.send(username="li", password=PASSWORD).send(code=app.now())
        assert "县平台" in browser.text()
        browser.send(button="allow")
        assert browser.url == f"{county.origin}/account"
        assert browser.page.xpath("//dd")[0].text == "2"
        # still signed in over there: one click, and the same account here
        again = Browser(session=browser.session)
        again.session.cookies.clear("127.0.0.2")
        again.open(f"{county.origin}/sign-in/with/city?next=/account").send(button="allow")
        assert again.url == f"{county.origin}/account"
        # a refusal over there signs nobody in here
        no = Browser().open(f"{county.origin}/sign-in")
        assert no.open(f"{back}?state=x&error=access_denied").status == 403
        assert "登录未成功" in no.text()
    with _Switch(other.url):
        person = Person.objects.get()
        assert (person.id_number, person.name) == (NUMBER, "李雷")
        account = ForeignAccount.objects.get()
        assert account.issuer == f"{city.origin}/o"
        assert account.subject != str(li.pk)
        types = [e.type for e in trail.history(f"user:{account.user_id}")]
        assert types == ["tongban.parties.account_linked.v1", *["tongban.access.signed_in.v1"] * 2]


@dataclass
class Liar:
    """A provider that answers whatever a test wants."""

    origin: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    other: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "1"}))
    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=lambda: {"sub": "s1", "name": "李雷"})
    metadata: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    token_status: int = 200
    raw: bytes | None = None
    seen: list[dict[str, list[str]]] = field(default_factory=list)

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.origin,
            "aud": "us",
            "sub": "s1",
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 60,
            "acr": "urn:tongban:acr:3",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.sign is not None:
            return self.sign(claims)
        return jwt.encode({"alg": "ES256", "kid": "1"}, claims, self.key)

    def answer(self, path: str) -> tuple[int, bytes]:
        if path == "/.well-known/openid-configuration":
            told = {
                "issuer": self.origin,
                "authorization_endpoint": f"{self.origin}/authorize",
                "token_endpoint": f"{self.origin}/token",
                "jwks_uri": f"{self.origin}/jwks",
                "userinfo_endpoint": f"{self.origin}/userinfo",
                **self.metadata,
            }
            return 200, json.dumps(told).encode()
        if path == "/jwks":
            return 200, json.dumps(KeySet([self.key]).as_dict(private=False)).encode()
        if path == "/userinfo":
            return 200, json.dumps(self.userinfo).encode()
        if self.raw is not None:
            return self.token_status, self.raw
        return self.token_status, json.dumps(
            {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
        ).encode()


@pytest.fixture
def liar() -> Iterator[Liar]:
    told = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told.seen.append(parse_qs(self.rfile.read(length).decode()))
            self._say()

        def _say(self) -> None:
            status, body = told.answer(self.path)
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", f"{told.origin}/userinfo")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    told.origin = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def plugin(liar: Liar, tmp_path: Path) -> OpenId:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    return OpenId({"issuer": liar.origin, "client_id": "us", "secret_file": str(secret)})


BACK = "https://county.example.gov.cn/back"


def finished(liar: Liar, tmp_path: Path, **query: str) -> Assertion:
    made = plugin(liar, tmp_path)
    begun = made.begin(BACK)
    liar.nonce = begun.keep["nonce"]
    return made.finish(begun.keep, {"code": "c", "state": begun.keep["state"], **query}, BACK)


def test_what_holds_together_is_believed(liar: Liar, tmp_path: Path) -> None:
    assert finished(liar, tmp_path) == Assertion(liar.origin, "s1", 3, "李雷")
    (sent,) = liar.seen
    assert sent["grant_type"] == ["authorization_code"]
    assert len(sent["code_verifier"][0]) >= 43
    asked = parse_qs(urlsplit(plugin(liar, tmp_path).begin(BACK).address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert "s3cret" not in str(asked)


def unsigned(claims: dict[str, Any]) -> str:
    def part(of: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "another audience": {"claims": {"aud": "somebody else"}},
    "several audiences, no party": {"claims": {"aud": ["us", "them"]}},
    "another party": {"claims": {"azp": "them"}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "ended": {"claims": {"exp": 1_700_000_000}},
    "without end": {"claims": {"exp": None}},
    "not yet issued": {"claims": {"iat": 4_000_000_000}},
    "nobody": {"claims": {"sub": None}},
    "not signed": {"sign": unsigned},
    "no token": {"sign": lambda _: "x.y.z"},
    "empty": {"sign": lambda _: ""},
    "user info of another": {"userinfo": {"sub": "s2", "id_number": NUMBER}},
    "user info of nobody": {"userinfo": {}},
    "metadata of another": {"metadata": {"issuer": "https://evil.example"}},
    "token in the clear": {"metadata": {"token_endpoint": "http://evil.example/token"}},
    "token from a file": {"metadata": {"token_endpoint": "file:///etc/passwd"}},
    "no keys": {"metadata": {"jwks_uri": ""}},
    "a redirect": {"token_status": 302},
    "an error": {"token_status": 500},
    "a list": {"raw": b"[]"},
    "no JSON": {"raw": b"not json"},
    "too much": {"raw": b" " * (256 * 1024 + 1)},
    "another state": {"query": {"state": "another"}},
    "mixed up": {"query": {"iss": "https://evil.example"}},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_does_not_hold_together_signs_nobody_in(
    liar: Liar, tmp_path: Path, lie: dict[str, Any]
) -> None:
    for name, value in lie.items():
        if name != "query":
            setattr(liar, name, value)
    with pytest.raises(LoginRefused):
        finished(liar, tmp_path, **lie.get("query", {}))


def test_a_key_that_is_not_published_and_a_shared_secret_sign_nothing(
    liar: Liar, tmp_path: Path
) -> None:
    liar.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": "1"}, claims, liar.other)
    with pytest.raises(LoginRefused):
        finished(liar, tmp_path)
    shared = OctKey.import_key("s3cret s3cret s3cret s3cret s3cret")
    liar.sign = lambda claims: jwt.encode({"alg": "HS256", "kid": "1"}, claims, shared)
    with pytest.raises(LoginRefused):
        finished(liar, tmp_path)


def test_a_refusal_over_there_is_one_here(liar: Liar, tmp_path: Path) -> None:
    made = plugin(liar, tmp_path)
    begun = made.begin(BACK)
    said = {"state": begun.keep["state"], "error": "access_denied"}
    with pytest.raises(LoginRefused, match="access_denied"):
        made.finish(begun.keep, said, BACK)


@pytest.mark.parametrize("issuer", ["http://evil.example", "ftp://x", "http://localhost.evil", ""])
def test_an_issuer_that_is_not_safe_is_never_called(tmp_path: Path, issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        plugin(Liar(origin=issuer), tmp_path)


def known(liar: Liar, tmp_path: Path, most: int = 2, *, trusts: bool = True) -> Known:
    return Known("city", Words("市", "city"), most, trusts, plugin(liar, tmp_path))


def test_a_provider_is_believed_no_further_than_we_say(
    fresh_sqlite: Fresh, liar: Liar, tmp_path: Path
) -> None:
    claimed = Assertion(liar.origin, "s1", 3, "李雷", NUMBER)
    for most in (1, 2, 3):
        assert accounts.believed(known(liar, tmp_path, most), claimed) == most
    for provider, told in (
        (known(liar, tmp_path, trusts=False), claimed),
        (known(liar, tmp_path, most=1), claimed),
        (known(liar, tmp_path), Assertion(liar.origin, "s1", 1, "李雷", NUMBER)),
        (known(liar, tmp_path), Assertion(liar.origin, "s1", 3, "李雷", "")),
        (known(liar, tmp_path), Assertion(liar.origin, "s1", 3, "", NUMBER)),
    ):
        with pytest.raises(NotLinked):
            accounts.user_for(provider, told)
    wrong = Assertion(liar.origin, "s1", 3, "李雷", "110105194912310021")
    with pytest.raises(LoginRefused):
        accounts.user_for(known(liar, tmp_path), wrong)
    assert not User.objects.exists()
    made = accounts.user_for(known(liar, tmp_path), claimed)
    assert accounts.user_for(known(liar, tmp_path, trusts=False), claimed) == made
    assert made.proof == 1  # two factors do not make it 实人


def test_a_foreign_account_belongs_to_one_user_and_a_closed_one_stays_closed(
    fresh_sqlite: Fresh, liar: Liar, tmp_path: Path
) -> None:
    li, wang = (User.objects.create_user(name) for name in ("li", "wang"))
    theirs = Assertion(liar.origin, "s1")
    accounts.link(li, theirs)
    with pytest.raises(LoginRefused):
        accounts.link(wang, theirs)
    assert accounts.user_for(known(liar, tmp_path), theirs) == li
    User.objects.filter(pk=li.pk).update(is_active=False)
    with pytest.raises(LoginRefused, match="closed"):
        accounts.user_for(known(liar, tmp_path), theirs)
    (row,) = accounts.links_of(li)
    accounts.unlink(wang, row.pk)
    assert accounts.links_of(li)
    accounts.unlink(li, row.pk)
    assert not accounts.links_of(li)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"most": 4}, "level"),
    ({"plugin": "nobody"}, "no login plug-in"),
    ({"options": {}}, "issuer"),
]


def test_a_file_of_providers_that_is_wrong_says_so(
    liar: Liar, tmp_path: Path, settings: Any
) -> None:
    plugin(liar, tmp_path)
    good: dict[str, Any] = {
        "name": "city",
        "plugin": "openid",
        "title": {"zh": "市", "en": "city"},
        "most": 2,
        "options": {
            "issuer": liar.origin,
            "client_id": "us",
            "secret_file": str(tmp_path / "secret"),
        },
    }
    for number, (wrong, why) in enumerate(WRONG):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps([{**good, **wrong}]))
        settings.LOGIN_PROVIDERS = str(path)
        with pytest.raises(ValueError, match=why):
            accounts.providers()
    path = tmp_path / "good.json"
    path.write_text(json.dumps([good]))
    settings.LOGIN_PROVIDERS = str(path)
    assert list(accounts.providers()) == ["city"]
    settings.LOGIN_PROVIDERS = ""
    assert accounts.providers() == {}
