"""Guides are published with what they explain, frozen with it, and refused where they repeat it."""

from pathlib import Path

import pytest

from testkit.packs import edited, write_packs
from tongban.apps.items import queries
from tongban.apps.items.services import Publication, publish
from tongban.infra.packs import PackInvalid, read_packs

Changes = dict[str, str | None]
GUIDE = """schema: tongban/guide/1
slug: certificate
version: 1
of: item
summary: {zh: 领取出生证明, en: the birth certificate}
themes: [birth]
paragraphs:
  - id: lost
    heading: {zh: 丢了怎么办, en: when lost}
    text: {zh: 去补, en: ask again}
"""
THEMES = """schema: tongban/themes/1
themes:
  birth: {audience: person, name: {zh: 生育, en: birth}}
"""
BOTH: Changes = {"town/guides/certificate.yaml": GUIDE, "nation/themes.yaml": THEMES}


def put(tmp_path: Path, *changes: Changes) -> Publication:
    merged = {name: text for change in (BOTH, *changes) for name, text in change.items()}
    folder = tmp_path / f"packs-{len(list(tmp_path.iterdir()))}"
    return publish(read_packs(write_packs(folder, merged)), actor="installer")


def raised() -> list[Changes]:
    """Give the certificate, and what stands on it, in a second version."""
    item = edited("town/items/certificate.yaml", "version: 1", "version: 2")
    item["town/items/certificate.yaml"] = str(item["town/items/certificate.yaml"]).replace(
        "promised_days: 1", "promised_days: 2"
    )
    return [item, edited("town/life-events/newborn.yaml", "version: 1", "version: 2")]


@pytest.mark.usefixtures("fresh_sqlite")
class TestPublishing:
    def test_a_guide_is_frozen_with_the_version_that_it_explains(self, tmp_path: Path) -> None:
        assert ("guide", "certificate", 1) in put(tmp_path).published
        assert put(tmp_path).published == ()
        first = queries.guide("certificate")
        assert (first.version, first.edition, first.days[0].promised) == (1, 1, 1)
        with pytest.raises(PackInvalid, match=r"guide certificate.*is not what was published"):
            put(tmp_path, *raised())
        put(tmp_path, *raised(), _second())
        second, old = queries.guide("certificate"), queries.guide("certificate", 1)
        assert (second.version, second.edition, second.days[0].promised) == (2, 2, 2)
        assert (old.version, old.edition, old.days[0].promised) == (1, 1, 1)
        assert old.paragraph("lost").text.zh == "去补"
        assert second.paragraph("lost").text.zh == "请补办"

    def test_a_word_may_be_mended_without_touching_the_item(self, tmp_path: Path) -> None:
        put(tmp_path)
        done = put(tmp_path, _second())
        assert done.published == (("guide", "certificate", 2),)
        assert queries.guide("certificate").edition == 2
        assert queries.item("certificate").version == 1

    def test_what_nobody_wrote_is_computed(self, tmp_path: Path) -> None:
        put(tmp_path)
        found = queries.guide("registration")
        assert (found.edition, found.paragraphs, found.themes) == (0, (), ())
        assert found.paragraph("time").text.en.startswith("promised within 3 working days")
        rows = {row.slug: row for row in queries.services().rows}
        assert [theme.slug for theme in rows["certificate"].themes] == ["birth"]
        assert rows["registration"].summary == rows["registration"].name


def _second() -> Changes:
    text = GUIDE.replace("version: 1", "version: 2").replace("去补", "请补办")
    return {"town/guides/certificate.yaml": text}


@pytest.mark.usefixtures("fresh_sqlite")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("of: item", "of: life-event", r"certificate.yaml:4: no life-event certificate; of: item"),
        ("- id: lost", "- id: time", r"certificate.yaml:8: time is a computed section"),
        ("- id: lost", "- id: about", r"certificate.yaml:8: about is a computed section"),
        ("themes: [birth]", "themes: [death]", r"certificate.yaml:6: no theme death"),
        ("summary:", "sumary:", r"certificate.yaml:5: unknown key 'sumary'"),
        ("- id: lost", "- id: Lost", r"certificate.yaml:8: paragraphs.0.id is 'Lost'"),
        (
            "    text: {zh: 去补, en: ask again}",
            """    text: {zh: 去补, en: ask again}
  - {id: lost, heading: {zh: 问, en: q}, text: {zh: 答, en: a}}""",
            r"certificate.yaml:11: the id lost comes twice",
        ),
    ],
)
def test_a_guide_that_does_not_fit_is_refused_with_file_and_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GUIDE
    wrong: Changes = {"town/guides/certificate.yaml": GUIDE.replace(old, new)}
    with pytest.raises(PackInvalid, match=said):
        put(tmp_path, wrong)


@pytest.mark.usefixtures("fresh_sqlite")
def test_an_old_version_is_told_by_the_plan_of_its_own_life_event(tmp_path: Path) -> None:
    put(tmp_path)
    before = queries.guide("certificate")
    put(tmp_path, *raised(), _second())
    old = queries.guide("certificate", 1)
    assert (old.apply, old.known, old.bring) == (before.apply, before.known, before.bring)
    assert old.apply == ("newborn",)
