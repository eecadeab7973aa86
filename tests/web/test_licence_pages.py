"""The pages of licences: mine, what I show of them, and the page on which a shop verifies."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from testkit.browsers import plain
from testkit.licences import Card, text_of
from testkit.office import Office
from tongban.apps.evidence import seals
from tongban.apps.licences import facing, services
from tongban.apps.parties import delegating
from tongban.apps.parties import services as people
from tongban.apps.parties.delegating import Named, Scope
from tongban.infra import clock as port
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User

NEIGHBOUR = "330106198811120011"


def browser(subject: Subject, *, strict: bool = False) -> Client:
    client = Client(enforce_csrf_checks=strict)
    client.force_login(User.objects.get(pk=subject.user_id))
    return client


def text(answer: Any) -> str:
    assert plain(answer)
    return " ".join(html.fromstring(answer.content.decode()).text_content().split())


def path_of(address: str) -> str:
    return urlsplit(address).path


def code_on(answer: Any) -> str:
    """Give the link that the page's QR code carries; it is also said in words."""
    (address,) = re.findall(r'alt="(http[^"]+/licences/shown/[^"]+)"', answer.content.decode())
    return str(address)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_holder_ticks_one_box_and_a_stranger_s_telephone_sees_that_and_no_more(
    card: Card, lang: str
) -> None:
    me = browser(card.holder)
    listed = me.get(f"/licences?lang={lang}")
    assert {"zh": "老年人优待证", "en": "senior citizen card"}[lang] in text(listed)
    mine = f"/licences/mine/{card.identifier}"
    assert mine in listed.content.decode()
    assert {"zh": "已满60周岁", "en": "aged 60 or over"}[lang] in text(me.get(mine))
    made = me.post(f"{mine}/show", {"claims": ["age_over_60"]})
    assert "data:image/svg+xml;base64," in made.content.decode()
    stranger = Client()
    seen = stranger.get(f"{path_of(code_on(made))}?lang={lang}")
    told = text(seen)
    assert {"zh": "✔ 证照真实有效", "en": "✔ the licence is genuine"}[lang] in told
    assert {"zh": "由持证人", "en": "Shown by its holder"}[lang] in told
    assert {"zh": "已满60周岁", "en": "aged 60 or over"}[lang] in told
    for secret in ("龚", "1961", card.identifier, card.row.number, "女"):
        assert secret not in told
    card.office.clock.freeze((port.now() + timedelta(seconds=121)).isoformat())
    assert {"zh": "✖ 亮证码无效", "en": "✖ the code has ended"}[lang] in text(
        stranger.get(path_of(code_on(made)))
    )


def test_a_shop_pastes_a_link_or_uploads_a_presentation_without_account_or_cookie(
    card: Card,
) -> None:
    shop = Client(enforce_csrf_checks=True)
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    assert "已满60周岁" in text(shop.post("/licences/verify", {"presented": link.address}))
    file = SimpleUploadedFile("shown.txt", text_of(card.identifier).encode() + b"\n")
    told = text(shop.post("/licences/verify", {"file": file}))
    assert "证照真实有效" in told
    assert "未证明是持证人出示" in told
    assert not shop.cookies
    card.revoke()
    file = SimpleUploadedFile("shown.txt", text_of(card.identifier).encode())
    assert "✖ 已注销或已被替代" in text(shop.post("/licences/verify", {"file": file}))
    noise = SimpleUploadedFile("x.pdf", b"%PDF-1.7 \xff\x00" * 50_000)
    assert "✖ 不是完整的电子证照" in text(shop.post("/licences/verify", {"file": noise}))
    assert shop.post("/licences/verify", {}).status_code == 302


def test_a_shop_may_insist_on_the_holder(card: Card) -> None:
    shop = Client()
    form = html.fromstring(shop.get("/licences/verify").content.decode())
    (nonce,) = form.xpath("//input[@name='nonce']/@value")
    audience = form.xpath("//details//code/text()")[0]
    made = services.present(
        card.holder, card.identifier, ["age_over_60"], audience=audience, nonce=nonce
    )
    insisting = {"nonce": nonce, "proved": "1"}
    told = text(shop.post("/licences/verify", insisting | {"presented": made}))
    assert "✔ 证照真实有效" in told
    assert "由持证人" in told
    stripped = made[: made.rindex("~") + 1]
    told = text(shop.post("/licences/verify", insisting | {"presented": stripped}))
    assert "✖ 不能证明是持证人本人出示" in told
    link = services.show(card.holder, card.identifier, ["age_over_60"])
    told = text(shop.post("/licences/verify", insisting | {"presented": link.address}))
    assert "✖" in told


