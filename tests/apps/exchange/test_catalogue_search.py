"""Searching the catalogue in Chinese and English, the same on both databases."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given as sample
from hypothesis import strategies as st

from testkit.registry import entry, town
from testkit.servers import Fresh
from tongban.apps.exchange.catalogue import errors, index, queries, rows
from tongban.apps.exchange.catalogue.rows import Write
from tongban.apps.exchange.domain import dcat
from tongban.apps.exchange.domain.records import Entry, Origin
from tongban.apps.exchange.domain.tokens import fold, index_tokens, marked, query_tokens
from tongban.infra import clock as port

TEXTS = st.text(st.sampled_from("出生医学证明信息库䶮𠮷aB1é- ，Ⅳ"), max_size=12)


@sample(TEXTS, TEXTS, TEXTS)
def test_a_text_is_found_by_any_part_of_it(before: str, part: str, after: str) -> None:
    whole = f"{before} {part} {after}"
    assert set(query_tokens(part)) <= set(index_tokens(whole))


@sample(TEXTS, st.lists(TEXTS.map(fold), max_size=3))
def test_marking_loses_no_character(text: str, tokens: list[str]) -> None:
    pieces = marked(text, [token for token in tokens if token])
    assert "".join(piece for piece, _ in pieces) == text
    assert all(one[1] != two[1] for one, two in pairwise(pieces))


def test_a_run_of_characters_asks_for_its_pairs_in_any_place() -> None:
    assert query_tokens("身份证号") == ["身份", "份证", "证号"]
    assert query_tokens("Ｂirth 证") == ["birth", "证"]


def keep(*entries: Entry, state: str = "published") -> None:
    with transaction.atomic():
        rows.save(
            [
                Write(
                    e,
                    Origin("CN-330100", e.slug, dcat.iri("CN-330100", e.slug)),
                    "registered",
                    state,
                )
                for e in entries
            ],
            port.now(),
        )


@pytest.fixture
def shelf(fresh_database: Fresh, tmp_path: Path, settings: Any, clock: Any) -> None:
    settings.HOME = tmp_path / "home"
    town(tmp_path / "packs")
    keep(
        entry(slug="dogs", name={"zh": "犬只准养信息", "en": "dog permits"}),
        entry(slug="cats", name={"zh": "猫只信息", "en": "cats"}, abstract={"zh": "亦含犬只准养"}),
        entry(slug="rare", name={"zh": "王䶮登记𠮷", "en": "rare"}, sharing="unconditional"),
        entry(slug="land", name={"zh": "地块", "en": "land"}, base_library="natural-resources"),
    )
    keep(entry(slug="secret", name={"zh": "犬只草稿", "en": "draft"}), state="draft")


def found(text: str, **filters: str) -> list[str]:
    return [hit.resource.entry.slug for hit in queries.search(text, filters).hits]


@pytest.mark.usefixtures("shelf")
class TestSearch:
    def test_the_name_counts_more_than_the_abstract(self) -> None:
        assert found("犬只准养") == ["dogs", "cats"]

    def test_one_character_a_rare_one_and_a_word_are_found(self) -> None:
        assert found("猫") == ["cats"]
        assert found("䶮") == ["rare"]
        assert found("𠮷") == ["rare"]
        assert found("DOG permits") == ["dogs"]

    def test_an_item_is_found_by_its_name_and_marked(self) -> None:
        hits = queries.search("体重").hits
        assert [hit.resource.entry.slug for hit in hits] == ["births"]
        assert hits[0].marks == {"item:weight_g": [("体重", True)]}

    def test_all_words_must_fit(self) -> None:
        assert found("犬只 猫只") == ["cats"]
        assert found("犬只 大象") == []
        assert found("，。!") == []

    def test_a_draft_is_not_among_what_is_published(self) -> None:
        assert "secret" not in found("犬只")
        assert found("犬只", state="draft") == ["secret"]

    def test_filters_narrow_with_and_without_a_text(self) -> None:
        assert found("", base_library="natural-resources") == ["land"]
        assert found("登记", sharing="unconditional") == ["rare"]
        assert found("地块", base_library="credit") == []
        assert set(found("", department="health")) == {"births"}
        assert found("出生", department="11330100MB1A23019Q") == ["births"]
        assert found("出生", level="county") == []

    def test_a_filter_that_nothing_can_have_is_refused(self) -> None:
        with pytest.raises(errors.SearchInvalid):
            queries.search("", {"sharing": "maybe"})
        with pytest.raises(errors.SearchInvalid):
            queries.search("", {"name_zh": "x"})

    def test_pages_hold_each_once(self) -> None:
        pages = [queries.search("信息", page=page, size=1) for page in (1, 2)]
        assert pages[0].total == 2
        assert {page.hits[0].resource.entry.slug for page in pages} == {"dogs", "cats"}

    def test_what_changed_is_found_anew_and_not_by_its_old_name(self) -> None:
        keep(entry(slug="dogs", name={"zh": "狼只", "en": "wolves"}))
        assert found("狼只") == ["dogs"]
        assert found("犬只准养") == ["cats"]

    def test_signs_of_the_query_language_are_plain_text(self) -> None:
        for text in (
            '"',
            "'",
            "犬只' OR 1=1 --",
            'name:"犬"',
            "a*b",
            "\\",
            "NEAR(犬 猫)",
            "'犬':A",
        ):
            queries.search(text)

    def test_of_more_than_can_be_ranked_those_named_so_are_shown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(index, "RANKED", 1)
        assert found("犬只准养") == ["dogs"]
        assert queries.search("犬只准养").total == 2
