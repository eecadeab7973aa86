"""Parts of pages that script replaces: what is served for it, where it is loaded and leads."""

import gzip
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.items import queries
from tongban.infra import clock

HTMX = "/static/django_htmx/htmx-2.min.js"
PART = {"HX-Request": "true"}


def scripts(answer: Any) -> list[str]:
    return [str(src) for src in html.fromstring(answer.content.decode()).xpath("//script/@src")]


def test_the_script_is_our_own_small_and_loaded_only_where_it_helps(office: Office) -> None:
    citizen = signed_in(office.applicant("newborn"))
    reviewer = signed_in(office.official("medical-insurance", "reviewer"))
    assert HTMX in scripts(Client().get("/services"))
    assert HTMX in scripts(reviewer.get("/desk"))
    number = office.submit()
    for path in ("/", "/services/newborn", "/apply/newborn/answers", f"/cases/{number}"):
        answer = citizen.get(path)
        assert answer.status_code == 200, path
        assert HTMX not in scripts(answer), path
    served = Client().get(HTMX, headers={"Accept-Encoding": "gzip"})
    sent = served.getvalue()
    served.close()
    assert served["Content-Encoding"] == "gzip"
    assert gzip.decompress(sent)
    assert len(sent) <= 20_000


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("出生户口", {"household-registration"}),
        ("HOUSEHOLD registration", {"household-registration"}),
        ("gljt", {"old-age-allowance", "old-age-allowance-claim"}),
        ("高岭津贴", {"old-age-allowance", "old-age-allowance-claim"}),
        ("<script>", set()),
    ],
)
def test_services_are_found_by_name_however_it_is_written(
    office: Office, typed: str, found: set[str]
) -> None:
    answer = Client().get("/services", {"q": f" {typed} "})
    tree = html.fromstring(answer.content.decode())
    rows = tree.xpath("//div[@id='found']/ul[@class='tasks']//a/@href")
    assert {str(href).rpartition("/")[2] for href in rows} == found
    # where nothing is called so, the way on is the ask box with what was typed
    ways = tree.xpath("//div[@id='found']/div[@class='empty']//a/@href")
    assert ways == ([] if found else [f"/ask?q={quote_plus(typed)}"])
    assert tree.xpath("//input[@name='q']/@value") == [typed]
    assert tree.xpath("string(//*[@id='total'])") == str(len(found))
    assert len(found) == queries.services(named=typed).total


def test_a_list_is_narrowed_by_what_there_is(office: Office) -> None:
    def shown(path: str) -> Any:
        answer = Client().get(path)
        assert answer.status_code == 200
        return html.fromstring(answer.content.decode())

    def options(tree: Any, name: str) -> dict[str, str]:
        (select,) = tree.xpath(f"//form[@role='search']//select[@name='{name}']")
        return {one.get("value"): one.text_content() for one in select.xpath("option")}

    def chosen(tree: Any) -> dict[str, str]:
        (form,) = [f for f in tree.forms if f.get("role") == "search"]
        return {name: value for name, value in form.form_values() if value}

    tree = shown("/services")
    events = {row.slug for row in queries.services(of="life-event").rows}
    assert set(options(tree, "life_event")) == {"", *events}
    assert options(tree, "life_event")["newborn"] == "新生儿出生一件事"
    assert options(tree, "region") == {"": "全部", "330100": "浙江省杭州市"}
    themes = {theme.slug for theme, _ in queries.facets().themes}
    assert set(options(tree, "theme")) == {"", *themes}
    assert set(options(tree, "department")) > {"", "police", "health"}
    # without script the address says it all, and the form keeps what it says
    asked = {"life_event": "newborn", "department": "police", "region": "330106"}
    tree = shown(f"/services?{urlencode(asked)}")
    assert chosen(tree) == asked
    assert options(tree, "region")["330106"] == "浙江省杭州市西湖区"
    expected = queries.services(**asked).rows  # type: ignore[arg-type]
    rows = tree.xpath("//div[@id='found']/ul[@class='tasks']//a/@href")
    assert [str(href).rpartition("/")[2] for href in rows] == [row.slug for row in expected]
    assert {row.slug for row in expected} == {"newborn", "household-registration"}
    # a place that is none is not offered
    assert "999999" not in options(shown("/services?region=999999"), "region")
    english = shown("/services?lang=en")
    assert english.xpath("//select[@name='region']/option[@lang='zh-CN']/@value") == ["330100"]


def test_a_receipt_looks_for_a_minute_and_changes_only_with_what_it_says(office: Office) -> None:
    citizen = signed_in(office.applicant("newborn"))
    path = f"/cases/{office.submit()}/receipt"

    def asks(query: str, part: dict[str, str] | None = None) -> str:
        answer = citizen.get(path + query, headers=part)
        assert answer.status_code == 200
        (branches,) = html.fromstring(answer.content.decode()).xpath("//ul[@id='branches']")
        asked = str(branches.get("hx-get", ""))
        assert (HTMX in scripts(answer)) == bool(asked)
        return asked

    asked = asks("")
    since = f"?since={int(clock.now().timestamp())}"
    assert asked.startswith(f"{since}&seen=")
    assert asks("?since=x&seen=x", PART) == asked
    for seconds in (5, 54):
        office.clock.move(seconds=seconds)
        same = citizen.get(path + asked, headers=PART)
        assert (same.status_code, same["HX-Reswap"], same.content) == (204, "none", b"")
        assert asks(f"{since}&seen=something.else", PART) == asked
    assert asks(asked) == asked  # who opens the address by hand sees the page
    office.clock.move(seconds=1)
    last = citizen.get(path + asked, headers=PART)
    assert (last.status_code, last["HX-Reswap"], last.content) == (286, "none", b"")
    assert asks(f"{since}&seen=something.else", PART) == ""


def test_a_part_that_is_sent_elsewhere_sends_the_whole_page(office: Office) -> None:
    whole = Client().get("/desk")
    assert whole.status_code == 302
    part = Client().get("/desk", headers=PART)
    assert part.status_code == 200
    assert part["HX-Redirect"] == whole["Location"]
    assert not part.has_header("Location")
    assert not part.content
