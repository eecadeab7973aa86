"""The ask box quotes a paragraph of a published guide, or says that it does not know."""

import csv
import threading
from pathlib import Path

import pytest

from testkit.office import Office
from tongban.apps.items import queries, spelling
from tongban.apps.items.queries import Reply, definitions, indexing, listing
from tongban.apps.items.queries.indexing import services_of

QUESTIONS = Path(__file__).parents[2] / "data" / "questions.tsv"
NAMED_SO = {"old-age-allowance": "old-age-allowance-claim"}  # the life event of this one item


def first(question: str, region: str = "") -> tuple[bool, str, str]:
    reply = queries.ask(question, region)
    quote = reply.quotes[0]
    return reply.known, NAMED_SO.get(quote.service.slug, quote.service.slug), quote.paragraph


def test_an_answer_is_a_quoted_paragraph_with_its_edition_and_date(office: Office) -> None:
    reply = queries.ask("剖宫产能报多少钱")
    assert reply.known
    quote = reply.quotes[0]
    guide = queries.guide("maternity-reimbursement")
    assert quote.service.slug == guide.slug
    assert quote.paragraph == "how-much"
    assert quote.text == guide.paragraph("how-much").text
    assert (quote.edition, quote.published) == (1, guide.published)


def test_a_large_index_is_built_beside_and_the_one_before_answers(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = indexing._Kept()
    monkeypatch.setattr(indexing, "_kept", kept)
    monkeypatch.setattr(indexing, "SMALL", 0)
    first = queries.ask("剖宫产能报多少钱")
    assert (first.known, first.reason, first.quotes) == (False, "reading", ())
    assert queries.services(named="户口") == queries.Page((), 0, 1, 20, reading=True)
    assert queries.services().total == len(listing.rows())
    assert kept._beside is not None
    kept._beside.join(30)
    assert queries.ask("剖宫产能报多少钱").known
    # a state later the index of before answers while the new one is built
    rows = listing.rows()
    held = threading.Event()
    monkeypatch.setattr(indexing, "services_of", lambda rows: held.wait(30) and services_of(rows))
    old = kept.now("a later state", rows)
    assert old is kept.now(definitions.state(), rows)
    assert kept._beside.is_alive()
    assert kept.now("a later state", rows) is old
    held.set()
    kept._beside.join(30)
    assert kept.now("a later state", rows) is not old
    # at most two are kept
    kept.whole("a third state", rows)
    assert len(kept._built) == 2


def test_computed_sections_are_quoted_as_the_guide_shows_them(office: Office) -> None:
    reply = queries.ask("高龄津贴申领需要什么材料")
    assert reply.quotes[0].paragraph == "bring"
    assert reply.quotes[0].text.zh.startswith("什么都不用带。")


@pytest.mark.parametrize(
    ("question", "item"),
    [
        ("高齡津貼怎麼領", "old-age-allowance-claim"),  # traditional
        ("ＧＡＯＬＩＮＧＪＩＮＴＩＥ", "old-age-allowance-claim"),  # full-width pinyin
        ("gljt", "old-age-allowance-claim"),  # initials
        ("高岭津贴", "old-age-allowance-claim"),  # sounds alike
        ("vacination certificate", "vaccination-certificate"),  # a letter missing
        ("gongjijing", "housing-fund-registration"),  # -ng where there is -n
    ],
)
def test_it_is_found_however_it_is_written(office: Office, question: str, item: str) -> None:
    assert first(question)[1] == item


@pytest.mark.parametrize(
    "question",
    ["护照怎么办理", "今天天气怎么样", "how do I renew my passport", "写一首关于春天的诗"],
)
def test_what_no_guide_answers_is_not_answered(office: Office, question: str) -> None:
    reply = queries.ask(question)
    assert not reply.known
    assert reply.reason in {"unsure", "nothing"}


@pytest.mark.parametrize("question", ["", " ", "？？？", "😀", "\u200b", "的" * 500, "a" * 500])
def test_anything_may_be_asked(office: Office, question: str) -> None:
    assert not queries.ask(question).known


class TestRegion:
    """Where somebody asks is a hard filter."""

    def test_what_is_not_offered_there_is_not_answered(self, office: Office) -> None:
        here = queries.ask("新生儿上户口", "330106")
        assert here.quotes
        assert queries.ask("新生儿上户口", "320100") == Reply(
            known=False, reason="nothing", quotes=(), margin=0.0
        )

    def test_a_question_about_another_city_is_not_answered_with_ours(self, office: Office) -> None:
        reply = queries.ask("南京怎么给新生儿上户口", "330106")
        assert (reply.known, reply.reason, reply.elsewhere) == (False, "elsewhere", "南京")
        assert queries.ask("杭州怎么给新生儿上户口", "330106").elsewhere == ""
        assert queries.ask("浙江怎么给新生儿上户口", "330106").elsewhere == ""


def test_asking_twice_answers_the_same(office: Office) -> None:
    assert queries.ask("公章去哪里刻") == queries.ask("公章去哪里刻")


def test_the_questions_that_set_no_gate_are_answered_as_promised(office: Office) -> None:
    """Hold what docs/adr/0014-ask-box.md promises of the even questions, which tuned nothing."""
    with QUESTIONS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[1::2]
    assert len(rows) > 90
    inside = [row for row in rows if row["expected"] != "none"]
    found = {row["question"]: queries.ask(row["question"]) for row in rows}

    def right(row: dict[str, str], place: int) -> bool:
        slugs = [q.service.slug for q in found[row["question"]].quotes[:place]]
        return row["expected"] in {NAMED_SO.get(slug, slug) for slug in slugs}

    assert sum(right(row, 1) for row in inside) / len(inside) >= 0.95
    assert sum(right(row, 5) for row in inside) / len(inside) >= 0.98
    answered = [row for row in inside if found[row["question"]].known]
    assert len(answered) / len(inside) >= 0.85
    assert sum(right(row, 1) for row in answered) / len(answered) >= 0.97
    outside = [row for row in rows if row["expected"] == "none"]
    assert sum(found[row["question"]].known for row in outside) / len(outside) <= 0.10


def test_chinese_is_read_with_its_neighbours() -> None:
    assert spelling.syllables("银行") == ("yin", "hang")
    assert spelling.syllables("行走") == ("xing", "zou")
    assert spelling.simplified("醫療保險") == "医疗保险"
