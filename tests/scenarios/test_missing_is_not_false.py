"""A value that a department does not have is unknown: it is asked for, or a person looks at it.

Every field that the newborn application fetches is blanked in its department's own store, one at a
time, then every record is removed. Nobody may be refused for it, and nobody paid more.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import pytest

from testkit.office import Office
from testkit.papers import base64_of, png
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain.state import FAILED, Branch, Case, Stage
from tongban.apps.cases.models import Given, PaymentOrder
from tongban.apps.cases.services import Upload
from tongban.apps.exchange import queries as exchange
from tongban.kernel.forms import Call

AMOUNT = "assess.amount_fen"
PNG = base64_of(png())


def calls(office: Office, case: Case) -> Iterator[Call]:
    """Give the calls that found something for this family."""
    plan = queries.load(case.number).ground.life_event.plan
    for call in plan.calls:
        if any(case.facts[f].status == "value" for f in call.facts if f in case.facts):
            yield call


@contextmanager
def changed(
    office: Office, call: Call, values: Mapping[str, object], attribute: str
) -> Iterator[None]:
    """Blank one attribute of the called record, or remove it where none is named; then undo."""
    contract = exchange.catalogue().contracts[call.resource]
    keys = zip(contract.resource.key, call.keys, strict=True)
    where = " AND ".join(f"{contract.columns[k]} = '{values[name]}'" for k, name in keys)
    store = office.stores / f"{call.department}.sqlite"
    kept = store.read_bytes()
    with closing(sqlite3.connect(store)) as register:
        what = (
            f"UPDATE {contract.table} SET {contract.columns[attribute]} = NULL"  # noqa: S608
            if attribute
            else f"DELETE FROM {contract.table}"  # noqa: S608
        )
        assert register.execute(f"{what} WHERE {where}").rowcount == 1
        register.commit()
    yield
    store.write_bytes(kept)


def must_be_treated_as_unknown(office: Office, before: Case, number: str, gone: str) -> None:
    """Hold every branch of a case against the same case with nothing missing."""
    loaded = queries.load(number)
    known = queries.values(loaded)
    absent = {n for n in queries.values(queries.load(before.number)) if n not in known}
    usual = {(task.item, task.step) for task in office.tasks(before.number)}
    for branch in loaded.case.branches.values():
        was = before.branches[branch.item]
        told = (gone, branch.item, branch.stage, branch.asked, branch.reasons)
        assert branch.stage not in FAILED, told
        assert branch.results.get(AMOUNT, 0) <= was.results.get(AMOUNT, 0), told
        waiting = {(t.item, t.step) for t in office.tasks(number) if t.item == branch.item}
        if branch.stage is not was.stage or waiting - usual:
            assert named(office, loaded, branch) & absent or waits(loaded.case, branch), told


def named(office: Office, loaded: queries.Loaded, branch: Branch) -> set[str]:
    """Give the facts that a branch names as missing, to the applicant or to a person."""
    found = {
        name for name, _ in branch.asked if branch.stage in {Stage.CORRECTION, Stage.RECONFIRM}
    }
    needs = loaded.ground.definitions[branch.item].needs
    for spec in needs.materials:
        if spec.code in found:
            found |= set(spec.waived_by_facts)
    for task in office.tasks(loaded.case.number):
        if task.item == branch.item:
            found |= set(task.missing)
    return found


def waits(case: Case, branch: Branch) -> bool:
    return branch.stage is Stage.WAITING and any(
        case.branches[item].stage is not Stage.GRANTED for item in branch.after
    )


def carry_on(office: Office, before: Case, number: str) -> None:
    """Answer what is asked and decide what is handed over, with what the registers used to say."""
    usual = queries.values(queries.load(before.number))
    mother = office.applicant("newborn")
    for _ in range(20):
        case = office.case(number)
        if case.ended:
            return
        asking = [
            b for b in case.branches.values() if b.stage in {Stage.CORRECTION, Stage.RECONFIRM}
        ]
        if asking:
            asked = {name for b in asking for name, _ in b.asked}
            answers = {name: usual[name] for name in asked if "." in name}
            files = [Upload(name, "a.png", "image/png", PNG) for name in asked if "." not in name]
            services.answer(mother, number, answers, files)
            continue
        for task in office.tasks(number)[:1]:
            definition = queries.load(number).ground.definitions[task.item]
            official = office.official(definition.department, task.post)
            if task.step == "acceptance":
                services.accept(official, number, task.item, accept=True)
                continue
            outputs: dict[str, Any] = {"outcome": "grant"}
            if task.rule:
                table = definition.rules[task.step].table
                held = before.branches[task.item].results
                outputs = {o.name: held[f"{task.step}.{o.name}"] for o in table.outputs}
            services.decide(
                official, number, task.item, task.step, services.Verdict(outputs, "凭原件核对")
            )
    pytest.fail(f"{number} comes to no end: {office.tasks(number)}")


@pytest.mark.slow
@pytest.mark.parametrize("cost_fen", [500_000, 1_268_000], ids=["paid by rule", "looked at"])
def test_no_blank_field_and_no_lost_record_refuses_anybody(office: Office, cost_fen: int) -> None:
    office.write("medical-insurance", "UPDATE FMJSXX SET YLZFY = ?", cost_fen)
    before = office.case(office.submit())
    values = queries.values(queries.load(before.number))
    tried = 0
    for call in list(calls(office, before)):
        fetched = [f for f in call.facts if f in before.facts and before.facts[f].status == "value"]
        for gone in [*fetched, ""]:
            Given.objects.all().delete()  # every try is the family's first
            with changed(office, call, values, gone.partition(".")[2]):
                number = office.submit()
                must_be_treated_as_unknown(office, before, number, gone or call.resource)
                carry_on(office, before, number)
                after = office.case(number).branches.values()
                assert {b.item for b in after if b.stage is not Stage.GRANTED} == set(), gone
            tried += 1
    assert tried >= 50
    carry_on(office, before, before.number)
    assert len(set(PaymentOrder.objects.values_list("amount_fen", flat=True))) == 1
