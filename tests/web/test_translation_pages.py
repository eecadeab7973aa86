"""Guides are translated at the desk: proposed by one, signed by another, then shown to all."""

from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.items import queries, translating
from tongban.apps.items.cli import items
from tongban.apps.items.domain.guides import SECTIONS
from tongban.apps.items.domain.pieces import pieces
from tongban.infra.access.models import User

SLUG, PARAGRAPH = "household-registration", "when"
HEADING, TEXT = "قاچان", "تۇغۇلۇپ بىر ئاي ئىچىدە\nئىككىنچى قۇر"
HERE = f"/desk/translations/{SLUG}/{PARAGRAPH}?language=ug"


def tree(answer: Any) -> Any:
    assert plain(answer)
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).xpath("//main")[0].text_content().split())


def test_a_paragraph_is_proposed_signed_by_another_and_shown(office: Office) -> None:
    clerk = signed_in(office.official("police", "clerk"))
    listed = clerk.get("/desk/translations?language=ug")
    assert "出生户口登记" in text(listed)
    assert "高龄津贴" not in text(listed)
    inside = clerk.get(f"/desk/translations/{SLUG}?language=ug")
    (way,) = [a for a in tree(inside).xpath("//main//a/@href") if f"/{PARAGRAPH}?" in a]
    assert way == HERE
    lacking = clerk.post(HERE, {"act": "propose", "heading": "", "text": " "})
    assert lacking.status_code == 422
    assert len(tree(lacking).xpath("//div[@id='errors']//a")) == 2
    done = clerk.post(HERE, {"act": "propose", "heading": HEADING, "text": TEXT}, follow=True)
    assert HEADING in text(done)
    assert not tree(done).xpath("//button[@value='sign']")
    before = Client().get(f"/services/{SLUG}?lang=ug")
    assert HEADING not in text(before)
    (number,) = [one.number for one in translating.waiting(SLUG)]
    own = clerk.post(HERE, {"act": "sign", "of": str(number)})
    assert own.status_code == 409
    approver = signed_in(office.official("police", "approver"))
    there = approver.get(HERE)
    assert tree(there).xpath("//button[@value='sign']")
    assert not tree(there).xpath("//textarea")
    assert approver.post(HERE, {"act": "sign", "of": "99999"}).status_code == 404
    approver.post(HERE, {"act": "sign", "of": str(number)})
    shown = Client().get(f"/services/{SLUG}?lang=ug")
    (part,) = tree(shown).xpath("//main//div[@lang='ug'][@dir='rtl']")
    assert HEADING in part.text_content()
    assert len(part.xpath("./p")) == 2
    assert HEADING not in text(Client().get(f"/services/{SLUG}?lang=en"))
    assert "1 / " in text(approver.get("/desk/translations?language=ug"))


def test_a_signed_name_stands_in_guide_list_search_and_answer_and_the_rest_is_marked(
    office: Office,
) -> None:
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    name, summary, term = "نوپۇسقا ئالدۇرۇش", "قىسقىچە", "ئون كۈن"
    name_zh, anybody = queries.guide(SLUG).name.zh, Client()
    paths = (
        f"/services/{SLUG}",
        "/services?of=item&department=police",
        f"/services?q={name_zh}",
        f"/services?of=item&q={name[:6]}",
        f"/ask?q={name_zh}",
        "/services/newborn",
    )
    numbers = [
        translating.propose(clerk, SLUG, id_, "ug", *words)
        for id_, words in {"about": (name, summary), "time": ("ۋاقىت", term)}.items()
    ]
    for path in paths:
        assert name not in text(anybody.get(_ug(path))), path
    for number in numbers:
        translating.sign(approver, number)
    for path in paths:
        main = tree(anybody.get(_ug(path))).xpath("//main")[0]
        assert name in main.text_content(), path
        links = main.xpath(f".//a[@href='/services/{SLUG}']") or main.xpath(".//h1")
        named = {one.text_content() for one in links}
        assert (name in named, name_zh in named) == (True, False), path
        assert main.xpath(".//*[@lang='zh-CN']"), path
    page = tree(anybody.get(_ug(paths[0])))
    assert page.xpath("//h1")[0].text_content() == name
    assert name in page.xpath("//title")[0].text
    assert term in page.xpath("//main")[0].text_content()
    every = len(pieces(queries.guide(SLUG)))
    assert f"{every}段中有2段" in page.xpath("//main")[0].text_content()
    who = SECTIONS["who"].zh
    (heading,) = page.xpath(f"//h2[bdi='{who}']")
    assert heading[0].get("lang") == "zh-CN"
    for lang in ("zh", "en", "bo"):
        assert name not in text(anybody.get(f"/services/{SLUG}?lang={lang}"))
    mine = signed_in(clerk).get(f"/desk/translations/{SLUG}?language=ug")
    assert len(tree(mine).xpath("//main//ul[@class='tasks']/li")) == every


