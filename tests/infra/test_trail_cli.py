"""The commands about the trail say in one line what holds and what does not."""

import json
import logging

import pytest
from click.testing import CliRunner, Result
from django.db import connection, transaction

from testkit.clock import Clock
from testkit.servers import Fresh
from tongban.infra.trail import queries, relay, services
from tongban.infra.trail.cli import trail
from tongban.kernel.events import Draft, Event


def run(*words: str) -> Result:
    return CliRunner().invoke(trail, [*words])


def told(chain: str) -> Event:
    with transaction.atomic():
        return services.tell(
            Draft(type="tongban.cases.submitted.v1", chain=chain, actor="p:1", data={"fen": 1})
        )


def test_a_chain_is_shown_to_people_and_as_cloudevents(fresh_sqlite: Fresh) -> None:
    events = [told("c1"), told("c1")]
    lines = run("show", "c1").output.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2"]
    shown = [json.loads(line) for line in run("show", "c1", "--json").output.splitlines()]
    assert [event["id"] for event in shown] == [event.id for event in events]
    assert shown[0]["specversion"] == "1.0"
    missing = run("show", "none")
    assert missing.exit_code == 1
    assert "there is no chain 'none'" in missing.output


def test_verification_counts_what_holds_and_fails_on_what_does_not(fresh_sqlite: Fresh) -> None:
    told("c1")
    told("c2")
    assert run("verify").output.startswith("2 events, every chain holds")
    assert run("verify", "c1").output.startswith("1 events")
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER trail_event_no_update")
        cursor.execute("UPDATE trail_event SET actor = 'p:2' WHERE chain = 'c1'")
    broken = run("verify")
    assert broken.exit_code == 1
    assert "c1:1" in broken.output
    assert "its envelope was changed" in broken.output


def test_an_erasure_asks_for_its_legal_basis_and_for_a_yes(fresh_sqlite: Fresh) -> None:
    event = told("c1")
    assert run("erase", event.id).exit_code == 2
    basis = ["--authority", "个人信息保护法 第四十七条", "--actor", "dpo:1", "--reason", "撤回"]
    assert run("erase", event.id, *basis).exit_code == 1
    assert not queries.history("c1")[0].erased
    assert "told as trail:erasures:1" in run("erase", event.id, *basis, "--yes").output
    assert queries.history("c1")[0].erased
    again = run("erase", event.id, *basis, "--yes")
    assert again.exit_code == 1
    assert "NothingToErase" in again.output


def test_dead_letters_are_listed_and_tried_again(
    fresh_sqlite: Fresh, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="tongban.infra.trail.relay")
    assert "no dead letters" in run("dead").output

    def fail(event: Event) -> None:
        raise OSError("printer on fire")

    relay.subscribe("printer", "*", fail, tries=1)
    try:
        told("c1")
        relay.drain()
        listed = run("dead").output
        assert "printer  c1  tried 1, 0 wait behind  OSError: printer on fire" in listed
        number = listed.split()[0]
        assert run("requeue", number).exit_code == 0
        assert "no dead letters" in run("dead").output
        assert run("requeue", number).exit_code == 1
    finally:
        relay.unsubscribe("printer")
