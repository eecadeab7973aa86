"""The API of licences: tokens, scopes, shapes; verification without an account."""

from typing import Any

from django.test import Client

from testkit.callers import caller
from testkit.licences import Card, text_of


def verified(presented: str, binding: Any = None) -> Any:
    body = {"presented": presented, "binding": binding}
    answer = Client().post("/api/licences/verify", body, "application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_holder_lists_reads_and_shows(card: Card) -> None:
    me = caller(card.holder)
    status, (one,) = me.get("/licences")
    assert (status, one["identifier"], one["state"]) == (200, card.identifier, "valid")
    assert one["name"] == {"zh": "老年人优待证", "en": "senior citizen card"}
    _, whole = me.get(f"/licences/{card.identifier}")
    claims = {claim["name"]: claim for claim in whole["claims"]}
    assert claims["elder.sex"]["text"] == "女"
    assert claims["age_over_60"]["label"]["en"] == "aged 60 or over"
    status, link = me.post(f"/licences/{card.identifier}/show", {"claims": ["age_over_60"]})
    assert status == 201
    found = verified(link["address"])
    assert (found["valid"], found["holder_proved"]) == (True, True)
    assert [claim["name"] for claim in found["claims"]] == ["ZZMC", "age_over_60"]
    refused = me.post(f"/licences/{card.identifier}/show", {"claims": ["age_over_70"]})
    assert (refused[0], refused[1]["error"]) == (422, "claim_unknown")


def test_a_presentation_holds_for_its_verifier_and_its_question(card: Card) -> None:
    asked = Client().post("/api/licences/verify/question").json()
    _, made = caller(card.holder).post(
        f"/licences/{card.identifier}/present", {"claims": [], **asked}
    )
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
    approver = caller(card.office.official("health", "approver"))
    status, after = approver.post(f"/licences/{card.identifier}/orders", order)
    assert (status, after["state"], after["state_reason"]) == (200, "revoked", "骗取")
    assert verified(bare)["reason"] == "revoked"
    assert approver.post(f"/licences/{card.identifier}/orders", order)[0] == 409
    assert approver.post(f"/licences/{card.identifier}/orders", order | {"reason": ""})[0] == 422
    assert caller(card.holder).post(f"/licences/{card.identifier}/orders", order)[0] == 403
    clerk = caller(card.office.official("health", "clerk"))
    assert clerk.post(f"/licences/{card.identifier}/orders", order)[0] == 404


def test_a_token_does_what_it_was_made_for(card: Card) -> None:
    reads = caller(card.holder, "licence.read")
    assert reads.get(f"/licences/{card.identifier}")[0] == 200
    assert reads.post(f"/licences/{card.identifier}/show", {"claims": []})[0] == 403
    assert reads.post(f"/licences/{card.identifier}/offer")[0] == 403
    assert reads.post("/licences/questions", {"kind": "elder-card", "claims": ["ZZBH"]})[0] == 403
    assert Client().get("/api/licences").status_code == 401


def test_a_counter_asks_a_wallet_and_reads_its_own_answer_alone(card: Card) -> None:
    shop, other = (caller(card.office.applicant("newborn", place)) for place in (0, 1))
    wish = {"kind": "elder-card", "claims": ["age_over_60"]}
    status, asked = shop.post("/licences/questions", wish)
    assert status == 201
    assert asked["link"].startswith("openid4vp://authorize?")
    assert shop.get(f"/licences/questions/{asked['secret']}") == (200, {"answer": None})
    assert other.get(f"/licences/questions/{asked['secret']}")[0] == 404
    assert shop.post("/licences/questions", wish | {"kind": "nothing"})[0] == 404
    status, made = caller(card.holder).post(f"/licences/{card.identifier}/offer")
    assert status == 201
    assert made["link"].startswith("openid-credential-offer://?")
    assert made["pin"] not in made["link"]
