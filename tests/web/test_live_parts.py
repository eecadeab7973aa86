"""Parts of pages that script replaces: what is served for it, where it is loaded and leads."""

import gzip
from typing import Any

import pytest
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.items import queries

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
        ("<script>", set()),
    ],
)
def test_services_are_found_by_a_part_of_a_name(
    office: Office, typed: str, found: set[str]
) -> None:
    answer = Client().get("/services", {"q": f" {typed} "})
    tree = html.fromstring(answer.content.decode())
    slugs = {str(href).rpartition("/")[2] for href in tree.xpath("//div[@id='found']//a/@href")}
    assert slugs == found
    assert tree.xpath("//input[@name='q']/@value") == [typed]
    assert tree.xpath("string(//*[@id='total'])") == str(len(found))
    assert len(found) == queries.services(named=typed).total


def test_a_receipt_looks_again_a_few_times_while_something_is_open(office: Office) -> None:
    citizen = signed_in(office.applicant("newborn"))
    number = office.submit()
    asked = []
    for looked in ("", "?looked=1", "?looked=12", "?looked=x", "?looked=-1"):
        answer = citizen.get(f"/cases/{number}/receipt{looked}")
        tree = html.fromstring(answer.content.decode())
        (branches,) = tree.xpath("//ul[@id='branches']")
        asked.append(branches.get("hx-get", ""))
        assert (HTMX in scripts(answer)) == bool(asked[-1])
    assert asked == ["?looked=1", "?looked=2", "", "?looked=1", "?looked=1"]


def test_a_part_that_is_sent_elsewhere_sends_the_whole_page(office: Office) -> None:
    whole = Client().get("/desk")
    assert whole.status_code == 302
    part = Client().get("/desk", headers=PART)
    assert part.status_code == 200
    assert part["HX-Redirect"] == whole["Location"]
    assert not part.has_header("Location")
    assert not part.content
