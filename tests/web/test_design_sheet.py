"""The pages of rule tables and flows in the workshop, used as a browser without script does."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from testkit.browsers import plain, signed_in
from testkit.office import Office
from tongban.apps.items.workshop import queries, services
from tongban.apps.items.workshop.sheet import read_sheets
from tongban.infra.access.domain import Subject
from tongban.infra.packs import shipped_packs
from tongban.web.drawing import read_drawing

RULES, CASES = "rules/childcare-guidance.dmn", "rules/childcare-guidance.cases.yaml"
FLOW = shipped_packs() / "base" / "flows" / "at-once-record.bpmn"
NAMED = {"name-zh": "早产三十周", "name-en": "born at 30 weeks"}


@pytest.fixture
def publisher(office: Office) -> Subject:
    office.appoint("data-bureau", "publisher", "data.publisher")
    return office.official("data-bureau", "publisher")


@pytest.fixture
def draft(publisher: Subject) -> str:
    return services.open_draft(publisher, "sample", "随访标准")


def tree(answer: Any) -> Any:
    assert plain(answer)
    assert b"style=" not in answer.content
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).xpath("//main")[0].text_content().split())


def send(client: Client, draft: str, act: str, **given: str) -> Any:
    """Send the form that has this button, as it stands but for what is given."""
    here = f"/design/{draft}/rules/childcare-guidance"
    shown = tree(client.get(here))
    (form,) = shown.xpath(f"//form[.//button[@value='{act}']]") or shown.xpath(
        "//form[.//button[@value='try']]"
    )
    sent = {"act": act}
    for control in form.xpath(".//input[@name]|.//select|.//textarea"):
        value = control.get("value", "")
        if control.tag == "select":
            chosen = control.xpath("./option[@selected]") or control.xpath("./option")[:1]
            value = chosen[0].get("value")
        elif control.tag == "textarea":
            value = control.text or ""
        sent[control.get("name")] = value
    return client.post(here, sent | given, follow=True)


def table(publisher: Subject, draft: str) -> Any:
    found = queries.text_of(publisher, draft, RULES).text
    assert found is not None
    return read_sheets(found.encode(), RULES)[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_table_is_shown_with_findings_sentences_and_cases(
    publisher: Subject, draft: str, lang: str
) -> None:
    answer = signed_in(publisher).get(f"/design/{draft}/rules/childcare-guidance?lang={lang}")
    said = text(answer)
    zh = lang == "zh"
    assert ("没有遗漏，也没有冲突" if zh else "no gap and no conflict") in said
    assert ("还不能决定：需要先知道" if zh else "must be known first") in said
    assert ("早产儿，按高危儿方案" if zh else "home visits of the high-risk plan") in said
    states = tree(answer).xpath("//h2[@id='cases']/following-sibling::ol[1]//span/text()")
    assert [one for one in states if one.strip()] == (["通过"] if zh else ["passes"]) * 4


def test_saving_what_was_not_changed_changes_nothing(publisher: Subject, draft: str) -> None:
    send(signed_in(publisher), draft, "save")
    assert not queries.text_of(publisher, draft, RULES).changed


def test_a_changed_cell_leaves_a_gap_that_is_told_and_a_case_that_fails(
    publisher: Subject, draft: str
) -> None:
    answer = send(signed_in(publisher), draft, "save", **{"cells-2-1": ">=3000"})
    assert table(publisher, draft).rows[2].cells[1] == ">=3000"
    assert "没有一行适用于" in text(answer)
    assert "不小于 2500 且小于 3000" in text(answer)
    assert "未通过" in text(answer)
    answer = send(signed_in(publisher), draft, "save", **{"cells-2-1": ">=2000"})
    assert "第 2 行与第 3 行可同时成立" in text(answer)
    marked = tree(answer).xpath("//tr[@class='marked']/th/text()")
    assert [one.strip() for one in marked if one.strip()] == ["2", "3"]


def test_a_cell_that_cannot_be_read_keeps_what_was_typed(publisher: Subject, draft: str) -> None:
    answer = send(signed_in(publisher), draft, "save", **{"cells-0-0": "<<37"})
    (cell,) = tree(answer).xpath("//textarea[@id='cell-cells-0-0']")
    assert (cell.text, cell.get("aria-invalid")) == ("<<37", "true")
    (told,) = tree(answer).xpath(f"//p[@id='{cell.get('aria-describedby')}']")
    assert "不是条件写法" in told.text_content()
    assert table(publisher, draft).rows[0].cells[0] == "<<37"
    answer = send(signed_in(publisher), draft, "save", **{"cells-0-0": "<37"})
    assert "没有遗漏" in text(answer)


def test_rows_and_columns_come_go_and_move(publisher: Subject, draft: str) -> None:
    client = signed_in(publisher)
    send(client, draft, "row-copy", row="0")
    assert len(table(publisher, draft).rows) == 4
    send(client, draft, "row-down", row="1")
    assert table(publisher, draft).rows[2].cells[0] == "<37"
    send(client, draft, "row-drop", row="2")
    send(client, draft, "row-add", row="2")
    assert table(publisher, draft).rows[3].cells == ("-", "-")
    send(client, draft, "row-drop", row="3")
    send(client, draft, "input-add", fact="child.name")
    assert [one.fact for one in table(publisher, draft).inputs][2:] == ["child.name"]
    send(client, draft, "column-drop", column="input-2")
    send(client, draft, "output-add", result="visits", **{"result-type": "number"})
    assert table(publisher, draft).outputs[2].type == "number"
    send(client, draft, "column-drop", column="output-2")
    for act, given, said in (
        ("row-up", {"row": "0"}, "第一行不能上移"),
        ("row-down", {"row": "2"}, "最后一行不能下移"),
        ("row-drop", {"row": "77"}, "没有这一行"),
        ("input-add", {"fact": "no.fact"}, "还没有的事实"),
        ("output-add", {"result": "no name"}, "给结果起一个"),
        ("column-drop", {"column": "input-9"}, "没有这一列"),
    ):
        answer = send(client, draft, act, **given, **{"cells-0-0": "<30"})
        assert answer.status_code == 422
        assert said in text(answer)
        (cell,) = tree(answer).xpath("//textarea[@id='cell-cells-0-0']")
        assert cell.text == "<30"  # what was typed is kept
    there = shipped_packs() / "sample" / RULES
    assert table(publisher, draft) == read_sheets(there.read_bytes(), "x")[0]


def test_who_was_overtaken_is_told_and_loses_nothing(publisher: Subject, draft: str) -> None:
    client = signed_in(publisher)
    here = f"/design/{draft}/rules/childcare-guidance"
    (seen,) = tree(client.get(here)).xpath("//input[@name='seen']/@value")
    send(client, draft, "save", **{"cells-0-0": "<36"})
    answer = client.post(here, {"act": "save", "seen": seen, "cells-0-1": "<1000"})
    assert answer.status_code == 409
    assert "刚被他人修改" in text(answer)
    (cell,) = tree(answer).xpath("//textarea[@id='cell-cells-0-1']")
    assert cell.text == "<1000"
    assert table(publisher, draft).rows[0].cells == ("<36", "-")


def test_a_trial_is_answered_and_kept_as_a_case(publisher: Subject, draft: str) -> None:
    client = signed_in(publisher)
    answer = send(client, draft, "try", **{"try-0": "30"})
    assert "命中的行： 1" in text(answer)
    answer = send(client, draft, "try", **{"try-0": "40"})
    assert "需要先知道出生体重（克）" in text(answer)
    answer = send(client, draft, "try", **{"try-0": "many"})
    assert answer.status_code == 422
    assert "“出生孕周”的值与类型不符" in text(answer)
    answer = send(client, draft, "keep", **{"try-0": "30"})
    assert answer.status_code == 422
    assert "请给试例写中文和英文名称" in text(answer)
    send(client, draft, "keep", **{"try-0": "30"}, **NAMED)
    answer = send(client, draft, "keep", **{"try-0": "40", "try-1": "2600.5"}, **NAMED)
    kept = queries.text_of(publisher, draft, CASES).text
    assert kept is not None
    assert "早产三十周" in text(answer)
    assert '"2600.5"' in kept
    assert "未通过" not in text(answer)
    assert not [one for one in queries.findings(publisher, draft) if "cases" in one.file]
    assert "childcare-guidance" in text(client.get(f"/design/{draft}"))
    files = tree(client.get(f"/design/{draft}")).xpath("//main//a/@href")
    assert f"/design/{draft}/rules/childcare-guidance" in files


def test_publication_names_the_case_that_a_change_breaks(publisher: Subject, draft: str) -> None:
    send(signed_in(publisher), draft, "save", **{"results-0-1": '"standard"'})
    told = [str(one) for one in queries.findings(publisher, draft)]
    assert any(one.startswith(f"sample/{CASES}:") and "36 weeks" in one for one in told)


def test_a_flow_is_brought_drawn_and_saved(publisher: Subject, draft: str) -> None:
    client, here = signed_in(publisher), f"/design/{draft}/flows/quick"
    assert "草稿中没有这个流程" in text(client.get(here))
    assert client.get(f"{here}.bpmn").status_code == 404
    data = FLOW.read_bytes()
    answer = client.post(here, {"file": SimpleUploadedFile("x.bpmn", data)}, follow=True)
    assert "流程可以证明总能走到结束" in text(answer)
    assert tree(answer).xpath("//svg[@class='flow']")
    saved = client.get(f"{here}.bpmn")
    assert saved.content == data
    assert saved["Content-Disposition"] == 'attachment; filename="quick.bpmn"'


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_findings_of_a_flow_are_numbered_in_picture_and_list(
    publisher: Subject, draft: str, lang: str
) -> None:
    client, here = signed_in(publisher), f"/design/{draft}/flows/quick"
    data = FLOW.read_bytes().replace(b"userTask", b"scriptTask")
    client.post(here, {"file": SimpleUploadedFile("x.bpmn", data)})
    page = tree(client.get(f"{here}?lang={lang}"))
    (link,) = page.xpath("//svg//a/@href")
    (told,) = page.xpath(f"//li[@id='{link[1:]}']")
    assert "scriptTask" in told.text_content()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "请先选择文件"),
        (b"GIF89a", "不是规范的 XML"),
        (b"<definitions/>", "不是 BPMN 2.0"),
        (b"<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>", "不是规范的 XML"),
        (b"<a/>" + b" " * 1_000_000, "文件超过 1000 KB"),
    ],
)
def test_what_is_no_flow_is_refused_by_name(
    publisher: Subject, draft: str, data: bytes, said: str
) -> None:
    here = f"/design/{draft}/flows/quick"
    answer = signed_in(publisher).post(here, {"file": SimpleUploadedFile("x.bpmn", data)})
    assert answer.status_code == 422
    assert said in text(answer)
    assert queries.text_of(publisher, draft, "flows/quick.bpmn").text is None


def test_nobody_else_sees_them(office: Office, draft: str) -> None:
    office.appoint("police", "publisher", "police.publisher")
    others = (office.official("police", "publisher"), office.official("data-bureau", "clerk"))
    for path in ("rules/childcare-guidance", "flows/quick", "flows/quick.bpmn"):
        for other in others:
            assert signed_in(other).get(f"/design/{draft}/{path}").status_code == 404
        assert Client().get(f"/design/{draft}/{path}").status_code == 302


def test_a_called_flow_is_found_in_the_packs_below(publisher: Subject, draft: str) -> None:
    client, here = signed_in(publisher), f"/design/{draft}/flows/caller"
    base = (shipped_packs() / "base/flows/at-once-record.bpmn").read_text(encoding="utf-8")
    calls = re.sub(
        r"<serviceTask id=\"record\".*?</serviceTask>",
        lambda m: (
            m[0]
            .replace("serviceTask", "callActivity")
            .replace('tongban:verb="record-result"', 'calledElement="NAME"')
        ),
        base.replace('id="at-once-record"', 'id="caller"'),
        flags=re.DOTALL,
    )
    for name, sound in (("at-once-payment", True), ("nowhere", False)):
        data = calls.replace("NAME", name).encode()
        client.post(here, {"file": SimpleUploadedFile("x.bpmn", data)})
        assert ("流程可以证明" in text(client.get(here))) == sound
        assert ("不存在或尚未通过检查" in text(client.get(here))) != sound


def test_conditions_on_arrows_of_shipped_flows_have_english_names() -> None:
    flows = sorted(shipped_packs().glob("*/flows/*.bpmn"))
    named = [
        line.element
        for path in flows
        for line in read_drawing(path.read_bytes(), path.name).lines
        if line.element.name
    ]
    assert len(named) > 30
    for one in named:
        assert one.english, one.id
        assert one.english.isascii(), one.id
        assert one.called("en") == one.english


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_typed_stays_in_its_own_row_when_rows_moved(
    publisher: Subject, draft: str, lang: str
) -> None:
    client = signed_in(publisher)
    here = f"/design/{draft}/rules/childcare-guidance"
    shown = tree(client.get(here))
    cells = {one.get("name"): one.text or "" for one in shown.xpath("//textarea")}
    hidden = {one.get("name"): one.get("value") for one in shown.xpath("//input[@type='hidden']")}
    hidden.pop("csrfmiddlewaretoken", None)
    before = table(publisher, draft)
    send(client, draft, "save", **{"cells-2-1": ">=2600"})  # somebody changes the third row
    send(client, draft, "row-down", row="0")  # and moves the first below the second
    mine = hidden | cells | {"act": "save", "cells-0-1": "<1000"}
    answer = client.post(f"{here}?lang={lang}", mine)
    assert answer.status_code == 409
    page = tree(answer)
    told = {row: page.xpath(f"//textarea[@id='cell-cells-{row}-1']")[0].text for row in range(3)}
    assert told == {0: before.rows[1].cells[1], 1: "<1000", 2: ">=2600"}
    word = "刚有改动" if lang == "zh" else "changed meanwhile"
    marked = [
        row.xpath("./th")[0].text_content().strip()[0]
        for row in page.xpath("//tbody/tr")
        if word in row.xpath("./th")[0].text_content()
    ]
    assert marked == ["3"]
    # saved again, both changes stand
    (seen,) = page.xpath("//input[@name='seen']/@value")
    again = {one.get("name"): one.text or "" for one in page.xpath("//textarea")}
    client.post(here, again | {"act": "save", "seen": str(seen)})
    assert [row.cells[1] for row in table(publisher, draft).rows] == list(told.values())


def test_a_row_that_was_removed_meanwhile_is_told_with_what_was_typed(
    publisher: Subject, draft: str
) -> None:
    client = signed_in(publisher)
    here = f"/design/{draft}/rules/childcare-guidance"
    (seen,) = tree(client.get(here)).xpath("//input[@name='seen']/@value")
    send(client, draft, "row-drop", row="0")
    answer = client.post(here, {"act": "save", "seen": seen, "cells-0-1": "<1234"})
    assert answer.status_code == 409
    assert "已被他人删去" in text(answer)
    assert "<1234" in text(answer)
    assert not tree(answer).xpath("//textarea[.='<1234']")
