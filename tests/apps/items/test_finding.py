"""The list of services is searched by what people call a thing, however they write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.items import queries, spelling
from tongban.apps.items.domain.asking import Box, Reading, Service
from tongban.apps.items.queries import GATE

ALLOWANCE = ["old-age-allowance", "old-age-allowance-claim"]


def found(named: str, **filters: str) -> list[str]:
    page = queries.services(named=named, **filters, size=100)  # type: ignore[arg-type]
    assert page.total == len(page.rows)
    assert not page.reading
    return [row.slug for row in page.rows]


@pytest.mark.parametrize(
    ("named", "slugs"),
    [
        ("高龄津贴", ALLOWANCE),
        ("高齡津貼", ALLOWANCE),  # traditional
        ("高岭津贴", ALLOWANCE),  # sounds alike
        ("gljt", ALLOWANCE),  # initials
        ("gaolingjintie", ALLOWANCE),
        ("ＧＡＯ ling jin tie", ALLOWANCE),  # syllable by syllable
        ("old age", ALLOWANCE),
        ("housholde", ["household-registration"]),  # a letter missing, one too many
        ("househ", ["household-registration"]),  # still being typed
        ("出生户口", ["household-registration"]),
        ("户口登", ["household-registration"]),
        ("我想办医保", ["resident-medical-insurance"]),
    ],
)
def test_a_service_is_found_however_its_name_is_written(
    office: Office, named: str, slugs: list[str]
) -> None:
    assert found(named) == slugs


@pytest.mark.parametrize(
    "named",
    [
        *(
            "护照",
            "passport",
            "天气",
            "警察",
            "1",
            "剖宫产",
            "怎么炒股票赚钱",
        ),  # nobody calls one so
        *(
            "a",
            "的",
            "办理",
            "怎么办",
            "gl",
            "？？？",
            "😀",
            "<script>",
            "的" * 500,
        ),  # hardly anything
    ],
)
def test_what_is_called_otherwise_is_no_answer(office: Office, named: str) -> None:
    assert found(named) == []


def test_the_best_comes_first_and_filters_only_take_away(office: Office) -> None:
    every = found("登记")
    assert len(every) > 5
    assert every[0] == found("出生登记 户口")[0] == "household-registration"
    assert found("税务登记")[0] == "tax-registration"
    theirs = {row.slug for row in queries.services(department="human-resources").rows}
    assert found("登记", department="human-resources") == [s for s in every if s in theirs]
    assert found("登记", department="human-resources", life_event="newborn") == []
    assert found("社保", life_event="newborn") == ["social-security-card"]
    assert found("社保", region="330106") == found("社保")
    assert found("社保", region="320100") == []
    first = queries.services(named="登记", size=2)
    later = queries.services(named="登记", size=2, page=2)
    assert [row.slug for row in (*first.rows, *later.rows)] == every[:4]
    assert first.total == later.total == len(every)


NAMES = ("出生户口登记", "高龄津贴", "社会保障卡", "老年优待证", "户口迁移", "birth certificate")
BOX = Box(
    [Service(name, (name,), frozenset({name}), ()) for name in NAMES],
    Reading(spelling.syllables, spelling.simplified),
)


@given(st.sampled_from(NAMES[:5]), st.integers(0, 5), st.integers(2, 6))
def test_a_part_of_a_name_finds_it(name: str, start: int, length: int) -> None:
    part = name[start : start + length]
    slugs = [NAMES[one.service] for one in BOX.find(part, GATE.sure)]
    assert len(part) < 2 or name in slugs


@given(st.text(st.sampled_from("出生户口高龄津贴社保老年证迁ahukou 的"), max_size=12))
def test_what_is_found_reaches_the_floor_in_order_and_a_filter_moves_nothing(named: str) -> None:
    every = BOX.find(named, GATE.sure)
    assert all(one.coverage >= GATE.sure for one in every)
    assert list(every) == sorted(every, key=lambda one: (-one.score, one.service))
    even = BOX.find(named, GATE.sure, lambda number: number % 2 == 0)
    assert even == tuple(one for one in every if one.service % 2 == 0)
    assert {one.service for one in every} <= {one.service for one in BOX.find(named, 0.0)}
