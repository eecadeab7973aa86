"""The designer's pages: a draft from its first word to its publication, without script."""

import io
import re
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.apps.items import queries as items
from tongban.apps.items.workshop import queries
from tongban.infra.access.domain import Subject

ITEM = "vaccination-certificate"
FILE = f"items/{ITEM}.yaml"


@pytest.fixture
def publisher(office: Office) -> Subject:
    office.appoint("data-bureau", "publisher", "data.publisher")
    return office.official("data-bureau", "publisher")


@pytest.fixture
def client(publisher: Subject) -> Client:
    return signed_in(publisher)


@pytest.fixture
def number(client: Client) -> str:
    made = client.post("/design", {"act": "begin", "title": "缩短时限", "pack": "sample"})
    assert made.status_code == 302
    found = re.fullmatch(r"/design/(\d+)", made["Location"])
    assert found
    return found[1]


def page(client: Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, path
    return html.fromstring(answer.content.decode())


def filled(tree: Any) -> dict[str, str]:
    """Give what the form of a page would send as it stands."""
    (form,) = [one for one in tree.forms if one.xpath(".//input[@name='seen']")]
    return {name: value or "" for name, value in form.form_values()}


def edit(client: Client, number: str, **changed: str) -> Any:
    path = f"/design/{number}/file?path={FILE}"
    return client.post(path, filled(page(client, path)) | {"act": "save"} | changed)


def test_an_item_is_changed_by_its_form_checked_and_published(
    client: Client, number: str, publisher: Subject
) -> None:
    was = items.item(ITEM)
    untouched = queries.text_of(publisher, number, FILE)
    assert edit(client, number).status_code == 302
    assert queries.text_of(publisher, number, FILE) == untouched
    assert edit(client, number, promised_days="3").status_code == 302
    draft = page(client, f"/design/{number}")
    told = draft.text_content()
    assert "promised_days" in told
    assert "需要提升版本" in told
    for _ in range(5):
        buttons = page(client, f"/design/{number}").xpath("//button[starts-with(@value, 'raise:')]")
        if not buttons:
            break
        client.post(f"/design/{number}", {"act": buttons[0].get("value")})
    assert page(client, f"/design/{number}").xpath("//button[@value='publish']")
    assert client.post(f"/design/{number}", {"act": "publish"}).status_code == 302
    assert items.item(ITEM).version == was.version + 1
    assert items.item(ITEM).promised_days == 3
    assert "已发布" in page(client, f"/design/{number}").text_content()
    assert client.get(f"/design/{number}/file?path={FILE}").status_code == 404


def test_a_life_event_is_changed_by_its_form_and_published(client: Client, number: str) -> None:
    was = items.life_event("newborn")
    path = f"/design/{number}/file?path=life-events/newborn.yaml"

    def act(what: str, **changed: str) -> None:
        sent = filled(page(client, path)) | {"act": what} | changed
        assert client.post(path, sent).status_code == 302

    assert filled(page(client, path))["name/zh"] == was.name.zh
    act("save", **{"name/zh": "新生儿一件事"})
    last = len(was.branches) - 1
    gone = filled(page(client, path))[f"branches/{last}/item"]
    act(f"remove:branches/{last}")
    assert items.life_event("newborn") == was  # a draft changes nothing
    for _ in range(5):
        buttons = page(client, f"/design/{number}").xpath("//button[starts-with(@value, 'raise:')]")
        if not buttons:
            break
        client.post(f"/design/{number}", {"act": buttons[0].get("value")})
    assert client.post(f"/design/{number}", {"act": "publish"}).status_code == 302
    now = items.life_event("newborn")
    assert (now.version, now.name.zh) == (was.version + 1, "新生儿一件事")
    assert {b.item for b in was.branches} - {b.item for b in now.branches} == {gone}
    shown = Client().get("/services/newborn").content.decode()
    assert "新生儿一件事" in shown
    assert items.item(gone).name.zh not in shown


def test_what_would_be_published_tells_how_many_open_cases_it_meets(
    office: Office, client: Client, number: str
) -> None:
    item, mother = "maternity-reimbursement", office.applicant("newborn")
    first = office.submit()
    office.next_birth()
    office.submit()
    path = f"/design/{number}/file?path=items/{item}.yaml"
    client.post(path, filled(page(client, path)) | {"act": "save", "promised_days": "4"})
    for _ in range(8):
        raising = page(client, f"/design/{number}").xpath("//button[starts-with(@value, 'raise:')]")
        if not raising:
            break
        client.post(f"/design/{number}", {"act": raising[0].get("value")})

    def effect() -> list[str]:
        rows = page(client, f"/design/{number}").xpath("//section[h2='发布后的效果']/ul/li")
        return [" ".join(li.text_content().split()) for li in rows]

    def open_on(kind: str, slug: str) -> str:
        (told,) = [one for one in effect() if one.startswith(f"{kind} ") and f" {slug} " in one]
        return told.partition(" · ")[2]

    assert open_on("事项", item) == "在办 2 件"
    assert open_on("一件事", "newborn") == "在办 2 件"
    assert open_on("办事指南", item) == ""
    cases.withdraw(mother, first, [item])
    assert open_on("事项", item) == "在办 1 件"
    # nothing else of that case was open
    assert open_on("一件事", "newborn") == "在办 1 件"


def test_entries_are_added_moved_and_removed_without_script(
    client: Client, number: str, publisher: Subject
) -> None:
    def facts() -> list[str]:
        text = queries.text_of(publisher, number, "items/household-registration.yaml").text or ""
        form = text[text.index("\nform:") :]
        return re.findall(r"^  - (?:\{)?fact: ([\w.]+)", form, re.MULTILINE)

    path = f"/design/{number}/file?path=items/household-registration.yaml"
    before = facts()

    def act(what: str, **more: str) -> None:
        made = client.post(path, filled(page(client, path)) | {"act": what} | more)
        assert made.status_code == 302

    act("down:form/0")
    assert facts()[:2] == [before[1], before[0]]
    act("up:form/1")
    assert facts() == before
    act("add:form")
    last = len(before)
    act("save", **{f"form/{last}/fact": "child.name"})
    assert facts() == [*before, "child.name"]
    act(f"remove:form/{last}")
    assert facts() == before


def test_what_is_wrong_is_kept_and_told(client: Client, number: str) -> None:
    made = edit(client, number, produces="a: [1")
    assert made.status_code == 422
    tree = html.fromstring(made.content.decode())
    assert filled(tree)["produces"] == "a: [1"
    assert edit(client, number, flow="no-such-flow").status_code == 302
    draft = page(client, f"/design/{number}")
    (link,) = draft.xpath("//a[contains(., 'vaccination-certificate.yaml:')]/@href")
    text = page(client, link)
    assert "no-such-flow" in text.xpath("//textarea")[0].text
    preview = client.get(f"/design/{number}/preview/{ITEM}")
    assert preview.status_code == 409


def test_two_editors_see_each_other(client: Client, number: str) -> None:
    path = f"/design/{number}/file?path={FILE}&text=1"
    mine = filled(page(client, path))
    assert edit(client, number, promised_days="4").status_code == 302
    met = client.post(path, mine | {"text": "slug: mine\n", "act": "save"})
    assert met.status_code == 409
    tree = html.fromstring(met.content.decode())
    assert tree.xpath("//textarea")[0].text.strip() == "slug: mine"
    # having compared, they may save
    assert client.post(path, filled(tree) | {"act": "save"}).status_code == 302


def test_a_preview_shows_the_draft_and_publishes_nothing(client: Client, number: str) -> None:
    edit(client, number, **{"name/zh": "接种证明（草稿）"})
    for _ in range(5):
        buttons = page(client, f"/design/{number}").xpath("//button[starts-with(@value, 'raise:')]")
        if not buttons:
            break
        client.post(f"/design/{number}", {"act": buttons[0].get("value")})
    before = items.state()
    for view in ("", "?view=elder", "?lang=ug", "?lang=en"):
        answer = client.get(f"/design/{number}/preview/{ITEM}{view}")
        assert answer.status_code == 200
        root = html.fromstring(answer.content.decode())
        assert (root.get("class") == "elder") == ("elder" in view)
        assert (root.get("lang"), root.get("dir")) == {
            "?lang=ug": ("ug", "rtl"),
            "?lang=en": ("en", "ltr"),
        }.get(view, ("zh-CN", "ltr"))
        if "en" not in view:
            assert "接种证明（草稿）" in answer.content.decode()
        assert set(answer.cookies) <= {"csrftoken"}
    assert (
        "接种证明（草稿）" in client.get(f"/design/{number}/preview/{ITEM}/form").content.decode()
    )
    way = f"/design/{number}/preview/newborn/form"
    whole = html.fromstring(client.get(way).content.decode()).xpath("//main//*[@class='field']")
    client.cookies["tb_view"] = "elder"
    asked = 0
    for at in range(1, len(whole) + 1):
        form = html.fromstring(client.get(f"{way}?at={at}").content.decode())
        asked += len(form.xpath("//main//*[@class='field']"))
        assert f"第 {at} 题，共 {len(whole)} 题" in form.text_content()
        assert bool(form.xpath(f"//main//a[@href='?at={at + 1}']")) == (at < len(whole))
    assert asked == len(whole) > 1
    del client.cookies["tb_view"]
    assert client.get(f"/design/{number}/preview/no-such").status_code == 404
    assert items.state() == before
    assert "草稿" not in items.item(ITEM).name.zh
    assert "（草稿）" not in client.get(f"/services/{ITEM}").content.decode()


def test_packs_go_out_and_come_in(client: Client, number: str) -> None:
    edit(client, number, promised_days="4")
    raw = client.get(f"/design/{number}/pack.zip").content
    whole = client.get("/design/packs/sample.zip")
    assert zipfile.ZipFile(io.BytesIO(whole.content)).testzip() is None
    sent = {"act": "import", "of-archive": "带回", "archive": SimpleUploadedFile("x.zip", raw)}
    made = client.post("/design", sent)
    assert made.status_code == 302
    assert "promised_days" in page(client, made["Location"]).text_content()
    assert client.get("/design/packs/nowhere.zip").status_code == 409
    bad = sent | {"archive": SimpleUploadedFile("x.zip", b"no zip")}
    assert client.post("/design", bad).status_code == 409
    assert client.post("/design", {"act": "import", "of-archive": "x"}).status_code == 422
    assert client.post("/design", {"act": "begin", "pack": "sample"}).status_code == 422


def test_a_new_file_is_made_after_a_model(client: Client, number: str) -> None:
    sent = {"act": "copy", "model": FILE, "slug": "cat-certificate"}
    made = client.post(f"/design/{number}", sent)
    assert made.status_code == 302
    tree = page(client, made["Location"])
    assert filled(tree)["slug"] == "cat-certificate"
    assert filled(tree)["version"] == "1"
    assert client.post(f"/design/{number}", sent).status_code == 409
    assert client.post(f"/design/{number}", sent | {"slug": "../x"}).status_code == 409
    undo = {"act": "undo:items/cat-certificate.yaml"}
    assert client.post(f"/design/{number}", undo).status_code == 302
    assert client.post(f"/design/{number}", {"act": "nonsense"}).status_code == 404
    assert client.post(f"/design/{number}", {"act": "discard"}).status_code == 302
    assert client.post(f"/design/{number}", {"act": "discard"}).status_code == 409


def test_others_see_nothing_of_it(office: Office, number: str) -> None:
    clerk = signed_in(office.official("medical-insurance", "clerk"))
    for path in ("/design", f"/design/{number}", f"/design/{number}/file?path={FILE}"):
        assert clerk.get(path).status_code == 404
    assert Client().get("/design").status_code == 302
    office.appoint("health", "publisher", "health.publisher")
    other = signed_in(office.official("health", "publisher"))
    assert other.get("/design").status_code == 200
    assert other.get(f"/design/{number}").status_code == 404


def test_whoever_did_not_prove_enough_is_sent_to_prove_more(
    office: Office, publisher: Subject, number: str
) -> None:
    weak = signed_in(publisher, "pwd")
    edit(weak, number, promised_days="4")
    answer = weak.post(f"/design/{number}", {"act": "publish"})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/more")


@pytest.mark.parametrize(
    ("lang", "names"),
    [
        ("zh", {"预防接种证办理", "科学育儿指导服务登记", "高龄津贴"}),
        ("en", {"vaccination certificate", "old-age allowance"}),
    ],
)
def test_lists_give_titles_with_the_file_beside_them(
    client: Client, number: str, lang: str, names: set[str]
) -> None:
    tree = page(client, f"/design/{number}?lang={lang}")
    rows = tree.xpath("//ul[@class='tasks']/li[a]")
    shown = {
        row.xpath("./a")[0].text_content(): row.xpath("./small")[0].text_content() for row in rows
    }
    assert len(rows) > 20
    assert names <= {row.xpath("./a")[0].text_content() for row in rows}, sorted(shown)
    assert not [name for name in shown if "/" in name]
    assert all("/" in file for file in shown.values())


def test_files_are_found_by_title_or_name(client: Client, number: str) -> None:
    def found(sought: str) -> set[str]:
        tree = page(client, f"/design/{number}?q={sought}")
        return {str(p) for p in tree.xpath("//ul[@class='tasks']/li[a]/small//text()")}

    by_title = found("接种证")
    assert "items/vaccination-certificate.yaml" in by_title
    assert all("vaccination" in path for path in by_title)
    assert found("vaccination-certificate.yaml") <= by_title
    assert found("nothing-like-it") == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_findings_are_told_in_the_language_of_the_page(
    client: Client, number: str, lang: str
) -> None:
    here = f"/design/{number}/file?path=items/vaccination-certificate.yaml"
    tree = page(client, f"{here}&text=1")
    (box,) = tree.xpath("//textarea[@name='text']")
    (seen,) = tree.xpath("//input[@name='seen']/@value")
    text = (box.text or "").replace("department: ", "department: no-")
    client.post(f"{here}&text=1", {"act": "save", "text": text, "seen": seen})
    for address in (f"{here}&text=1&lang={lang}", f"/design/{number}?lang={lang}"):
        (section,) = page(client, address).xpath("//section[h2][1]")[:1]
        told = section.text_content()
        assert ("没有部门“no-" in told) == (lang == "zh")
        assert ("no department no-" in told) == (lang == "en")
        assert ("add it to" in told) == (lang == "en")
