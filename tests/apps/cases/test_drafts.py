"""Drafts: begun on one device, gone on with on another, sent once, told of before they go."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.module_loading import import_string
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from testkit.papers import base64_of, from_a_phone, jpeg, pdf
from tongban.apps.cases import queries, services
from tongban.apps.cases.domain import drafts
from tongban.apps.cases.errors import DraftMoved, DraftUnknown, SubmissionInvalid
from tongban.apps.cases.models import ApplicationDraft, Case, Document, DraftDocument
from tongban.infra import clock
from tongban.infra.trail import queries as trail

BOOK = "marriage-certificate"

values = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["甲", "乙", "1", ""])
fields = st.sampled_from(["a.a", "a.b", "a.c"])
saves = st.lists(st.tuples(st.integers(0, 6), st.dictionaries(fields, values)), max_size=8)


def as_typed(value: object) -> tuple[type, object]:
    return type(value), value


@given(saves)
def test_no_save_ever_overwrites_what_its_maker_had_not_seen(
    made: list[tuple[int, Mapping[str, Any]]],
) -> None:
    held: dict[str, drafts.Entry] = {}
    # the oracle: every version of the draft that ever was
    history: list[dict[str, Any]] = [{}]
    for back, given_ in made:
        base = max(0, len(history) - 1 - back)
        seen, now = history[base], history[-1]
        unseen = {
            name
            for name, value in given_.items()
            if any(
                as_typed(one.get(name, "never")) != as_typed(seen.get(name, "never"))
                for one in history[base:]
            )
            and as_typed(now[name]) != as_typed(value)
        }
        found = drafts.clashes(held, base, given_)
        assert found.keys() <= set(given_)
        assert unseen <= found.keys() | {
            n for n in given_ if as_typed(now.get(n, "never")) == as_typed(given_[n])
        }
        for name, both in found.items():
            assert as_typed(both.kept) == as_typed(now[name])
            assert as_typed(both.late) == as_typed(given_[name])
        if not found:
            held = drafts.merged(held, given_, len(history))
            history.append({**now, **given_})
            assert {n: as_typed(e.value) for n, e in held.items()} == {
                n: as_typed(v) for n, v in history[-1].items()
            }
    assert drafts.read(drafts.write(held)) == held


def mother(office: Office) -> Any:
    return office.applicant("newborn")


def test_a_draft_is_gone_on_with_on_another_device(office: Office) -> None:
    who = mother(office)
    first = services.save_draft(who, "newborn", {"child.name": "安一诺"})
    second = services.save_draft(
        who, "newborn", {"child.card_bank": "102", "child.care_wish": "nursery"}, version=1
    )
    assert (second.number, second.version) == (first.number, 2)
    # the first device has not seen the second one's answers, and answers something else
    third = services.save_draft(who, "newborn", {"child.surname_follows": "father"}, version=1)
    shown = queries.draft(who, third.number)
    assert shown["answers"] == {
        "child.name": "安一诺",
        "child.card_bank": "102",
        "child.care_wish": "nursery",
        "child.surname_follows": "father",
    }
    services.save_draft(who, "newborn", {"child.name": None}, version=3)
    assert "child.name" not in queries.draft(who, first.number)["answers"]


def test_a_stale_save_is_refused_with_both_values_and_saves_nothing(office: Office) -> None:
    who = mother(office)
    services.save_draft(who, "newborn", {"child.name": "安一诺"})
    services.save_draft(who, "newborn", {"child.name": "安诺"}, version=1)
    with pytest.raises(DraftMoved) as stale:
        services.save_draft(
            who, "newborn", {"child.name": "安小诺", "child.care_wish": "nursery"}, version=1
        )
    assert stale.value.clashes == {"child.name": drafts.Clash("安诺", "安小诺")}
    zh, en = stale.value.fields["child.name"]
    assert "安诺" in zh
    assert "安小诺" in en
    shown = queries.draft(who, queries.draft_of(who, "newborn"))
    assert (shown["version"], shown["answers"]) == (2, {"child.name": "安诺"})
    # the same value twice is no conflict
    services.save_draft(who, "newborn", {"child.name": "安诺"}, version=1)


def test_a_draft_keeps_what_is_half_typed_and_says_what_is_amiss(office: Office) -> None:
    who = mother(office)
    saved = services.save_draft(who, "newborn", {"child.card_bank": "9"})
    shown = queries.draft(who, saved.number)
    assert shown["answers"] == {"child.card_bank": "9"}
    assert set(shown["mistakes"]) == {"child.card_bank"}
    with pytest.raises(SubmissionInvalid, match="correct"):
        services.save_draft(who, "newborn", {"child.no_such_fact": "1"})


def test_nobody_opens_anothers_draft(office: Office) -> None:
    saved = services.save_draft(mother(office), "newborn", {"child.name": "安一诺"})
    other = office.applicant("newborn", 1)
    for act in (
        lambda: queries.draft(other, saved.number),
        lambda: services.drop_draft(other, saved.number),
        lambda: services.submit_draft(other, saved.number, version=1, consent=True),
        lambda: services.attach(other, saved.number, upload()),
    ):
        with pytest.raises(DraftUnknown):
            act()
    assert queries.drafts_of(other) == []


def upload(content: bytes | None = None, name: str = "我的 证.exe") -> services.Upload:
    return services.Upload(BOOK, name, "application/pdf", base64_of(content or from_a_phone()))


def test_a_file_of_a_draft_is_replaced_only_by_who_has_seen_it(office: Office) -> None:
    who = mother(office)
    saved = services.save_draft(who, "newborn", {})
    services.attach(who, saved.number, upload())
    (shown,) = queries.draft(who, saved.number)["documents"]
    assert (shown["filename"], shown["media_type"]) == ("我的 证.jpg", "image/jpeg")
    with pytest.raises(DraftMoved):
        services.attach(who, saved.number, upload(pdf()))
    services.attach(who, saved.number, upload(pdf()), replaces=shown["digest"])
    (shown,) = queries.draft(who, saved.number)["documents"]
    assert shown["media_type"] == "application/pdf"
    services.detach(who, saved.number, BOOK)
    assert queries.draft(who, saved.number)["documents"] == []
    stray = services.Upload("no-such-paper", "a.jpg", "image/jpeg", base64_of(jpeg()))
    with pytest.raises(SubmissionInvalid):
        services.attach(who, saved.number, stray)


def whole(office: Office, **more: Any) -> tuple[Any, services.Saved]:
    who = mother(office)
    known = {n: v for n, v in office.cast("newborn").items() if "id_number" not in n}
    answers = {**office.answers("newborn"), **known, **more}
    return who, services.save_draft(who, "newborn", answers)


def test_a_draft_is_sent_once_however_often_it_is_clicked(any_office: Office) -> None:
    who, saved = whole(any_office)
    services.attach(who, saved.number, upload())

    def send() -> str:
        return services.submit_draft(who, saved.number, version=2, consent=True)

    numbers = any_office.at_once(send, send, send)
    assert len(set(numbers)) == 1, numbers
    assert Case.objects.count() == 1
    assert send() == numbers[0]
    case = any_office.case(send())
    assert case.materials.keys() == {BOOK}
    assert Document.objects.get().filename == "我的 证.jpg"
    assert DraftDocument.objects.count() == 0
    assert ApplicationDraft.objects.get().answers == {}
    # and the next one may be begun
    assert queries.draft_of(who, "newborn") == ""
    services.save_draft(who, "newborn", {"child.name": "安二诺"})


def test_two_devices_that_begin_at_once_share_one_draft(any_office: Office) -> None:
    who = mother(any_office)
    services.save_draft(who, "enterprise-start", {})

    def begin(name: str, value: str) -> Any:
        return lambda: services.save_draft(who, "newborn", {name: value})

    gate = threading.Barrier(2)

    def at_once(save: Callable[[], services.Saved]) -> str:
        gate.wait()
        try:
            return save().number
        finally:
            any_office.leave()

    with ThreadPoolExecutor(2) as threads:
        numbers = set(
            threads.map(at_once, [begin("child.name", "安"), begin("child.card_bank", "102")])
        )
    assert numbers == {queries.draft_of(who, "newborn")}
    shown = queries.draft(who, queries.draft_of(who, "newborn"))
    assert shown["answers"] == {"child.name": "安", "child.card_bank": "102"}


def test_what_was_saved_after_the_last_look_is_not_sent_unseen(office: Office) -> None:
    who, saved = whole(office)
    services.save_draft(who, "newborn", {"child.care_wish": None}, version=1)
    with pytest.raises(DraftMoved):
        services.submit_draft(who, saved.number, version=1, consent=True)
    assert Case.objects.count() == 0


def test_a_refused_submission_leaves_the_draft_as_it_was(office: Office) -> None:
    who, saved = whole(office, **{"child.card_bank": "999"})
    with pytest.raises(SubmissionInvalid) as wrong:
        services.submit_draft(who, saved.number, version=1, consent=True)
    assert "child.card_bank" in wrong.value.fields
    with pytest.raises(SubmissionInvalid):
        services.submit_draft(who, saved.number, version=1, consent=False)
    assert queries.draft(who, saved.number)["answers"]["child.card_bank"] == "999"


def test_a_draft_lies_sealed(office: Office) -> None:
    who, saved = whole(office, **{"child.name": "安世无双"})
    services.attach(who, saved.number, upload())
    with connection.cursor() as cursor:
        for table in ("cases_applicationdraft", "cases_draftdocument"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            text = " ".join(str(row) for row in cursor.fetchall())
            assert "安世无双" not in text
            assert "我的" not in text
            assert "JFIF" not in text


def test_a_person_is_told_three_days_before_a_draft_goes(office: Office, settings: Any) -> None:
    settings.DRAFT_DAYS = 10
    who, saved = whole(office)
    tick = import_string("tongban.apps.cases.tasks.drafts")
    office.clock.move(days=6, hours=23)
    tick()
    chain = f"cases:draft:{saved.number}"
    assert trail.history(chain) == ()
    office.clock.move(hours=2)
    tick()
    tick()
    (told,) = trail.history(chain)
    assert (told.type, told.on_behalf_of) == ("tongban.cases.draft_ending.v1", who.person_id)
    office.clock.move(days=2, hours=22)
    tick()
    assert ApplicationDraft.objects.exists()
    office.clock.move(hours=2)
    tick()
    assert not ApplicationDraft.objects.exists()
    assert [e.type for e in trail.history(chain)][1:] == ["tongban.cases.draft_ended.v1"]


def test_a_save_lets_a_draft_live_on_and_late_news_moves_the_end(
    office: Office, settings: Any
) -> None:
    settings.DRAFT_DAYS = 10
    who, _ = whole(office)
    tick = import_string("tongban.apps.cases.tasks.drafts")
    office.clock.move(days=8)
    tick()
    services.save_draft(who, "newborn", {"child.care_wish": None}, version=1)
    # the worker is down until long after the end
    office.clock.move(days=40)
    tick()
    row = ApplicationDraft.objects.get()
    assert row.ends == clock.now() + timedelta(days=3)
    office.clock.move(days=3)
    tick()
    assert not ApplicationDraft.objects.exists()
