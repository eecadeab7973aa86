"""What nodes report of their services is kept, judged and shown to officials alone."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from testkit.office import Office
from tongban.apps.exchange import health, nodes, queries
from tongban.infra.access import services as access
from tongban.infra.access.models import User
from tongban.kernel.suites import suite

NODE = "node-health"


def report(calls: int = 10, errors: str | None = "0.000", **more: Any) -> dict[str, Any]:
    window = {
        "seconds": 300,
        "calls": calls,
        "errors": errors,
        "p50": 900,
        "p95": 2000,
        "p99": 9000,
    }
    return {
        "last_good": "1795395600.000",
        "windows": [window],
        "freshness": "fresh",
        "changed": "2026-11-22",
        "drift": {},
        **more,
    }


@pytest.fixture
def service(office: Office) -> str:
    """Register a node of the health department; give the id of a service of its."""
    rules = queries.catalogue().governance
    public = suite("std").signer(bytes(31) + b"\x05").public.hex()
    member = rules.members["health"]
    new = nodes.NewNode(NODE, "http://127.0.0.1:7001", (member,), (("std", public),))
    nodes.add_node(new, "tester")
    return str(rules.service("health", "births"))


def test_a_service_is_well_troubled_idle_or_silent(office: Office, service: str) -> None:
    for told, state in [
        (report(), "well"),
        (report(errors="0.001"), "troubled"),
        (report(errors="0.000"), "well"),
        (report(calls=0, errors=None), "idle"),
    ]:
        assert health.record(NODE, {"services": {service: told}}) == 1
        (found,) = health.services()
        assert (found.state, found.department, found.resource) == (state, "health", "births")
    office.clock.move(seconds=61)
    assert health.services()[0].state == "silent"
    nodes.end_node(NODE, "tester", "taken down")
    assert health.services() == ()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"services": []},
        {"services": {"births": {"windows": []}}},
        {"services": {"CN-330100/GOV/11330100MB1A23019Q/data/births": {}}},
        {"services": {"CN-330100/GOV/11330100MB1A23019Q/data/births": {"windows": [{}]}}},
        {"services": {"CN-330100/GOV/11330100MB1A23019Q/data/births": []}},
    ],
)
def test_a_report_that_does_not_read_is_refused_by_name(
    office: Office, told: dict[str, Any]
) -> None:
    with pytest.raises(health.HealthUnreadable):
        health.record(NODE, told)


def ask(user_id: str) -> Any:
    user = User.objects.get(pk=user_id)
    issued = access.issue_token(user, label="t", lifetime=timedelta(hours=1), actor="test")
    return Client(headers={"Authorization": f"Bearer {issued.secret}"}).get("/api/exchange/health")


def test_officials_see_it_by_api_and_page_and_citizens_do_not(office: Office, service: str) -> None:
    drifted = report(errors="0.250", drift={"/birth_date": 3})
    health.record(NODE, {"services": {service: drifted}})
    official = office.official("health", "clerk")
    answer = ask(official.user_id)
    assert answer.status_code == 200
    assert answer.json()[0]["state"] == "troubled"
    assert answer.json()[0]["drift"] == {"/birth_date": 3}
    citizen = office.applicant("newborn")
    assert ask(citizen.user_id).status_code == 403

    browser = Client()
    browser.force_login(User.objects.get(pk=official.user_id))
    shown = browser.get("/exchange/health").content.decode()
    assert "异常" in shown
    assert "25.00 %" in shown
    assert "/birth_date" in shown
    assert "troubled" in browser.get("/exchange/health?lang=en").content.decode()
    browser.force_login(User.objects.get(pk=citizen.user_id))
    assert browser.get("/exchange/health").status_code == 404
    assert Client().get("/exchange/health").status_code == 404


def test_before_any_report_the_page_says_what_will_come(office: Office) -> None:
    browser = Client()
    browser.force_login(User.objects.get(pk=office.official("health", "clerk").user_id))
    assert "还没有节点报告" in browser.get("/exchange/health").content.decode()
