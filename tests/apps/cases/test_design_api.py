"""The API of the designer: one draft from its beginning to publication, and who may not."""

import re
from typing import Any

import pytest
from django.test import Client

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.items import queries as items

DRAFTS = "/api/design/drafts"
ITEM = "items/vaccination-certificate.yaml"


@pytest.fixture
def client(office: Office) -> Client:
    office.appoint("data-bureau", "publisher", "data.publisher")
    return signed_in(office.official("data-bureau", "publisher"))


def call(client: Client, verb: str, path: str, status: int = 200, /, **body: Any) -> Any:
    given = {"data": body, "content_type": "application/json"} if body else {}
    answer = getattr(client, verb)(path, **given)
    assert answer.status_code == status, (path, answer.content)
    return answer.json()


@pytest.fixture
def here(client: Client) -> str:
    made = call(client, "post", DRAFTS, 201, pack="sample", title="缩短时限")
    assert [one["number"] for one in call(client, "get", DRAFTS)] == [made["number"]]
    return f"{DRAFTS}/{made['number']}"


def put(client: Client, here: str, was: str, now: str) -> str:
    file = call(client, "get", f"{here}/file?path={ITEM}")
    assert was in file["text"]
    text = file["text"].replace(was, now, 1)
    made = call(client, "put", f"{here}/file", path=ITEM, text=text, seen=file["digest"])
    assert made["digest"] != file["digest"]
    return str(file["digest"])


def test_a_draft_tells_its_findings_difference_and_effect(client: Client, here: str) -> None:
    stale = put(client, here, "department: ", "department: no-")
    found = call(client, "get", f"{here}/findings")
    assert {one["code"] for one in found} == {"no-department"}
    assert found[0]["zh"].startswith("没有部门")
    assert found[0]["en"].startswith("no department")
    refused = call(client, "put", f"{here}/file", 409, path=ITEM, text="", seen=stale)
    assert refused["error"] == "edited_meanwhile"
    assert call(client, "post", f"{here}/publication", 409)["error"] == "draft_not_ready"
    put(client, here, "department: no-", "department: ")
    assert call(client, "get", f"{here}/diff") == []
    put(client, here, "vaccination certificate}", "certificate of vaccination}")
    (changed,) = call(client, "get", f"{here}/diff")
    assert changed["state"] == "changed"
    assert [one["place"] for one in changed["values"]] == [["name", "en"]]
    effect = call(client, "get", f"{here}/effect")
    assert not effect["ready"]
    raised = {"kind": "item", "slug": "vaccination-certificate", "version": 2}
    assert raised in effect["unraised"]
    assert call(client, "delete", here)["closed"] == "discarded"
    assert call(client, "delete", here, 409)["error"] == "draft_closed"


def test_a_draft_whose_versions_were_raised_is_published(client: Client, here: str) -> None:
    put(client, here, "vaccination certificate}", "certificate of vaccination}")
    # what holds a raised version is to be raised in its turn
    while unraised := call(client, "get", f"{here}/effect")["unraised"]:
        one = unraised[0]
        place = f"{one['kind']}s/{one['slug']}.yaml"
        file = call(client, "get", f"{here}/file?path={place}")
        text = re.sub(r"(?m)^version: \d+", f"version: {one['version']}", file["text"], count=1)
        call(client, "put", f"{here}/file", path=place, text=text, seen=file["digest"])
    effect = call(client, "get", f"{here}/effect")
    assert (effect["ready"], effect["unraised"]) == (True, [])
    made = call(client, "post", f"{here}/publication")["published"]
    assert {"kind": "item", "slug": "vaccination-certificate", "version": 2} in made
    assert call(client, "get", here)["closed"] == "published"
    assert items.item("vaccination-certificate").version == 2


def test_what_may_be_read_and_by_whom(client: Client, here: str, office: Office) -> None:
    call(client, "get", f"{here}/file?path=items/../pack.yaml", 422)
    call(client, "get", f"{here}/file?path=contracts/births.yaml", 404)
    call(client, "get", f"{DRAFTS}/999999", 404)
    assert call(Client(), "get", DRAFTS, 401)["error"]
    other = signed_in(office.applicant("newborn"))
    assert call(other, "get", here, 404)["error"] == "draft_unknown"
    assert call(other, "get", DRAFTS) == []
    assert call(other, "post", DRAFTS, 403, pack="sample", title="x")["error"] == "not_allowed"
