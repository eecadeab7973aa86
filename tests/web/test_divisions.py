"""The division cascade on real pages, without script: list after list, nothing typed is lost."""

from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.cases.models import ApplicationDraft
from tongban.apps.exchange import grants
from tongban.apps.exchange.models import Grant

HUKOU, HOME = "elder.hukou_region", "mother.residence_region"
PRECHECK, ANSWERS = "/services/old-age-allowance/check", "/apply/newborn/answers"
WAY = ("330000", "330100", "330106")


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).text_content().split())


def press(client: Client, answer: Any, button: str = "", **given: str) -> Any:
    """Send the page's form as a browser does, by its main button or by "next level" of a field."""
    (form,) = tree(answer).xpath("//main//form[@method='post']")
    sent: dict[str, list[str]] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    for name, value in given.items():
        assert form.xpath(f".//*[@name='{name}']"), name
        sent[name] = [value]
    if button:
        (pressed,) = form.xpath(f".//button[@name='level'][@value='{button}']")
        assert pressed.get("formaction") == f"#{pressed.xpath('../label/select/@id')[0]}"
        sent["level"] = [button]
    return client.post(form.get("action"), sent, follow=True)


def lists(answer: Any, name: str) -> list[tuple[str, str, int]]:
    """Give name, chosen code and number of options of each list of a field."""
    found = tree(answer).xpath(f"//main//select[starts-with(@name, '{name}-')]")
    return [
        (
            one.get("name"),
            next((o.get("value") for o in one if o.get("selected") is not None), ""),
            len(one),
        )
        for one in found
    ]


def asking(client: Client, fact: str) -> Any:
    """Answer nothing of the pre-check until it asks for this fact."""
    page = client.get(PRECHECK)
    for _ in range(9):
        if tree(page).xpath(f"//input[@name='put'][@value='{fact}']"):
            return page
        choices = {
            name: tree(page).xpath(f"//input[@name='{name}'][@type='radio']/@value")[-1]
            for name in set(tree(page).xpath("//main//input[@type='radio']/@name"))
        }
        years = [n for n in tree(page).xpath("//main//input/@name") if n.endswith("-year")]
        day = {
            year.replace("-year", part): value
            for year in years
            for part, value in (("-year", "1930"), ("-month", "5"), ("-day", "1"))
        }
        page = press(client, page, **choices, **day)
    raise AssertionError(text(page))


@pytest.mark.parametrize("view", ["std", "elder"])
@pytest.mark.parametrize(
    ("lang", "label", "amiss"),
    [("zh", "省（自治区、直辖市）", "请继续选择"), ("en", "Province", "go on choosing")],
)
def test_the_pre_check_asks_for_a_division_level_by_level(
    office: Office, view: str, lang: str, label: str, amiss: str
) -> None:
    client = Client()
    client.get(f"/?lang={lang}&view={view}")
    page = asking(client, HUKOU)
    put = tree(page).xpath("//input[@name='put']/@value")
    kept = tree(page).xpath("//input[@name='kept']/@value")
    (first,) = lists(page, HUKOU)
    assert first[:2] == (f"{HUKOU}-1", "")
    assert label in text(page)
    assert first[2] > 30
    for depth, code in enumerate(WAY[:2], 1):
        page = press(client, page, HUKOU, **{f"{HUKOU}-{depth}": code})
        assert page.status_code == 200
        assert not tree(page).xpath("//div[@id='errors']")
        assert [one[1] for one in lists(page, HUKOU)] == [*WAY[:depth], ""]
        assert tree(page).xpath("//input[@name='put']/@value") == put
        assert tree(page).xpath("//input[@name='kept']/@value") == kept
    half = press(client, page)
    assert half.status_code == 422
    assert amiss in text(half)
    assert [one[1] for one in lists(half, HUKOU)] == [*WAY[:2], ""]
    done = press(client, half, **{f"{HUKOU}-3": WAY[2]})
    assert done.status_code == 200
    assert tree(done).xpath(f"//input[@type='hidden'][@name='{HUKOU}']/@value") == [WAY[2]]
    assert HUKOU not in tree(done).xpath("//input[@name='put']/@value")
    assert ApplicationDraft.objects.count() == 0


