"""The API of licences: tokens, scopes, shapes; verification without an account."""

from datetime import timedelta
from typing import Any

from django.test import Client

from testkit.licences import Card, text_of
from tongban.infra.access import services as access
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User


class Caller:
    """Calls as one subject, by token."""

    def __init__(self, subject: Subject, *scopes: str) -> None:
        user = User.objects.get(pk=subject.user_id)
        day = timedelta(days=1)
        made = access.issue_token(user, label="t", lifetime=day, actor="t", scopes=scopes)
        self.http = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def get(self, path: str) -> tuple[int, Any]:
        answer = self.http.get(f"/api/licences{path}")
        return answer.status_code, answer.json()

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.http.post(f"/api/licences{path}", body, "application/json")
        return answer.status_code, answer.json()


def verified(presented: str, binding: Any = None) -> Any:
    body = {"presented": presented, "binding": binding}
    answer = Client().post("/api/licences/verify", body, "application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_holder_lists_reads_and_shows(card: Card) -> None:
    me = Caller(card.holder)
    status, (one,) = me.get("")
    assert (status, one["identifier"], one["state"]) == (200, card.identifier, "valid")
    assert one["name"] == {"zh": "老年人优待证", "en": "senior citizen card"}
    _, whole = me.get(f"/{card.identifier}")
    claims = {claim["name"]: claim for claim in whole["claims"]}
    assert claims["elder.sex"]["text"] == "女"
    assert claims["age_over_60"]["label"]["en"] == "aged 60 or over"
    status, link = me.post(f"/{card.identifier}/show", {"claims": ["age_over_60"]})
    assert status == 201
    found = verified(link["address"])
    assert (found["valid"], found["holder_proved"]) == (True, True)
    assert [claim["name"] for claim in found["claims"]] == ["ZZMC", "age_over_60"]
    refused = me.post(f"/{card.identifier}/show", {"claims": ["age_over_70"]})
    assert (refused[0], refused[1]["error"]) == (422, "claim_unknown")


def test_a_presentation_holds_for_its_verifier_and_its_question(card: Card) -> None:
    asked = Client().post("/api/licences/verify/question").json()
    _, made = Caller(card.holder).post(f"/{card.identifier}/present", {"claims": [], **asked})
    assert verified(made["presentation"], asked)["valid"]
    assert verified(made["presentation"], asked | {"nonce": "x"})["reason"] == "nonce"
    assert verified(made["presentation"], asked | {"audience": "x"})["reason"] == "audience"
    assert verified(made["presentation"])["reason"] == "binding", "nobody asked for a proof"
    bare = text_of(card.identifier)
    assert verified(bare, asked)["reason"] == "binding"
    found = verified(bare)
    assert (found["valid"], found["holder_proved"]) == (True, False)
    assert found["words"] == {"zh": "证照真实有效", "en": "the licence is genuine and valid"}


def test_an_official_s_order_is_seen_by_the_next_who_verifies(card: Card) -> None:
    bare = text_of(card.identifier)
    order = {"act": "revoke", "legal_basis": "行政许可法 第六十九条", "reason": "骗取"}
    approver = Caller(card.office.official("health", "approver"))
    status, after = approver.post(f"/{card.identifier}/orders", order)
    assert (status, after["state"], after["state_reason"]) == (200, "revoked", "骗取")
    assert verified(bare)["reason"] == "revoked"
    assert approver.post(f"/{card.identifier}/orders", order)[0] == 409
    assert approver.post(f"/{card.identifier}/orders", order | {"reason": ""})[0] == 422
    assert Caller(card.holder).post(f"/{card.identifier}/orders", order)[0] == 403
    clerk = Caller(card.office.official("health", "clerk"))
    assert clerk.post(f"/{card.identifier}/orders", order)[0] == 404


def test_a_token_does_what_it_was_made_for(card: Card) -> None:
    reads = Caller(card.holder, "licence.read")
    assert reads.get(f"/{card.identifier}")[0] == 200
    assert reads.post(f"/{card.identifier}/show", {"claims": []})[0] == 403
    assert reads.post(f"/{card.identifier}/offer")[0] == 403
    assert reads.post("/questions", {"kind": "elder-card", "claims": ["ZZBH"]})[0] == 403
    assert Client().get("/api/licences").status_code == 401


def test_a_counter_asks_a_wallet_and_reads_its_own_answer_alone(card: Card) -> None:
    shop, other = (Caller(card.office.applicant("newborn", place)) for place in (0, 1))
    wish = {"kind": "elder-card", "claims": ["age_over_60"]}
    status, asked = shop.post("/questions", wish)
    assert status == 201
    assert asked["link"].startswith("openid4vp://authorize?")
    assert shop.get(f"/questions/{asked['secret']}") == (200, {"answer": None})
    assert other.get(f"/questions/{asked['secret']}")[0] == 404
    assert shop.post("/questions", wish | {"kind": "nothing"})[0] == 404
    status, made = Caller(card.holder).post(f"/{card.identifier}/offer")
    assert status == 201
    assert made["link"].startswith("openid-credential-offer://?")
    assert made["pin"] not in made["link"]
