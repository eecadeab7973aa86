"""What the demonstration tries on a running network; figures are measured or read from logs."""

import json
import re
import statistics
import time
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from zipfile import ZipFile

from tongban.kernel.events import instant
from tongban.node import clock
from tongban.node.store import read_only

from .plan import PLATFORM
from .running import Network, NetworkFailed

ITEM = "household-registration"
STOPPED = "police"
_FIELDS = {"births": "birth_date", "population": "name"}
_WITHIN = 30.0  # seconds; far beyond what is promised, so that what is late is told and not lost
_EVENTS = "events.jsonl"
_RESUMED = 240.0  # a case asks a source again after 30 s, then after a minute


def newborn(network: Network, lang: str) -> dict[str, Any]:
    """Let the next mother of the city apply once; give the report of ``tongban demo``."""
    told: dict[str, Any] = json.loads(network.run("demo", "--json", "--lang", lang))
    return told


def mothers(network: Network) -> list[str]:
    """Give the identity numbers of those who apply, in their order."""
    manifest = network.plan.control / "departments" / "city.json"
    cast = json.loads(manifest.read_text(encoding="utf-8"))["cast"]["newborn"]
    return [one["mother.id_number"] for one in cast]


def _rows(network: Network, name: str) -> Iterator[dict[str, Any]]:
    for kept in read_only(network.plan.nodes[name].state / "log.sqlite3"):
        yield json.loads(kept.text)


def answered(network: Network, case: str) -> list[dict[str, Any]]:
    """Give, by node, the calls of a case that it answered: how many, for what, how quickly.

    Milliseconds are those that the asking node waited: signing, the way, the owner's store, both
    logs.
    """
    by_node: dict[str, list[tuple[str, float]]] = {name: [] for name in network.plan.nodes}
    for row in _rows(network, PLATFORM):
        if (row["side"], row["kind"], row["issue"]) == ("consumer", "answer", case):
            resource = row["service"].rpartition("/")[2]
            name = network.plan.node_of(row["service"])
            by_node[name].append((resource, row["micros"] / 1000))
    return [
        {
            "node": name,
            "calls": len(calls),
            "resources": sorted({resource for resource, _ in calls}),
            "median_ms": round(statistics.median(ms for _, ms in calls), 1),
            "slowest_ms": round(max(ms for _, ms in calls), 1),
        }
        for name, calls in by_node.items()
        if calls
    ]


def _statutory(network: Network, resource: str, mother: str) -> int:
    body = {"fields": [_FIELDS[resource]], "key": network.plan.key(resource, mother)}
    return network.call(str(network.plan.service(resource)), body, ITEM).status


def _both(network: Network, mother: str) -> dict[str, int]:
    return {resource: _statutory(network, resource, mother) for resource in _FIELDS}


def sign_in(network: Network, mother: str) -> dict[str, str]:
    """Give the header by which the API knows this mother."""
    token = network.run("token", "issue", f"demo-{mother}").strip()
    return {"authorization": f"Bearer {token}"}


def outage(network: Network, mother: str, lang: str) -> dict[str, Any]:
    """Stop a node, let another mother apply, see what is missing; start the node again."""
    up = _both(network, mother)
    network.stop(STOPPED)
    applied = newborn(network, lang)
    own = sign_in(network, mother)
    told = network.ask(
        network.plan.port, "GET", f"/api/cases/{applied['case']}/facts?lang={lang}", headers=own
    ).told
    missing = [fact for fact in told["facts"] if fact["status"] == "unavailable"]
    down = _both(network, mother)
    for _ in network.start_nodes(STOPPED):
        pass
    return {
        "stopped": STOPPED,
        "case": applied["case"],
        "fetched": applied["fields_fetched"],
        "missing": [fact["label"] for fact in missing],
        "missing_of": sorted({fact["department"] for fact in missing}),
        "branches": {b["item"]: b["state"] for b in applied["branches"]},
        "up": up,
        "down": down,
        "back": _both(network, mother),
    }


