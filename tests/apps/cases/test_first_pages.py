"""First pages of uploaded PDFs: made once a content by the worker, sealed, and never by a page."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from testkit.office import Office
from testkit.papers import base64_of, one_page, png
from tongban.apps.cases import disclosure, first_pages, services, uploads
from tongban.apps.cases.errors import CaseUnknown
from tongban.apps.cases.models import Document, FirstPage
from tongban.infra.jobs import services as jobs
from tongban.infra.papers import pictures
from tongban.infra.papers.pictures import PictureNotMade

REFUND, INVOICE = "maternity-reimbursement", "hospital-invoice-elsewhere"
THREAD = one_page(box=b"0 0 10000 1")


def sent(office: Office, content: bytes, place: int = 0) -> str:
    """Give a case in which this file was uploaded."""
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")
    upload = services.Upload(INVOICE, "票据.pdf", "", base64_of(content))
    return office.submit(place=place, uploads=[upload])


def seen(office: Office, number: str, lang: str = "zh", place: int = 0) -> dict[str, object]:
    sight = disclosure.look(office.applicant("newborn", place), number)
    (one,) = uploads.listed(sight, sight.items, lang)
    return one


def test_the_worker_draws_what_came_in_once_a_content_and_it_lies_sealed(office: Office) -> None:
    first = sent(office, one_page())
    assert not FirstPage.objects.exists()  # nobody who sends waits for it
    jobs.run_until_idle()
    row = FirstPage.objects.get()
    assert (row.reason, bytes(row.content)) == ("", pictures.first_page(one_page()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT digest, content FROM cases_firstpage")
        ((digest, content),) = cursor.fetchall()
    assert str(row.digest) not in str(digest)
    assert b"WEBP" not in bytes(content)

    office.clock.move(hours=1)
    second = sent(office, one_page(), place=1)
    jobs.run_until_idle()
    assert FirstPage.objects.get().made == row.made
    for number, place in ((first, 0), (second, 1)):
        sight = disclosure.look(office.applicant("newborn", place), number)
        assert uploads.first_page(sight, INVOICE) == bytes(row.content)
        assert uploads.whole(sight, INVOICE)[1:] == ("application/pdf", one_page())
    assert jobs.dead_letters() == ()


def test_an_answer_with_a_pdf_is_drawn_too_and_the_newest_is_shown(office: Office) -> None:
    number = sent(office, THREAD)
    jobs.run_until_idle()
    clerk = office.official("medical-insurance", "clerk")
    services.ask_correction(clerk, number, REFUND, [(INVOICE, "票据不清晰")])
    better = services.Upload(INVOICE, "票据.pdf", "", base64_of(one_page()))
    services.answer(office.applicant("newborn"), number, {}, [better])
    jobs.run_until_idle()
    assert {row.reason for row in FirstPage.objects.all()} == {"", "odd"}
    assert seen(office, number)["no_picture"] == ""
    assert uploads.first_page(disclosure.look(clerk, number), INVOICE)[8:12] == b"WEBP"


def test_a_hostile_file_is_tried_once_and_the_word_is_kept(office: Office) -> None:
    number = sent(office, THREAD)
    assert seen(office, number)["no_picture"] == ""  # nobody knows yet
    jobs.run_until_idle()
    made = FirstPage.objects.get().made
    for lang, words in zip(("zh", "en"), pictures.REASONS["odd"], strict=True):
        assert seen(office, number, lang)["no_picture"] == words
    office.clock.move(hours=1)
    sight = disclosure.look(office.applicant("newborn"), number)
    with pytest.raises(PictureNotMade) as refused:
        uploads.first_page(sight, INVOICE)
    assert refused.value.reason == "odd"
    first_pages.ensure(number)
    assert FirstPage.objects.get().made == made
    assert uploads.whole(sight, INVOICE)[2] == THREAD  # nothing was lost
    assert jobs.dead_letters() == ()


def test_two_who_look_before_it_is_drawn_keep_one_picture(any_office: Office) -> None:
    number = sent(any_office, one_page())
    row = Document.objects.get(case=number)
    ready = Barrier(3)

    def look(_: int) -> bytes:
        try:
            ready.wait()
            return first_pages.picture(row)
        finally:
            any_office.leave()

    with ThreadPoolExecutor(3) as threads:
        drawn = set(threads.map(look, range(3)))
    assert drawn == {bytes(FirstPage.objects.get().content)}


def test_a_photo_and_a_case_out_of_sight_have_no_first_page(office: Office) -> None:
    number = sent(office, png())
    jobs.run_until_idle()
    assert not FirstPage.objects.exists()
    own = disclosure.look(office.applicant("newborn"), number)
    police = disclosure.look(office.official("police", "reviewer"), number)
    assert uploads.listed(police, own.items, "zh") == []
    for sight, code in ((own, INVOICE), (own, "articles"), (police, INVOICE)):
        with pytest.raises(CaseUnknown):
            uploads.first_page(sight, code)
    with pytest.raises(CaseUnknown):
        uploads.whole(police, INVOICE)


def test_without_the_extra_nothing_is_asked_of_the_worker_and_a_word_is_said(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    number = sent(office, one_page())
    first_pages.ensure(number)
    jobs.run_until_idle()
    assert not FirstPage.objects.exists()
    assert seen(office, number, "en")["no_picture"] == pictures.REASONS[pictures.ABSENT][1]
    with pytest.raises(PictureNotMade):
        uploads.first_page(disclosure.look(office.applicant("newborn"), number), INVOICE)
    monkeypatch.undo()  # installed later: it is drawn when somebody looks, and no word stands there
    assert seen(office, number)["no_picture"] == ""
    assert uploads.first_page(disclosure.look(office.applicant("newborn"), number), INVOICE)