def test_the_code_on_paper_leads_to_what_stands_on_it_to_be_compared(card: Card) -> None:
    address = path_of(facing.link(card.identifier))
    told = text(Client().get(address))
    assert "请与纸面逐项核对" in told
    assert "龚䶮㛃" in told
    card.revoke()
    assert "✖ 已注销或已被替代" in text(Client().get(address))
    assert "✖" in text(Client().get(address + "x"))


def test_a_wallet_is_offered_by_code_and_pin(card: Card) -> None:
    made = browser(card.holder).post(f"/licences/mine/{card.identifier}/offer")
    assert re.search(r'class="pin">\d{6}<', made.content.decode())


def test_the_certificate_is_given_to_its_holder_alone(card: Card, settings: Any) -> None:
    mine = f"/licences/mine/{card.identifier}"
    if not any((f / "NotoSerifCJK-Regular.ttc").exists() for f in settings.FONTS):
        pytest.skip("Noto Serif CJK is not installed: set TONGBAN_FONTS")
    assert browser(card.holder).get(f"{mine}/face").status_code == 409
    seals.make("health", actor="test")
    given = browser(card.holder).get(f"{mine}/face")
    assert given["Content-Type"] == "application/pdf"
    assert given.content.startswith(b"%PDF-")
    settings.TYPESETTER = "tongban.apps.licences.absent.typesetter"
    assert browser(card.holder).get(f"{mine}/face").status_code == 409


def test_to_anybody_else_a_licence_does_not_exist(card: Card) -> None:
    mine = f"/licences/mine/{card.identifier}"
    for other in (Client(), browser(card.office.applicant("newborn"))):
        assert other.get(mine).status_code == 404
        assert other.get(f"{mine}/face").status_code == 404
        assert other.post(f"{mine}/show", {"claims": "ZZBH"}).status_code == 404
        assert other.post(f"{mine}/offer").status_code == 404
    assert Client().get("/licences").status_code == 404
    approver = browser(card.office.official("health", "approver"))
    seen = approver.get(mine)
    assert "龚䶮㛃" in text(seen)
    assert "生成亮证码" not in text(seen)
    assert approver.post(f"{mine}/show", {"claims": "ZZBH"}).status_code == 409


def test_no_other_page_shows_a_licence_for_its_visitor(card: Card) -> None:
    mine = f"/licences/mine/{card.identifier}"
    forged = browser(card.holder, strict=True)
    assert forged.post(f"{mine}/show", {"claims": "CZZT"}).status_code == 403
    assert forged.post(f"{mine}/offer").status_code == 403
    told = browser(card.holder).post(f"{mine}/show", {"claims": ["age_over_70"]})
    assert told.status_code == 409
    assert "证照没有此项" in text(told)


@pytest.mark.parametrize(("actions", "seen"), [({"licence.read"}, True), ({"case.read"}, False)])
def test_who_acts_for_a_holder_sees_licences_as_the_delegation_says_and_shows_none(
    office: Office, actions: set[str], seen: bool
) -> None:
    licence = office.case(office.submit()).branches["birth-certificate"].licence
    identifier = licence.partition(":")[2]
    people.register_person("neighbour", "邻居", NEIGHBOUR)
    scope = Scope(actions, ("newborn",), port.now() + timedelta(days=7))
    number = delegating.grant(office.applicant("newborn"), Named(NEIGHBOUR, "邻居"), scope)
    agent = browser(office.citizen(NEIGHBOUR))
    mine = f"/licences/mine/{identifier}"
    assert agent.get(mine).status_code == 404
    agent.post("/delegations/act", {"delegation": number})
    listed, one = agent.get("/licences"), agent.get(mine)
    if seen:
        assert mine in listed.content.decode()
        assert "您正在代办" in text(listed)
        assert "您正在代办" in text(one)
        assert not html.fromstring(one.content.decode()).xpath("//form[contains(@action, '/show')]")
    else:
        assert "委托不包括" in text(listed)
        assert one.status_code == 404
    refused = agent.post(f"{mine}/show", {"claims": []})
    assert refused.status_code == (409 if seen else 404)
    agent.post("/delegations/act", {})
    assert agent.get(mine).status_code == 404