def _ug(path: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang=ug"


@pytest.mark.parametrize(
    ("department", "role"), [("health", "clerk"), ("police", "reviewer"), ("tax", "approver")]
)
def test_another_department_and_another_post_translate_nothing(
    office: Office, department: str, role: str
) -> None:
    client = signed_in(office.official(department, role))
    assert client.get(HERE).status_code == 404
    assert client.post(HERE, {"heading": HEADING, "text": TEXT}).status_code == 404
    assert translating.waiting(SLUG) == []


def test_strange_addresses_are_missing_and_markup_is_text(office: Office) -> None:
    clerk = signed_in(office.official("police", "clerk"))
    for path in (
        "/desk/translations/no-such/when",
        f"/desk/translations/{SLUG}/no-such",
        "/desk/translations/no-such",
    ):
        assert clerk.get(path).status_code == 404
    evil = "<script>alert(1)</script>"
    there = clerk.post(HERE, {"act": "propose", "heading": evil, "text": evil}, follow=True)
    assert not tree(there).xpath("//main//script")
    assert signed_in(office.applicant("newborn")).get("/desk/translations").status_code == 404


def test_progress_counts_a_paragraph_once_and_this_edition_only(office: Office) -> None:
    clerk, approver = office.official("police", "clerk"), office.official("police", "approver")
    for words in (HEADING, HEADING + "؟"):
        translating.sign(approver, translating.propose(clerk, SLUG, PARAGRAPH, "ug", words, TEXT))
    translating.propose(clerk, SLUG, PARAGRAPH, "ug", "x", "y")
    found = {one.guide.slug: one for one in translating.of_departments(["police"], "ug")}
    assert set(found) == {"household-registration", "seal-record"}
    whole = len(pieces(queries.guide(SLUG)))
    assert (found[SLUG].pieces, found[SLUG].signed, found[SLUG].waiting) == (whole, 1, 1)
    assert found["seal-record"].signed == 0


def test_the_same_on_the_command_line(office: Office) -> None:
    run = CliRunner()
    logins = {role: _login(office, role) for role in ("clerk", "approver")}
    told = run.invoke(
        items,
        ["translations", "propose", SLUG, PARAGRAPH, "--language", "ug", "--heading", HEADING,
         "--text", TEXT, "--as", logins["clerk"]],
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    number = told.output.strip()
    own = run.invoke(items, ["translations", "sign", number, "--as", logins["clerk"]])
    assert own.exit_code == 1
    shown = run.invoke(items, ["translations", "show", SLUG, "--language", "ug"])
    assert f"#{number} waits: {HEADING}" in shown.output
    done = run.invoke(items, ["translations", "sign", number, "--as", logins["approver"]])
    assert "已签署" in done.output
    listed = run.invoke(items, ["translations", "list", "police", "--language", "ug"])
    assert f"1/{len(pieces(queries.guide(SLUG)))} signed" in listed.output
    assert run.invoke(items, ["translations", "show", "none", "--language", "ug"]).exit_code == 1


def _login(office: Office, role: str) -> str:
    return str(User.objects.get(pk=office.official("police", role).user_id).username)
