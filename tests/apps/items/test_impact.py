"""An item may read what it needs and no more; the assessment says why for each field."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from testkit.office import Office
from testkit.packs import edited, write_packs
from tongban.apps.exchange import queries as exchange
from tongban.apps.items import queries
from tongban.apps.items.checking import check_packs
from tongban.apps.items.cli import items
from tongban.infra.packs import PackInvalid, read_packs

BIRTHS = "attributes: [birth_date, sex], basis: statutory, legal_basis: {title: 户口登记条例"


def problems(folder: Path, changes: Any) -> list[str]:
    with pytest.raises(PackInvalid) as refused:
        check_packs(read_packs(write_packs(folder, changes)))
    return [str(problem) for problem in refused.value.problems]


def test_a_field_that_nothing_needs_blocks_publication_with_file_and_line(tmp_path: Path) -> None:
    wider = edited("town/grants.yaml", BIRTHS, BIRTHS.replace("sex", "sex, weight_g"))
    (told,) = problems(tmp_path, wider)
    assert re.fullmatch(
        r"town/grants\.yaml:\d+: registration may read weight_g of births, which no rule, form, "
        r"material or result of it needs; remove it from the grant",
        told,
    )
    line = int(told.split(":")[1])
    text = (tmp_path / "town" / "grants.yaml").read_text(encoding="utf-8").splitlines()
    assert "registration" in text[line - 1]
    assert "weight_g" in text[line - 1]


def test_a_policy_too_reads_no_more_than_it_needs(tmp_path: Path) -> None:
    wider = edited(
        "town/grants.yaml",
        "- {item: allowance",
        "- {item: allowance, resource: population, attributes: [region], basis: statutory, "
        "legal_basis: {title: 法}}\n- {item: allowance",
    )
    told = problems(tmp_path, wider)
    assert any("allowance may read region of population" in one for one in told)


def test_the_shipped_packs_grant_nothing_beyond_need(office: Office) -> None:
    for slug in queries.items():
        found = queries.impact(slug)
        assert found.too_much == (), slug
        assert all(line.parts for line in found.read), slug


def test_every_field_that_is_read_is_assessed(office: Office) -> None:
    found = queries.impact("household-registration")
    plan = queries.life_event("newborn").plan
    read = {
        (call.resource, fact)
        for call in plan.calls
        for use in call.uses
        if use.item == "household-registration"
        for fact in use.facts
    }
    assert {(line.resource, line.fact) for line in found.read} == read
    by_fact = {line.fact: line for line in found.read}
    number = by_fact["mother.marriage_certificate_number"]
    assert (number.parts, number.department, number.basis) == (
        ("material",),
        "civil-affairs",
        "statutory",
    )
    assert number.years == 10
    assert "key" in by_fact["mother.spouse_id_number"].parts
    assert "rule" in by_fact["mother.marital_status"].parts
    assert {line.level for line in found.read} <= {"L1", "L2", "L3", "L4"}


def test_the_command_prints_it_in_both_languages_and_as_json(office: Office) -> None:
    zh = CliRunner().invoke(items, ["impact", "social-security-card"])
    assert zh.exit_code == 0, zh.output
    assert "须本人同意" in zh.output
    assert "没有超出必要的授权" in zh.output
    en = CliRunner().invoke(items, ["impact", "social-security-card", "--lang", "en"])
    assert not re.search(r"[一-龥]", en.output.replace("中华人民共和国", "").split("law")[0][:20])
    told = json.loads(
        CliRunner().invoke(items, ["impact", "social-security-card", "--json"]).output
    )
    assert {line["basis"] for line in told["read"]} == {"statutory", "consent"}
    gone = CliRunner().invoke(items, ["impact", "nothing"])
    assert gone.exit_code == 1


def test_what_is_bound_or_counted_is_traced_to_what_is_read(office: Office) -> None:
    catalogue = exchange.catalogue()
    grants = [g for g in catalogue.grants if g.item == "old-age-allowance"]
    found = exchange.needed({"elder.age": frozenset({"rule"})}, grants, catalogue, {})
    assert found["elder.birth_date"] == {"count"}
    assert "key" in found["elder.id_number"]
    bound = exchange.needed(
        {"child.birth_date": frozenset({"result"})},
        [],
        catalogue,
        {"child.birth_date": "mother.birth_date"},
    )
    assert bound["mother.birth_date"] == {"result"}
