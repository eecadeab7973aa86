"""The API of acting for another: who is named, for what, until when, and who ends it."""

import re
from typing import Any

import pytest

from testkit.callers import Caller, caller, refused
from testkit.office import Office
from tongban.apps.parties import services as people
from tongban.config.api import api

AGENT = {"id_number": "330106198811120011", "name": "邻居"}
FIRM = "91330106MT0000003J"
SCOPE: dict[str, Any] = {
    "actions": ["case.read"],
    "events": ["newborn"],
    "ends": "2026-12-23T00:00:00+08:00",
}
GRANT: dict[str, Any] = {"agent": AGENT, "scope": SCOPE}


@pytest.fixture
def agent(office: Office) -> Caller:
    people.register_person("neighbour", AGENT["name"], AGENT["id_number"])
    return caller(office.citizen(AGENT["id_number"]))


@pytest.fixture
def mother(office: Office) -> Caller:
    return caller(office.applicant("newborn"))


def test_a_delegation_opens_what_it_names_until_either_side_ends_it(
    office: Office, mother: Caller, agent: Caller
) -> None:
    number = office.submit()
    for end in (mother, agent):
        status, made = mother.post("/delegations", GRANT)
        assert status == 201
        instead = agent.instead(made["number"])
        assert [one["number"] for one in instead.get("/cases")[1]["rows"]] == [number]
        refused(instead.post(f"/cases/{number}/withdrawal", {}), 403, "not_allowed")
        (held,) = agent.get("/delegations")[1]["held"]
        (given,) = [one for one in mother.get("/delegations")[1]["given"] if not one["ended"]]
        assert given == held
        assert (held["number"], held["actions"], held["agent"]) == (
            *(made["number"], ["case.read"], "邻居"),
        )
        path = f"/delegations/{made['number']}/end"
        stranger = caller(office.applicant("newborn", 1))
        refused(stranger.post(path, {"reason": "x"}), 409, "delegation_refused")
        assert end.post(path, {"reason": "不再需要"}) == (204, None)
        assert agent.get("/delegations")[1]["held"] == []
        refused(instead.get("/cases"), 403, "not_allowed")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"agent": AGENT | {"id_number": "1"}}, "id_number"),
        ({"agent": AGENT | {"name": ""}}, "name"),
        ({"scope": SCOPE | {"actions": ["case.decide"]}}, "actions"),
        ({"scope": SCOPE | {"actions": []}}, "actions"),
        ({"scope": SCOPE | {"events": ["New Born"]}}, "events"),
        ({"scope": SCOPE | {"ends": "2026-12-23T00:00:00"}}, "ends"),
        ({"company": "1"}, "company"),
        ({"principal": "1"}, "principal"),
        ({"agent": AGENT | {"name": "别人"}}, ""),
        ({"scope": SCOPE | {"events": ["*"]}}, ""),
        ({"scope": SCOPE | {"ends": "2026-11-23T08:00:00+08:00"}}, ""),
        ({"scope": SCOPE | {"ends": "2028-01-01T00:00:00+08:00"}}, ""),
        ({"company": FIRM}, ""),
    ],
)
def test_what_cannot_be_granted_is_refused_and_nobody_holds_it(
    mother: Caller, agent: Caller, changed: dict[str, Any], field: str
) -> None:
    answer = mother.post("/delegations", GRANT | changed)
    if field:
        fields = refused(answer, 422, "request_invalid")
        assert [name for name in fields if field in name], fields
    else:
        refused(answer, 409, "delegation_refused")
    assert mother.get("/delegations")[1]["given"] == []
    assert agent.get("/delegations")[1]["held"] == []


def test_a_delegation_is_ones_own_to_give_and_to_read(
    office: Office, mother: Caller, agent: Caller
) -> None:
    refused(Caller().post("/delegations", GRANT), 401, "not_signed_in")
    reader = caller(office.applicant("newborn"), "case.read")
    for answer in (reader.get("/delegations"), reader.post("/delegations", GRANT)):
        refused(answer, 403, "not_allowed")
    _, made = mother.post("/delegations", GRANT)
    end = f"/delegations/{made['number']}/end"
    assert [n for n in refused(mother.post(end, {}), 422, "request_invalid") if "reason" in n]
    refused(mother.post("/delegations/x/end", {"reason": "x"}), 422, "request_invalid")
    nobodys = f"/delegations/{'0' * 32}/end"
    refused(mother.post(nobodys, {"reason": "x"}), 409, "delegation_refused")
    stranger = caller(office.applicant("newborn", 1))
    assert stranger.get("/delegations") == (200, {"given": [], "held": []})
    refused(stranger.instead(made["number"]).get("/cases"), 403, "not_allowed")
    assert len(agent.get("/delegations")[1]["held"]) == 1


def test_no_operation_leaves_a_delegation_unheard(office: Office, agent: Caller) -> None:
    """Whoever asks for another gets no answer for itself by mistake."""
    instead = agent.instead("0" * 32)
    unheard, asked = {}, 0
    for path, operations in api.get_openapi_schema()["paths"].items():
        for verb, operation in operations.items():
            if not operation.get("security"):
                continue  # it is the same for everybody
            filled = re.sub(r"\{\w+\}", "x-1", path.removeprefix("/api"))
            status, problem = instead.ask(verb, filled, {} if verb in {"post", "put"} else None)
            asked += 1
            if status not in {403, 404, 422}:
                unheard[verb, path] = (status, problem)
    assert asked > 80
    assert unheard == {}
    status, problem = instead.get("/catalogue/search?q=x")
    assert status == 403
    assert "Tongban-On-Behalf" in problem["en"]