def resumed(
    network: Network, case: str, mother: str, by_rule: set[str], since: float
) -> dict[str, Any]:
    """Wait until the worker has taken a case up again and granted what rules decide.

    ``by_rule`` are the items that rules decide alone; the others wait for an official then. The
    calls are those that the node that had been stopped answered: the worker asks over the network.
    """
    own = sign_in(network, mother)
    states: dict[str, str] = {}

    def ended() -> bool:
        answer = network.ask(network.plan.port, "GET", f"/api/cases/{case}", headers=own)
        states.update({b["item"]: b["state"] for b in answer.told["branches"]})
        return all(states[item] == "granted" for item in by_rule)

    network.until(ended, lambda: f"case {case} does not go on: {states}", _RESUMED, pause=0.5)
    granted = sum(state == "granted" for state in states.values())
    seconds = round(time.monotonic() - since, 1)
    return {
        "branches": states,
        "granted": granted,
        "seconds": seconds,
        "node": STOPPED,
        "calls": _served(network, STOPPED, case),
    }


def _served(network: Network, name: str, case: str) -> int:
    """Count on a node's own log the calls of a case that it answered with records."""
    wanted = ("provider", "answer", case, HTTPStatus.OK)
    return sum(
        (row["side"], row["kind"], row["issue"], row["status"]) == wanted
        for row in _rows(network, name)
    )


def corrected(network: Network, mother: str) -> dict[str, Any]:
    """Subscribe to a birth record, let its owner tell of a correction, wait for the event."""
    platform, owner = network.plan.nodes[PLATFORM], network.plan.nodes["health"]
    key, way = network.plan.key("births", mother), "jetstream" if network.nats else "callback"
    call = {"x-road-id": uuid.uuid4().hex, "tb-purpose": ITEM}
    made = network.ask(
        platform.inner,
        "POST",
        f"/r1/{network.plan.service('births')}/subscriptions",
        {"fields": [_FIELDS["births"]], "keys": [key], "delivery": way},
        {**platform.bearer(), **call},
    )
    change = {"id": uuid.uuid4().hex, "kind": "corrected", "key": key, "time": _now()}
    if made.status >= HTTPStatus.BAD_REQUEST:
        raise NetworkFailed(f"subscribing gave {made.status}: {made.told}")
    began = time.monotonic()
    handed = network.ask(owner.inner, "POST", "/events/births", [change], owner.bearer())
    if handed.status >= HTTPStatus.BAD_REQUEST:
        raise NetworkFailed(f"handing the correction in gave {handed.status}: {handed.told}")
    place = f"/subscriptions/{made.told['id']}/events"
    events: list[dict[str, Any]] = []

    def came() -> bool:
        told = network.ask(platform.inner, "GET", place, headers=platform.bearer()).told
        events.extend(told["events"])
        return bool(events)

    network.until(came, lambda: "no event of the correction came", _WITHIN)
    seconds = round(time.monotonic() - began, 2)
    return {"way": way, "seconds": seconds, "type": events[0]["event"]["type"]}


def _now() -> str:
    return instant(clock.now())


def withdrawn(network: Network, case: str, mother: str) -> dict[str, Any]:
    """Repeat a call that was made by consent, withdraw the consent, and repeat it until refused."""
    service, body, purpose, more = _by_consent(network, case, mother)
    own, port = sign_in(network, mother), network.plan.port
    given = network.ask(port, "GET", "/api/consents", headers=own).told
    number = next(consent["number"] for consent in given if consent["case"] == case)
    before = network.call(service, body, purpose, **more)
    known = {name: network.status(name)["control"]["feed_upto"] for name in network.plan.nodes}
    began = time.monotonic()
    done = network.ask(port, "POST", f"/api/consents/{number}/withdraw", {}, own)
    if done.status != HTTPStatus.OK:
        raise NetworkFailed(f"withdrawing gave {done.status}: {done.told}")
    refused = network.call(service, body, purpose, **more)
    while refused.status == HTTPStatus.OK and time.monotonic() - began < _WITHIN:
        refused = network.call(service, body, purpose, **more)
    seconds = time.monotonic() - began

    def everywhere() -> bool:
        upto = {name: network.status(name)["control"]["feed_upto"] for name in known}
        return all(upto[name] > known[name] for name in known)

    network.until(everywhere, lambda: "a node does not hear of the withdrawal", _WITHIN)
    return {
        "service": service,
        "before": before.status,
        "records_before": len(before.told["records"]) if before.status == HTTPStatus.OK else 0,
        "after": refused.status,
        "code": refused.code,
        "refused_s": round(seconds, 2),
        "everywhere_s": round(time.monotonic() - began, 2),
        "statutory": _statutory(network, "births", mother),
    }


