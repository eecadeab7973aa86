"""Ratings: one word a matter, by whom it was done for, never changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.cases import services as cases
from tongban.apps.cases.errors import CaseUnknown
from tongban.apps.parties import queries as parties
from tongban.apps.voice import queries, services
from tongban.apps.voice.domain import (
    FEWEST_SHOWN,
    LEVELS,
    LOW,
    Answer,
    Matter,
    Opinion,
    RatingRefused,
    RatingsClosed,
    Tags,
    check,
    check_answer,
    shown,
)
from tongban.apps.voice.models import Rating
from tongban.apps.voice.tags import tags
from tongban.infra.trail import queries as trail

ITEM = "birth-certificate"
PAYS = "maternity-reimbursement"
DAY = date(2026, 11, 26)


@given(
    st.integers(-1, 7),
    st.lists(st.sampled_from(sorted(tags().tags)), max_size=10),
    st.text(max_size=600),
    st.sampled_from(["p", "q", ""]),
    st.sampled_from(["1", "7"]),
    st.none() | st.integers(-1, 60),
)
def test_a_rating_is_taken_exactly_where_the_rule_says_so(
    level: int, chosen: list[str], words: str, person: str, user: str, ago: int | None
) -> None:
    known = tags()
    decided = None if ago is None else DAY - timedelta(days=ago)
    fits = (
        person == "p"
        and user != "7"
        and decided is not None
        and (DAY - decided).days <= known.window_days
        and 1 <= level <= 5
        and len(words) <= 500
        and len(chosen) <= 8
        and len(set(chosen)) == len(chosen)
        and all(level in known.tags[slug].levels for slug in chosen)
        and (level > 2 or bool(chosen) or bool(words.strip()))
    )
    try:
        check(
            Opinion(level, chosen, words), Matter("p", decided, {"7"}), known, person=person,
            user=user, today=DAY,
        )  # fmt: skip
    except RatingRefused as refused:
        taken = not (refused.zh and refused.en)
    else:
        taken = True
    assert taken is fits


@given(st.dictionaries(st.sampled_from(sorted(LEVELS)), st.integers(1, 9)))
def test_few_ratings_are_not_counted_in_public(counts: dict[int, int]) -> None:
    found = shown(counts)
    if sum(counts.values()) < FEWEST_SHOWN:
        assert found is None
    else:
        assert found is not None
        assert sum(found.values()) == sum(counts.values())
        assert list(found) == [5, 4, 3, 2, 1]


def test_the_shipped_tags_cover_what_the_lowest_levels_need() -> None:
    known = tags()
    assert isinstance(known, Tags)
    for level in LEVELS:
        assert any(level in tag.levels for tag in known.tags.values())
        assert queries.offered(level, "zh")["groups"]
    assert len(known.tags) == len({(t.text.zh) for t in known.tags.values()})
    assert {1, 2} == LOW


def test_a_person_rates_what_was_decided_once(office: Office) -> None:
    number, who = office.submit(), office.applicant("newborn")
    services.rate(who, number, ITEM, Opinion(5, ["fast"], "很快"))
    with pytest.raises(RatingRefused, match="already"):
        services.rate(who, number, ITEM, Opinion(1, [], "改了主意"))
    assert queries.of_case(number)[ITEM] == {"level": 5, "tags": ["fast"]}
    (event,) = trail.history("voice:health")
    assert (event.data["level"], event.data["case"], event.actor) == (5, number, who.user_id)
    assert trail.verify() is None


def test_nobody_rates_anothers_case_or_what_is_not_decided(office: Office) -> None:
    number, who = office.submit(), office.applicant("newborn")
    with pytest.raises(CaseUnknown):
        services.rate(office.applicant("newborn", 1), number, ITEM, Opinion(5))
    with pytest.raises(RatingRefused, match="once it is decided"):
        services.rate(who, number, PAYS, Opinion(5))
    with pytest.raises(RatingRefused, match="your own case"):
        services.rate(office.official("health", "clerk"), number, ITEM, Opinion(5))
    with pytest.raises((RatingRefused, CaseUnknown)):
        services.rate(who, number, "no-such-item", Opinion(5))
    office.clock.move(days=31)
    with pytest.raises(RatingRefused, match="until 2026-12-23"):
        services.rate(who, number, ITEM, Opinion(5))


def test_who_took_part_in_a_decision_does_not_rate_it() -> None:
    with pytest.raises(RatingRefused, match="took part"):
        check(Opinion(5), Matter("p", DAY, {"7"}), tags(), person="p", user="7", today=DAY)


def test_an_unnamed_rating_leads_nobody_to_its_case(office: Office) -> None:
    number, who = office.submit(), office.applicant("newborn")
    services.rate(who, number, ITEM, Opinion(1, ["late"], "等了很久", anonymous=True))
    (event,) = trail.history("voice:health")
    assert number not in str(event)
    assert (event.actor, event.on_behalf_of) == ("anonymous", "")
    (seen,) = queries.of_department(office.official("health", "clerk"), "health")
    assert (seen["level"], seen["words"], seen["case"]) == (1, "等了很久", "")
    with pytest.raises(RatingRefused):
        queries.of_department(office.official("police", "clerk"), "health")
    with pytest.raises(RatingRefused):
        queries.of_department(who, "health")


def test_what_was_said_is_never_changed_and_lies_sealed(any_office: Office) -> None:
    number, who = any_office.submit(), any_office.applicant("newborn")
    services.rate(who, number, ITEM, Opinion(2, [], "窗口无人"))
    for act in (
        lambda: Rating.objects.update(level=5),
        lambda: Rating.objects.all().delete(),
    ):
        with pytest.raises(Exception, match=r"append-only|refused|protected|referenced"):
            act()
    assert Rating.objects.get().level == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM voice_said")
        assert "窗口无人" not in str(cursor.fetchall())


def test_two_clicks_at_once_are_one_rating(any_office: Office) -> None:
    number, who = any_office.submit(), any_office.applicant("newborn")

    def click() -> Any:
        return services.rate(who, number, ITEM, Opinion(4))

    outcomes = any_office.at_once(click, click) if "sqlite" in any_office.url else [click()]
    assert sum(isinstance(found, int) for found in outcomes) == 1
    assert Rating.objects.count() == 1
    with pytest.raises(IntegrityError):
        Rating.objects.create(
            case=number, item=ITEM, item_version=1, department="health", level=1, tags=[],
            tags_version=1, anonymous=True, rated="2026-11-23T09:00:00+08:00",
        )  # fmt: skip


def test_counts_are_open_once_there_are_enough(office: Office) -> None:
    number, who = office.submit(), office.applicant("newborn")
    decided = list(queries.of_case(number))
    assert len(decided) >= FEWEST_SHOWN
    for item in decided[: FEWEST_SHOWN - 1]:
        services.rate(who, number, item, Opinion(5, ["fast"]))
    assert queries.counts() == {"levels": None, "tags": {}}
    services.rate(who, number, decided[FEWEST_SHOWN - 1], Opinion(1, ["late"]))
    found = queries.counts()
    assert found["levels"] == {5: FEWEST_SHOWN - 1, 4: 0, 3: 0, 2: 0, 1: 1}
    assert found["tags"] == {"fast": FEWEST_SHOWN - 1, "late": 1}
    assert queries.counts(item=decided[0])["levels"] is None
    assert parties.department_name("health", "zh")
    assert cases.load(number)


def low(office: Office, *, anonymous: bool = False) -> int:
    number = office.submit()
    opinion = Opinion(1, ["late"], "等了很久", anonymous=anonymous)
    return services.rate(office.applicant("newborn"), number, ITEM, opinion)


def test_a_low_rating_is_called_back_in_time_by_its_department_alone(office: Office) -> None:
    rating = low(office)
    clerk = office.official("health", "clerk")
    (seen,) = queries.of_department(clerk, "health")
    assert seen["call_back"]["open"]
    assert seen["call_back"]["due"] == date(2026, 11, 30)  # five working days from Monday
    answer = Answer("phone", "已致歉并增开窗口", mended=True)
    for stranger in (office.official("police", "clerk"), office.applicant("newborn")):
        with pytest.raises(RatingsClosed):
            services.call_back(stranger, rating, answer)
    with pytest.raises(RatingRefused, match="what was found"):
        services.call_back(clerk, rating, Answer("phone", " ", mended=True))
    assert queries.to_call_back(clerk, "health") == 1
    services.call_back(clerk, rating, answer)
    assert queries.to_call_back(clerk, "health") == 0
    with pytest.raises(RatingRefused, match="already"):
        services.call_back(clerk, rating, answer)
    event = trail.history("voice:health")[-1]
    assert (event.type, event.data["mended"]) == ("tongban.voice.called_back.v1", True)
    assert event.data["late"] is False
    (seen,) = queries.of_department(clerk, "health")
    assert (seen["call_back"]["found"], seen["call_back"]["late"]) == ("已致歉并增开窗口", False)


def test_an_unnamed_low_rating_is_looked_into_and_its_case_stays_unknown(office: Office) -> None:
    rating = low(office, anonymous=True)
    clerk = office.official("health", "clerk")
    with pytest.raises(RatingRefused, match="nobody is called"):
        services.call_back(clerk, rating, Answer("phone", "已致歉", mended=True))
    office.clock.move(days=20)
    services.call_back(clerk, rating, Answer("looked-into", "已核查", mended=False))
    event = trail.history("voice:health")[-1]
    assert event.data["late"] is True
    assert "case" not in event.data


def test_a_good_rating_calls_nobody(office: Office) -> None:
    number = office.submit()
    services.rate(office.applicant("newborn"), number, ITEM, Opinion(3))
    (seen,) = queries.of_department(office.official("health", "clerk"), "health")
    assert seen["call_back"] is None
    assert queries.to_call_back(office.official("police", "clerk"), "health") == 0


def test_who_took_part_does_not_call_about_it() -> None:
    answer = Answer("visit", "已当面说明", mended=True)
    with pytest.raises(RatingRefused, match="took no part"):
        check_answer(answer, anonymous=False, user="7", hands={"7"})
    with pytest.raises(RatingRefused, match="give one of"):
        check_answer(Answer("fax", "x", mended=True), anonymous=False, user="1", hands=())