def test_what_else_was_typed_stays_when_the_next_list_comes(office: Office) -> None:
    client = Client()
    page = asking(client, HUKOU)
    (dates, *_) = [
        n for n in tree(client.get(PRECHECK)).xpath("//input/@name") if n.endswith("-year")
    ]
    page = client.post(PRECHECK, {"put": [HUKOU, dates[:-5]], dates: "1931", f"{HUKOU}-1": WAY[0],
                                  "level": HUKOU})  # fmt: skip
    assert page.status_code == 200
    assert tree(page).xpath(f"//input[@name='{dates}']/@value") == ["1931"]
    other = press(client, page, HUKOU, **{f"{HUKOU}-1": "110000"})
    assert [one[1] for one in lists(other, HUKOU)] == ["110000", ""]
    # a city of the province before counts no more
    stale = {f"{HUKOU}-1": "110000", f"{HUKOU}-2": WAY[1], "put": [HUKOU], "level": HUKOU}
    assert [one[1] for one in lists(client.post(PRECHECK, stale), HUKOU)] == ["110000", ""]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("999999", "没有行政区划999999，请逐级选择"),
        ("330184", "330184 余杭市已撤销，现为330110 余杭区，请重新选择"),
        ("33010", "有误，请逐位核对"),
        ("<b>x</b>", "有误，请逐位核对"),
    ],
)
def test_a_code_that_is_no_division_of_the_packs_is_refused_by_name(
    office: Office, code: str, says: str
) -> None:
    for sent in ({HUKOU: code}, {f"{HUKOU}-1": code}):
        wrong = Client().post(PRECHECK, {"put": [HUKOU], **sent})
        assert wrong.status_code == 422
        assert says in text(wrong)
        (link,) = tree(wrong).xpath("//div[@id='errors']//a/@href")
        assert tree(wrong).xpath(f"//select[@id='{link[1:]}']")


@pytest.mark.parametrize("view", ["std", "elder"])
def test_the_form_takes_a_division_and_keeps_its_code(office: Office, view: str) -> None:
    for row in Grant.objects.filter(ended=None, service__endswith="/residence"):
        grants.end(f"g{row.pk}", "police", "按需重新申请")
    client = signed_in(office.applicant("newborn"))
    client.get(f"/?view={view}")
    page = client.get(f"{ANSWERS}?at={HOME}")
    typed = {"child.name": "安一诺"} if view == "std" else {}
    page = press(client, page, HOME, **{f"{HOME}-1": WAY[0]}, **typed)
    page = press(client, page, HOME, **{f"{HOME}-2": WAY[1]})
    assert page.status_code == 200
    assert not tree(page).xpath("//div[@id='errors']")
    assert [one[1] for one in lists(page, HOME)] == [*WAY[:2], ""]
    if typed:
        assert tree(page).xpath("//input[@name='child.name']/@value") == ["安一诺"]
    half = press(client, page)
    assert half.status_code == 422
    assert "请继续选择，直到县（市、区）" in text(half)
    answers = {k: str(v) for k, v in office.answers("newborn").items()} if typed else {}
    press(client, half, **{f"{HOME}-3": WAY[2]}, **answers)
    draft = ApplicationDraft.objects.get()
    assert draft.answers[HOME][0] == WAY[2]
    if typed:
        client.post("/apply/newborn/consent", {"consent": "yes"})
        assert "浙江省杭州市西湖区" in text(client.get("/apply/newborn/check?now=1"))


def test_the_style_guide_shows_the_same_cascade(office: Office) -> None:
    shown = Client().get("/styleguide")
    assert [one[1] for one in lists(shown, "sg-address")] == [*WAY[:2], ""]
    more = Client().get("/styleguide", {"sg-address-1": "110000", "level": "sg-address"})
    assert [one[1] for one in lists(more, "sg-address")] == ["110000", ""]