def _by_consent(
    network: Network, case: str, mother: str
) -> tuple[str, dict[str, Any], str, dict[str, str]]:
    """Find a call by consent on the platform's log, and give what makes it again.

    The log keeps the signature base of every message, and that covers the consent's token.
    """
    for row in _rows(network, PLATFORM):
        kind = (row["side"], row["kind"], row["issue"])
        token = _covered(row["base"], "tb-consent")
        if kind != ("consumer", "request", case) or not token:
            continue
        lines = json.loads(urlsafe_b64decode(token + "=="))["document"]["lines"]
        (purpose,) = row["purposes"]
        fields = next(
            line["fields"]
            for line in lines
            if line["service"] == row["service"] and purpose in line["purposes"]
        )
        key = network.plan.key(row["service"].rpartition("/")[2], mother)
        more = {"tb_consent": token, "x_road_issue": case}
        return row["service"], {"fields": fields, "key": key}, purpose, more
    raise NetworkFailed(f"case {case} made no call by consent")


def _covered(base: str, name: str) -> str:
    """Give the value of a header that a signature base covers; empty where there is none."""
    start = f'"{name}": '
    found = (line for line in base.splitlines() if line.startswith(start))
    return next(found, start).removeprefix(start)


def evidence(network: Network, case: str) -> dict[str, Any]:
    """Pack the evidence of a case and check it by the policy; then change a byte, and check again.

    One witness is stopped first: two of the three are enough, and no more than that is claimed.
    """
    plan = network.plan
    packed = plan.folder / "case.zip"
    away = next(iter(plan.witnesses))
    network.stop(away)

    def witnessed() -> bool:
        network.tried("evidence", "checkpoint")
        return not network.tried("evidence", "bundle", case, "-o", str(packed)).returncode

    network.until(witnessed, lambda: f"the evidence of {case} is not witnessed", _WITHIN)
    for _ in network.start_witnesses(away):
        pass
    check = ("evidence", "verify", "--policy", str(plan.policy))
    began = time.monotonic()
    found = network.tried(*check, str(packed))
    seconds = round(time.monotonic() - began, 2)
    with ZipFile(packed) as files:
        events = files.read(_EVENTS)
        changed = {name: files.read(name) for name in files.namelist()}
    place = events.index(b'"type":"') + len(b'"type":"')
    changed[_EVENTS] = events[:place] + b"x" + events[place + 1 :]
    forged = plan.folder / "forged.zip"
    with ZipFile(forged, "w") as files:
        for name, content in changed.items():
            files.writestr(name, content)
    refused = network.tried(*check, str(forged))
    return {
        "bundle": str(packed),
        "holds": found.returncode == 0 and refused.returncode != 0,
        "witnesses": re.findall(r"见证人 (\S+): ", found.stdout),
        "of": len(plan.witnesses),
        "events": events.count(b"\n"),
        "seconds": seconds,
        "refused": refused.stdout.splitlines()[-1].strip() if refused.returncode else "",
    }


def verified(network: Network) -> Mapping[str, dict[str, Any]]:
    """Give what ``tongban exchange verify`` finds in each node's log."""
    return {name: network.verify(place) for name, place in network.plan.nodes.items()}
