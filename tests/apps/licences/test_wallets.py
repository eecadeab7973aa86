"""Wallets over HTTP: OpenID4VCI 1.0 pre-authorised issue, OpenID4VP 1.0 by direct post.

The wallet here is written with joserfc alone and knows nothing of ours; each test names the
section of the standard whose word it holds us to.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from testkit.licences import Card
from testkit.office import Office
from tongban.apps.licences import services
from tongban.apps.licences.models import Credential, Offer, Question
from tongban.apps.licences.services import asking, counter, wallets
from tongban.infra import clock as port
from tongban.infra.trail import queries as trail
from tongban.kernel.sdjwt.strict import decode, encode

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
Told = dict[str, Any]


@dataclass
class Wallet:
    """A wallet of a holder: it speaks HTTP and keeps its own key."""

    http: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256"))
    alg: str = "ES256"

    def get(self, address: str) -> Told:
        answer = self.http.get(urlsplit(address).path)
        assert answer.status_code == 200, answer.content
        told: Told = answer.json()
        return told

    def post(self, address: str, form: Mapping[str, str]) -> tuple[int, Told]:
        answer = self.http.post(urlsplit(address).path, form)
        assert answer["Cache-Control"] == "no-store"
        return answer.status_code, answer.json()

    def ask(self, address: str, body: Any, token: str) -> tuple[int, Told, str]:
        answer = self.http.post(
            urlsplit(address).path,
            body if isinstance(body, bytes) else json.dumps(body),
            "application/json",
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        return answer.status_code, answer.json(), answer.headers.get("WWW-Authenticate", "")

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        whole = {"alg": self.alg, **header}
        return jws.serialize_compact(whole, json.dumps(claims).encode(), self.key, [self.alg])

    def proof(self, nonce: str, header: Told | None = None, **changed: Any) -> str:
        named = {"typ": "openid4vci-proof+jwt", "jwk": self.key.as_dict(private=False)}
        claims = {"aud": settings.BASE_URL, "iat": int(port.now().timestamp()), "nonce": nonce}
        return self.sign(named | (header or {}), claims | changed)

    def bind(self, shown: str, nonce: str, audience: str) -> str:
        digest = encode(sha256(shown.encode()).digest())
        claims = {"iat": int(port.now().timestamp()), "aud": audience, "nonce": nonce}
        return shown + self.sign({"typ": "kb+jwt"}, claims | {"sd_hash": digest})


@dataclass
class Shop:
    """What the issuer tells a wallet of itself, found as the standard says."""

    wallet: Wallet
    offer: Told
    pin: str

    def __post_init__(self) -> None:
        base = self.offer["credential_issuer"]
        self.meta = self.wallet.get(f"{base}/.well-known/openid-credential-issuer")
        self.server = self.wallet.get(f"{base}/.well-known/oauth-authorization-server")
        assert self.meta["credential_issuer"] == self.server["issuer"] == base

    def token(self, **changed: str) -> tuple[int, Told]:
        form = {
            "grant_type": GRANT,
            "pre-authorized_code": self.offer["grants"][GRANT]["pre-authorized_code"],
            "tx_code": self.pin,
        }
        return self.wallet.post(self.server["token_endpoint"], form | changed)

    def nonce(self) -> str:
        _, told = self.wallet.post(self.meta["nonce_endpoint"], {})
        return str(told["c_nonce"])

    def body(self, *proofs: str) -> Told:
        (configuration,) = self.offer["credential_configuration_ids"]
        return {"credential_configuration_id": configuration, "proofs": {"jwt": list(proofs)}}

    def credential(self, body: Any, token: str) -> tuple[int, Told, str]:
        return self.wallet.ask(self.meta["credential_endpoint"], body, token)


def shop(card: Card, wallet: Wallet | None = None) -> Shop:
    made = services.offer(card.holder, card.identifier)
    return Shop(wallet or Wallet(), made.document, made.pin)


def issued_to(card: Card, wallet: Wallet) -> str:
    met = shop(card, wallet)
    _, told = met.token()
    status, given, _ = met.credential(met.body(wallet.proof(met.nonce())), told["access_token"])
    assert status == 200, given
    return str(given["credentials"][0]["credential"])


# OpenID4VCI 1.0


def test_an_offer_names_issuer_configuration_and_code_and_never_the_pin(card: Card) -> None:
    """Section 4.1."""
    made = services.offer(card.holder, card.identifier)
    link = wallets.link(made.document)
    assert urlsplit(link).scheme == "openid-credential-offer"
    offer = json.loads(parse_qs(urlsplit(link).query)["credential_offer"][0])
    assert offer == made.document
    assert offer.keys() == {"credential_issuer", "credential_configuration_ids", "grants"}
    assert offer["grants"][GRANT]["tx_code"] == {"input_mode": "numeric", "length": 6}
    assert len(made.pin) == 6
    assert made.pin not in link
    assert Offer.objects.get().pin != made.pin


@pytest.mark.parametrize("key", ["P-256", "Ed25519"])
def test_a_wallet_is_given_the_licence_for_its_own_key(card: Card, key: str) -> None:
    """Sections 6, 7, 8 and appendix F.1, in the order of a wallet."""
    wallet = Wallet()
    if key == "Ed25519":
        wallet = Wallet(key=OKPKey.generate_key("Ed25519"), alg="Ed25519")
    met = shop(card, wallet)
    (name,) = met.offer["credential_configuration_ids"]
    configuration = met.meta["credential_configurations_supported"][name]
    assert configuration["format"] == "dc+sd-jwt"
    assert configuration["cryptographic_binding_methods_supported"] == ["jwk"]
    offered = configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"]
    assert wallet.alg in offered
    status, told = met.token()
    assert (status, told["token_type"]) == (200, "Bearer")
    assert told["expires_in"] > 0
    status, given, _ = met.credential(met.body(wallet.proof(met.nonce())), told["access_token"])
    assert (status, given.keys()) == (200, {"credentials"})
    text = given["credentials"][0]["credential"]
    assert text.endswith("~")
    issuer = wallet.get(f"{settings.BASE_URL}/.well-known/jwt-vc-issuer")
    (jwk,) = issuer["jwks"]["keys"]
    signed = jws.deserialize_compact(text.split("~")[0], ECKey.import_key(jwk), ["ES256"])
    claims = json.loads(signed.payload)
    assert signed.headers()["typ"] == "dc+sd-jwt"
    assert signed.headers()["kid"] == jwk["kid"]
    assert claims["iss"] == issuer["issuer"]
    assert claims["vct"] == configuration["vct"]
    assert claims["cnf"]["jwk"].items() <= wallet.key.as_dict(private=False).items()
    assert trail.history("C1")[-1].type == "tongban.licences.bound.v1"
    assert Credential.objects.filter(text__isnull=True).count() == 1, "the wallet keeps it, not we"


def test_the_wallet_shows_over_60_to_a_counter_that_asked(card: Card) -> None:
    """OpenID4VP 1.0: sections 5.2, 5.9, 6, 8.2 and appendix B.3."""
    wallet = Wallet()
    text = issued_to(card, wallet)
    asked = services.ask("shop", "elder-card", ["age_over_60"])
    request = {k: v[0] for k, v in parse_qs(urlsplit(asked.link).query).items()}
    assert request["client_id"] == f"redirect_uri:{request['response_uri']}"
    assert (request["response_type"], request["response_mode"]) == ("vp_token", "direct_post")
    formats = json.loads(request["client_metadata"])["vp_formats_supported"]
    assert formats.keys() == {"dc+sd-jwt"}
    (wanted,) = json.loads(request["dcql_query"])["credentials"]
    assert wanted["claims"] == [{"path": ["age_over_60"]}]
    assert services.answered("shop", asked.secret) is None
    form = {"state": request["state"], "vp_token": token_of(wallet, text, request)}
    assert wallet.post(request["response_uri"], form) == (200, {})
    found = services.answered("shop", asked.secret)
    assert found is not None
    assert (found.reason, found.holder_proved) == ("", True)
    assert found.claims == {"ZZMC": "老年人优待证", "age_over_60": True}


def shown(text: str, *names: str) -> str:
    """Keep the disclosures of these claims, as a wallet does without asking us."""
    token, *rest, _ = text.split("~")
    kept = [one for one in rest if json.loads(decode(one))[1] in names]
    return "~".join((token, *kept, ""))


def token_of(wallet: Wallet, text: str, request: Told, *names: str, **changed: str) -> str:
    told = request | changed
    made = wallet.bind(shown(text, *(names or ("age_over_60",))), told["nonce"], told["client_id"])
    return json.dumps({"licence": [made]})


REFUSED_TOKENS = {
    "wrong pin": ({"tx_code": "x"}, "invalid_grant"),
    "no pin": ({"tx_code": ""}, "invalid_request"),
    "no code": ({"pre-authorized_code": ""}, "invalid_request"),
    "wrong code": ({"pre-authorized_code": "A" * 32}, "invalid_grant"),
    "no ascii": ({"pre-authorized_code": "é"}, "invalid_grant"),
    "another grant": ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
}


@pytest.mark.parametrize(("changed", "error"), REFUSED_TOKENS.values(), ids=REFUSED_TOKENS)
def test_a_token_is_refused_in_the_words_of_oauth(
    card: Card, changed: dict[str, str], error: str
) -> None:
    """Section 6.3 and RFC 6749, section 5.2."""
    status, told = shop(card).token(**changed)
    assert (status, told["error"]) == (400, error)


def test_a_code_is_good_once_and_for_ten_minutes(card: Card) -> None:
    """Sections 3.5 and 13.6.1."""
    met = shop(card)
    assert met.token()[0] == 200
    assert met.token()[1]["error"] == "invalid_grant"
    late = shop(card)
    card.office.clock.freeze((port.now() + timedelta(minutes=10)).isoformat())
    assert late.token()[1]["error"] == "invalid_grant"


def test_five_guesses_of_a_pin_end_the_code_also_all_at_once(any_card: Card) -> None:
    met = shop(any_card)
    code = met.offer["grants"][GRANT]["pre-authorized_code"]

    def guess(number: int) -> str:
        try:
            wallets.token(GRANT, code, f"x{number}")
        except wallets.WalletRefused as refused:
            return refused.told
        finally:
            any_card.office.leave()
        return "taken"

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(guess, range(20)))
    assert told.count("the PIN is wrong") == 5
    assert met.token()[1]["error"] == "invalid_grant"


def test_an_access_token_gives_one_licence_and_ends_in_five_minutes(card: Card) -> None:
    met, wallet = shop(card), Wallet()
    _, told = met.token()
    body = met.body(wallet.proof(met.nonce()))
    assert met.credential(body, told["access_token"])[0] == 200
    status, refused, header = met.credential(body, told["access_token"])
    assert (status, refused["error"], header) == (
        *(401, "invalid_token", 'Bearer error="invalid_token"'),
    )
    late = shop(card)
    _, told = late.token()
    card.office.clock.freeze((port.now() + timedelta(seconds=300)).isoformat())
    assert late.credential(body, told["access_token"])[0] == 401
    assert late.credential(body, "")[0] == 401
    assert late.credential(body, "é".encode().decode("latin-1"))[0] == 401


Make = Callable[[Wallet, Shop], Any]
_PAST = 301
REFUSED: dict[str, tuple[Make, str]] = {
    "no json": (lambda w, s: b"{", "invalid_credential_request"),
    "a list": (lambda w, s: [], "invalid_credential_request"),
    "no proof": (
        lambda w, s: {"credential_configuration_id": "elder-card.1"},
        "invalid_credential_request",
    ),
    "both names": (
        lambda w, s: s.body(w.proof(s.nonce())) | {"credential_identifier": "x"},
        "invalid_credential_request",
    ),
    "other kind": (
        lambda w, s: (
            s.body(w.proof(s.nonce())) | {"credential_configuration_id": "birth-certificate.1"}
        ),
        "unknown_credential_configuration",
    ),
    "empty proofs": (lambda w, s: s.body(), "invalid_proof"),
    "two proofs": (lambda w, s: s.body(w.proof(s.nonce()), w.proof(s.nonce())), "invalid_proof"),
    "old form": (
        lambda w, s: s.body() | {"proofs": {"ldp_vp": [{}]}},
        "invalid_proof",
    ),
    "other issuer": (
        lambda w, s: s.body(w.proof(s.nonce(), aud="https://x.example")),
        "invalid_proof",
    ),
    "no nonce": (lambda w, s: s.body(w.proof("")), "invalid_nonce"),
    "own nonce": (lambda w, s: s.body(w.proof("A" * 50)), "invalid_nonce"),
    "nonce of the page": (
        lambda w, s: s.body(w.proof(counter.question())),
        "invalid_nonce",
    ),
    "old proof": (
        lambda w, s: s.body(w.proof(s.nonce(), iat=int(port.now().timestamp()) - _PAST)),
        "invalid_proof",
    ),
    "proof of tomorrow": (
        lambda w, s: s.body(w.proof(s.nonce(), iat=int(port.now().timestamp()) + 60)),
        "invalid_proof",
    ),
    "no time": (lambda w, s: s.body(w.proof(s.nonce(), iat=None)), "invalid_proof"),
    "another type": (lambda w, s: s.body(w.proof(s.nonce(), {"typ": "JWT"})), "invalid_proof"),
    "key by id too": (lambda w, s: s.body(w.proof(s.nonce(), {"kid": "x"})), "invalid_proof"),
    "another's key": (
        lambda w, s: s.body(w.proof(s.nonce(), {"jwk": Wallet().key.as_dict(private=False)})),
        "invalid_proof",
    ),
    "secret key in it": (
        lambda w, s: s.body(w.proof(s.nonce(), {"jwk": w.key.as_dict(private=True)})),
        "invalid_proof",
    ),
    "unsigned": (
        lambda w, s: s.body(w.proof(s.nonce()).rpartition(".")[0] + "."),
        "invalid_proof",
    ),
    "long": (lambda w, s: s.body("x" * 9000), "invalid_proof"),
}


@pytest.mark.parametrize(("make", "error"), REFUSED.values(), ids=REFUSED)
def test_a_credential_request_is_refused_in_the_words_of_the_standard(
    card: Card, make: Make, error: str
) -> None:
    """Section 8.3.1.2; the token stays good for a better try."""
    wallet = Wallet()
    met = shop(card, wallet)
    _, told = met.token()
    status, refused, _ = met.credential(make(wallet, met), told["access_token"])
    assert (status, refused["error"]) == (400, error)
    assert met.credential(met.body(wallet.proof(met.nonce())), told["access_token"])[0] == 200


def test_a_licence_revoked_meanwhile_is_denied(card: Card) -> None:
    wallet = Wallet()
    met = shop(card, wallet)
    _, told = met.token()
    card.revoke()
    _, refused, _ = met.credential(met.body(wallet.proof(met.nonce())), told["access_token"])
    assert refused["error"] == "credential_request_denied"


# OpenID4VP 1.0

ANSWERS: dict[str, tuple[Callable[[Wallet, str, Told], str], str]] = {
    "less than asked": (lambda w, t, r: token_of(w, t, r, "elder.sex"), "query"),
    "another nonce": (lambda w, t, r: token_of(w, t, r, nonce="x"), "nonce"),
    "another verifier": (lambda w, t, r: token_of(w, t, r, client_id="x"), "audience"),
    "without prefix": (
        lambda w, t, r: token_of(w, t, r, client_id=r["response_uri"]),
        "audience",
    ),
    "another's key": (lambda w, t, r: token_of(Wallet(), t, r), "signature"),
    "no proof of the holder": (
        lambda w, t, r: json.dumps({"licence": [shown(t, "age_over_60")]}),
        "binding",
    ),
}


@pytest.mark.parametrize(("make", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_wallet_answers_is_told_to_the_asker_with_its_reason(
    card: Card, make: Callable[[Wallet, str, Told], str], reason: str
) -> None:
    wallet = Wallet()
    text = issued_to(card, wallet)
    asked = services.ask("shop", "elder-card", ["age_over_60"])
    form = {"state": asked.request["state"], "vp_token": make(wallet, text, asked.request)}
    assert wallet.post(asked.request["response_uri"], form) == (200, {})
    found = services.answered("shop", asked.secret)
    assert found is not None
    assert (found.reason, found.valid) == (reason, False)


@pytest.mark.parametrize(
    "vp_token",
    ["", "{", "[]", "{}", '{"licence": "x"}', '{"licence": []}', '{"licence": ["a", "b"]}',
     '{"licence": [1]}', '{"licence": ["x"], "more": ["x"]}', "[" * 5000],
)  # fmt: skip
def test_an_answer_in_another_form_is_refused_and_the_question_stays_open(
    card: Card, vp_token: str
) -> None:
    """Section 8.1."""
    asked = services.ask("shop", "elder-card", ["age_over_60"])
    form = {"state": asked.request["state"], "vp_token": vp_token}
    status, told = Wallet().post(asked.request["response_uri"], form)
    assert (status, told["error"]) == (400, "invalid_request")
    assert services.answered("shop", asked.secret) is None


def test_a_question_is_answered_once_by_who_knows_its_state_and_read_by_who_asked(
    card: Card,
) -> None:
    wallet = Wallet()
    text = issued_to(card, wallet)
    asked = services.ask("shop", "elder-card", ["age_over_60"])
    request = asked.request
    good = {"state": request["state"], "vp_token": token_of(wallet, text, request)}
    uri = request["response_uri"]
    assert wallet.post(uri, good | {"state": "x"})[0] == 400
    assert wallet.post(uri.replace(request["state"], "x"), good)[0] == 400
    assert wallet.post(uri, good)[0] == 200
    assert wallet.post(uri, good)[0] == 400
    for asker, secret in (("other", asked.secret), ("shop", request["state"]), ("shop", "é")):
        with pytest.raises(services.LicenceUnknown):
            services.answered(asker, secret)
    assert Question.objects.get().secret != asked.secret


def test_a_holder_may_decline(card: Card) -> None:
    """Section 8.5."""
    asked = services.ask("shop", "elder-card", ["age_over_60"])
    form = {"state": asked.request["state"], "error": "access_denied"}
    assert Wallet().post(asked.request["response_uri"], form) == (200, {})
    found = services.answered("shop", asked.secret)
    assert found is not None
    assert found.reason == "declined"


def test_a_question_ends_after_five_minutes(card: Card) -> None:
    asked = services.ask("shop", "elder-card", ["age_over_60"])
    card.office.clock.freeze((port.now() + timedelta(minutes=asking.MINUTES)).isoformat())
    form = {"state": asked.request["state"], "error": "access_denied"}
    assert Wallet().post(asked.request["response_uri"], form)[0] == 400
    with pytest.raises(services.LicenceUnknown):
        services.answered("shop", asked.secret)


# what is published


def test_a_verifier_who_knows_only_the_token_finds_key_kind_and_state(card: Card) -> None:
    """SD-JWT VC (issuer and type metadata) and Token Status List (section 8)."""
    wallet = Wallet()
    claims = json.loads(jws.extract_compact(issued_to(card, wallet).split("~")[0].encode()).payload)
    kind = wallet.get(claims["vct"])
    assert kind["vct"] == claims["vct"]
    labels = {one["path"][0]: (one["display"][0]["label"], one["sd"]) for one in kind["claims"]}
    assert labels["age_over_60"] == ("已满60周岁", "always")
    assert labels["ZZMC"] == ("证照名称", "never")
    status = claims["status"]["status_list"]
    answer = wallet.http.get(urlsplit(status["uri"]).path)
    assert answer["Content-Type"] == "application/statuslist+jwt"
    assert answer["Cache-Control"] == "public, max-age=30"
    assert answer["Access-Control-Allow-Origin"] == "*"
    listed = json.loads(jws.extract_compact(answer.content).payload)
    assert listed["sub"] == status["uri"]
    assert wallet.http.get("/licences/status/7").status_code == 404
    assert wallet.http.get("/licences/kinds/nothing/1").status_code == 404


def test_nothing_is_taken_by_get_and_nothing_large(office: Office) -> None:
    client = Client()
    for path in ("token", "nonce", "credential", "answer/x"):
        assert client.get(f"/licences/openid/{path}").status_code == 405
    answer = client.post("/licences/openid/token", b"x" * 600_000, "text/plain")
    assert answer.status_code == 413
    twice = "grant_type=x&grant_type=y"
    kind = "application/x-www-form-urlencoded"
    assert client.post("/licences/openid/token", twice, kind).json()["error"] == "invalid_request"
