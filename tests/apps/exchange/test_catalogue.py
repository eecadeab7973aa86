"""A catalogue names only what exists; every slip is told with file, line and mend."""

from pathlib import Path

import pytest

from testkit.packs import edited, write_packs
from tongban.apps.exchange import reading
from tongban.infra.packs import PackInvalid, read_packs


def told(tmp_path: Path, changes: dict[str, str | None]) -> str:
    with pytest.raises(PackInvalid) as caught:
        reading.load_catalogue(read_packs(write_packs(tmp_path, changes)))
    return str(caught.value)


def test_the_tiny_city_has_a_catalogue(tmp_path: Path) -> None:
    catalogue = reading.load_catalogue(read_packs(write_packs(tmp_path)))
    assert set(catalogue.contracts) == {"births", "elders", "population"}
    assert catalogue.vocabulary.fact("mother.age").derive is not None
    assert catalogue.departments["police"].posts[0].role == "reviewer"
    assert catalogue.permits["certificate", "population", "name"] == {"consent"}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "town/contracts/births.yaml",
            "department: health",
            "department: healht",
            "town/contracts/births.yaml:5: no department healht; add it to departments.yaml",
        ),
        (
            "town/contracts/births.yaml",
            "kind: person",
            "kind: persona",
            "births.yaml:6: no kind persona",
        ),
        (
            "town/contracts/births.yaml",
            "  weight_g: {column: TZ}",
            "  height: {column: TZ}",
            "births.yaml:16: person has no attribute height that a record could hold",
        ),
        (
            "town/contracts/births.yaml",
            "  weight_g: {column: TZ}",
            "  age: {column: NL}",
            "births.yaml:16: person has no attribute age that a record could hold",
        ),
        (
            "town/contracts/births.yaml",
            "lead: [live_birth",
            "lead: [name",
            "births.yaml:9: lead names name, which is no field",
        ),
        (
            "town/contracts/births.yaml",
            "{column: TZ}",
            "{column: 'TZ; DROP TABLE CSXX'}",
            "births.yaml:16: fields.weight_g.column is 'TZ; DROP TABLE CSXX'; write it as ^[A-Za-z",
        ),
        (
            "town/contracts/births.yaml",
            "sharing: conditional",
            "sharing: none",
            "grants.yaml:3: births is not shared",
        ),
        (
            "town/grants.yaml",
            "resource: elders",
            "resource: olders",
            "town/grants.yaml:7: no resource olders; add it to contracts",
        ),
        (
            "town/grants.yaml",
            "attributes: [region]",
            "attributes: [shoe]",
            "town/grants.yaml:6: population has no field shoe; correct the attribute",
        ),
        (
            "town/departments.yaml",
            "11330100MB1A23019Q",
            "11330100MB1A23019P",
            "departments.yaml:8: social credit code",
        ),
        (
            "nation/facts.yaml",
            "child: {kind: person",
            "child: {kind: dog",
            "nation/facts.yaml:24: no kind dog",
        ),
        ("nation/facts.yaml", "of: birth_date", "of: name", "age is not counted from a date"),
        (
            "nation/facts.yaml",
            "bank_account: {type: string",
            "bank_account: {type: string, schema: {minimum: 1}",
            "minimum limits no string",
        ),
        (
            "nation/facts.yaml",
            "value: female",
            "value: 3",
            "the option 3 of sex; give a text",
        ),
    ],
)
def test_a_name_that_refers_to_nothing_is_told(
    tmp_path: Path, name: str, old: str, new: str, expected: str
) -> None:
    assert expected in told(tmp_path, edited(name, old, new))


def test_a_thing_granted_twice_is_told_with_the_first_place(tmp_path: Path) -> None:
    change = edited("town/grants.yaml", "attributes: [region]", "attributes: [region, region]")
    assert "has non-unique elements" in told(tmp_path, change)
    line = (
        "\n- {item: registration, resource: population, attributes: [region], basis: statutory,"
        " legal_basis: {title: 某法}}\n"
    )
    change = edited("town/grants.yaml", "第三十三条}}\n", "第三十三条}}" + line)
    assert (
        "grants.yaml:8: registration may read region of population already: town/grants.yaml:6"
        in told(tmp_path, change)
    )


def test_a_later_pack_overrides_by_slug(tmp_path: Path) -> None:
    village = (
        "schema: tongban/pack/1\nslug: village\nname: {zh: 村, en: village}\nregion: '330106'\n"
        "extends: [town]\n"
    )
    births = edited("town/contracts/births.yaml", "table: CSXX", "table: CUNCS")
    folders = write_packs(
        tmp_path,
        {
            "village/pack.yaml": village,
            "village/contracts/births.yaml": births["town/contracts/births.yaml"],
        },
    )
    catalogue = reading.load_catalogue(read_packs([tmp_path / "village", *folders]))
    assert catalogue.contracts["births"].table == "CUNCS"
