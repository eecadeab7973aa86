"""The catalogue over HTTP: by API, for machines, and on its pages."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from testkit.browsers import signed_in
from testkit.office import Office
from testkit.registry import given
from tongban.apps.exchange.catalogue.harvesting import PATH
from tongban.apps.exchange.models import Resource
from tongban.infra.access import services as access
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User


def token(subject: Subject, *scopes: str) -> Client:
    user = User.objects.get(pk=subject.user_id)
    day = timedelta(days=1)
    made = access.issue_token(user, label="test", lifetime=day, actor="test", scopes=scopes)
    return Client(headers={"Authorization": f"Bearer {made.secret}"})


def browser(subject: Subject) -> Client:
    return signed_in(subject)


@pytest.fixture
def clerk(office: Office) -> Client:
    return token(office.official("police", "clerk"))


@pytest.fixture
def approver(office: Office) -> Client:
    return token(office.official("police", "approver"))


@pytest.fixture
def citizen(office: Office) -> Client:
    return token(office.applicant("newborn"))


def post(client: Client, path: str, body: Any) -> tuple[int, Any]:
    answer = client.post(f"/api/catalogue{path}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def test_a_stranger_reads_nothing(office: Office) -> None:
    for path in ("/api/catalogue", "/api/catalogue/births", "/api/catalogue/libraries", PATH):
        assert Client().get(path).status_code == 401
    for path in ("/catalogue", "/catalogue/resources/births", "/catalogue/libraries"):
        assert Client().get(path).status_code == 404


def test_whoever_is_signed_in_searches(citizen: Client) -> None:
    found = citizen.get(f"/api/catalogue?q={quote('出生医学')}").json()
    assert [hit["resource"]["slug"] for hit in found["hits"]] == ["births"]
    pieces = found["hits"][0]["marks"]["name"]
    assert pieces == [{"text": "出生医学", "hit": True}, {"text": "信息", "hit": False}]
    assert citizen.get("/api/catalogue?sharing=unconditional").json()["total"] == 1
    assert citizen.get("/api/catalogue?base_library=dogs").status_code == 422
    assert len(citizen.get("/api/catalogue/libraries").json()) == 8


def test_a_resource_has_every_field_of_the_guide(citizen: Client) -> None:
    found = citizen.get("/api/catalogue/population").json()
    assert found["department"]["uscc"] == "1133010000250101XW"
    assert found["category"] == "3"
    assert found["level"] == "city"
    assert found["iri"] == "urn:tongban:CN-330100:population"
    assert found["published_on"]
    assert citizen.get("/api/catalogue/absent").status_code == 404
    kept = citizen.get("/api/catalogue/population/versions").json()
    one = citizen.get("/api/catalogue/population/versions/1").json()
    assert one["digest"] == kept[0]["digest"]
    assert one["content"]["slug"] == "population"
    assert citizen.get("/api/catalogue/population/versions/9").status_code == 404


def test_register_publish_change_withdraw(clerk: Client, approver: Client) -> None:
    status, made = post(clerk, "", given())
    assert (status, made["state"]) == (201, "draft")
    assert post(clerk, "", given())[0] == 409
    assert post(clerk, "/permits/publication", {})[0] == 403
    assert post(approver, "/permits/publication", {})[1]["version"] == 1
    changed = given(name={"zh": "犬只", "en": ""}) | {"seen": 1}
    del changed["slug"]
    body = json.dumps(changed)
    path = "/api/catalogue/permits"
    assert clerk.put(path, body, content_type="application/json").status_code == 403
    assert approver.put(path, body, content_type="application/json").json()["version"] == 2
    assert approver.put(path, body, content_type="application/json").status_code == 409
    assert post(approver, "/permits/withdrawal", {"reason": "停用"})[1]["state"] == "withdrawn"
    assert post(approver, "/births/withdrawal", {"reason": "停用"})[0] == 403


def test_faults_are_named_by_field(clerk: Client) -> None:
    status, told = post(clerk, "", given(code="x", sharing="maybe"))
    assert (status, told["error"]) == (422, "entry_invalid")
    assert {"code", "sharing"} <= set(told["fields"])
    assert post(clerk, "", given() | {"extra": 1})[0] == 422


def test_a_draft_is_for_its_own_department(office: Office, clerk: Client, citizen: Client) -> None:
    post(clerk, "", given())
    assert clerk.get("/api/catalogue/permits").status_code == 200
    assert citizen.get("/api/catalogue/permits").status_code == 404
    assert citizen.get("/api/catalogue?state=draft").status_code == 403
    other = token(office.official("health", "clerk"))
    assert other.get("/api/catalogue?state=draft&department=police").status_code == 403
    assert clerk.get("/api/catalogue?state=draft&department=police").json()["total"] == 1


def test_a_token_made_for_something_else_reads_nothing(office: Office) -> None:
    narrow = token(office.official("police", "clerk"), "case.read")
    assert narrow.get("/api/catalogue").status_code == 403
    assert narrow.get(PATH).status_code == 401
    reader = token(office.official("police", "clerk"), "resource.read")
    assert reader.get("/api/catalogue").status_code == 200
    assert post(reader, "", given())[0] == 403


def test_machines_read_page_by_page(citizen: Client) -> None:
    seen: list[str] = []
    path = f"{PATH}?limit=7"
    while path:
        answer = citizen.get(path)
        assert answer["Content-Type"] == "application/ld+json"
        seen += [one["@id"] for one in answer.json()["dcat:dataset"]]
        path = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
    assert len(seen) == len(set(seen)) == 17
    for wrong in ("limit=1001", "after=-1", "after=x", "modified_since=2026-01-01"):
        assert citizen.get(f"{PATH}?{wrong}").status_code == 400


def test_since_an_instant_only_changes_come_and_what_was_withdrawn(
    office: Office, citizen: Client, clerk: Client, approver: Client
) -> None:
    office.clock.move(hours=1)
    since = quote("2026-11-23T09:30:00+08:00")
    start = len(citizen.get(f"{PATH}?modified_since={since}").json()["dcat:dataset"])
    assert start == 0
    post(clerk, "", given())
    post(approver, "/permits/publication", {})
    post(approver, "/permits/withdrawal", {"reason": "停用"})
    told = citizen.get(f"{PATH}?modified_since={since}").json()["dcat:dataset"]
    assert [(one["tb:slug"], one["tb:state"]) for one in told] == [("permits", "withdrawn")]
    every = citizen.get(PATH).json()["dcat:dataset"]
    assert "permits" not in {one["tb:slug"] for one in every}


def test_everybody_reads_where_the_catalogue_is_open(office: Office, settings: Any) -> None:
    settings.CATALOGUE_OPEN = True
    assert Client().get(PATH).status_code == 200
    assert Client().get("/api/catalogue").status_code == 401


class TestPages:
    def test_hits_are_marked_and_both_languages_complete(self, office: Office) -> None:
        visitor = browser(office.applicant("newborn"))
        page = visitor.get(f"/catalogue?q={quote('出生医学')}").content.decode()
        assert "<mark>出生医学</mark>信息" in page
        page = visitor.get("/catalogue?lang=en").content.decode()
        assert "birth records" in page
        assert "Register a resource" not in page
        page = visitor.get("/catalogue/resources/births?lang=en").content.decode()
        assert "identity number" in page
        assert visitor.get("/catalogue/libraries?lang=en").status_code == 200
        assert visitor.get("/catalogue/register").status_code == 404
        assert visitor.get("/catalogue?sharing=x").status_code == 404
        assert visitor.get("/catalogue/resources/absent").status_code == 404

    def test_what_was_typed_is_text_and_no_markup(self, office: Office) -> None:
        visitor = browser(office.applicant("newborn"))
        page = visitor.get(f"/catalogue?q={quote('<script>x</script>')}").content.decode()
        assert "<script>" not in page

    def test_a_form_is_registered_published_and_withdrawn(self, office: Office) -> None:
        clerk = browser(office.official("police", "clerk"))
        form = {
            "slug": "permits",
            "code": "309003/000001",
            "name": "犬只准养登记",
            "department": "police",
            "sharing": "conditional",
            "update_cycle": "daily",
            "name.0": "id_number",
            "label.0": "号码",
            "type.0": "string",
            "classification.0": "L4",
            "key.0": "1",
        }
        wrong = clerk.post("/catalogue/register", form | {"code": "x"})
        assert wrong.status_code == 422
        assert 'value="犬只准养登记"' in wrong.content.decode()
        assert "code: " in wrong.content.decode()
        made = clerk.post("/catalogue/register", form)
        assert made["Location"] == "/catalogue/resources/permits"
        assert 'value="publish"' not in clerk.get(made["Location"]).content.decode()
        approver = browser(office.official("police", "approver"))
        assert 'value="publish"' in approver.get(made["Location"]).content.decode()
        act = f"{made['Location']}/act"
        assert clerk.post(act, {"act": "publish"}).status_code == 409
        assert approver.post(act, {"act": "publish"}).status_code == 302
        assert Resource.objects.get(slug="permits").state == "published"
        approver.post(act, {"act": "withdraw", "reason": "停用"})
        assert Resource.objects.get(slug="permits").state == "withdrawn"
