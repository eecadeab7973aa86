"""A licence that the applicant holds is presented in place of a document (出示证照)."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.licences import HOLDER, Card
from testkit.packs import changed_packs
from tongban.apps.cases import services
from tongban.apps.items import services as publishing
from tongban.infra.packs import read_packs

EVENT, ITEM = "old-age-allowance", "old-age-allowance-claim"
HERE = f"/apply/{EVENT}/documents"
PAPER = """materials:
  - code: senior-card
    name: {zh: 老年优待证复印件, en: copy of the senior citizen card}
    necessity: required
    waived_by: {licence: elder-card}
"""


@pytest.fixture
def asking(card: Card) -> Card:
    """Have the allowance ask for a document for which the card stands."""
    raised = [("version: 1\n", "version: 2\n")]
    changes = {
        f"sample/items/{ITEM}.yaml": [*raised, ("materials:\n", PAPER)],
        f"sample/life-events/{EVENT}.yaml": raised,
        f"sample/guides/{ITEM}.yaml": raised,
        f"sample/guides/{EVENT}.yaml": raised,
    }
    packs = changed_packs(card.office.folder / "changed", changes)
    cards = card.office.folder / "packs" / "cards"
    publishing.publish(read_packs([*packs, cards]), actor="test")
    return card


def answered(client: Client) -> Client:
    page = html.fromstring(client.get(f"/apply/{EVENT}/answers").content.decode())
    put = page.xpath("//input[@name='put']/@value")
    sent = {"put": put, "version": "0", "elder.payout": "card"}
    assert client.post(f"/apply/{EVENT}/answers", sent).status_code == 302
    return client


def told(answer: Any) -> str:
    assert answer.status_code == 200
    (main,) = html.fromstring(answer.content.decode()).xpath("//main")
    return " ".join(main.text_content().split())


def files(answer: Any) -> list[str]:
    names: list[str] = html.fromstring(answer.content.decode()).xpath("//input[@type='file']/@name")
    return names


@pytest.mark.parametrize(
    ("lang", "paper", "presented", "licence"),
    [
        ("zh", "老年优待证复印件", "出示电子证照", "老年人优待证"),
        ("en", "copy of the senior citizen card", "Licence presented", "senior citizen card"),
    ],
)
def test_who_holds_the_licence_uploads_nothing(
    asking: Card, lang: str, paper: str, presented: str, licence: str
) -> None:
    client = answered(signed_in(asking.holder))
    client.get(f"/?lang={lang}")
    page = client.get(HERE)
    assert f"{paper}{presented} {licence}" in told(page)
    assert files(page) == []
    gone_on = client.post(HERE, {})
    assert gone_on.status_code == 302
    assert gone_on.headers["Location"] == f"/apply/{EVENT}/consent"
    client.post(f"/apply/{EVENT}/consent", {"consent": "yes"})
    look = told(client.get(f"/apply/{EVENT}/check?now=1"))
    assert f"{paper}{presented} · {licence}" in look
    number = services.submit(
        asking.holder, services.Submission(EVENT, {"elder.payout": "card"}, consent=True)
    )
    assert dict(asking.office.case(number).licences) == {"elder-card": asking.identifier}


def test_a_licence_that_ended_or_is_anothers_stands_for_nothing(asking: Card) -> None:
    other = answered(signed_in(asking.office.applicant(EVENT)))
    assert files(other.get(HERE)) == ["senior-card"]
    asking.revoke()
    mine = answered(signed_in(asking.holder))
    page = mine.get(HERE)
    assert files(page) == ["senior-card"]
    assert "出示电子证照" not in told(page)
    assert mine.post(HERE, {}).status_code == 422
    assert HOLDER not in page.content.decode()
