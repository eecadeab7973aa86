"""A session that ends while somebody types takes nothing away, and gives nothing to another."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from testkit.browsers import signed_in
from testkit.clock import Clock
from testkit.office import Office
from testkit.papers import pdf
from testkit.phones import Phone
from tongban.apps.cases.models import ApplicationDraft
from tongban.apps.licences.models import Licence
from tongban.infra import clock as port
from tongban.infra.access import factors, keeping, tasks
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import KeptForm, User

PASSWORD = "plum blossom in snow"
HERE = "/apply/newborn/answers"


@pytest.fixture(autouse=True)
def quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def mother(office: Office) -> Subject:
    return office.applicant("newborn")


def browser(subject: Subject) -> Client:
    """Give the browser of somebody signed in, which checks tokens as a real one is checked."""
    client = signed_in(subject)
    client.handler.enforce_csrf_checks = True
    return client


def tree(answer: Any) -> Any:
    return html.fromstring(answer.content.decode())


def text(answer: Any) -> str:
    return " ".join(tree(answer).xpath("//main")[0].text_content().split())


def login_of(subject: Subject) -> str:
    user = User.objects.get(pk=subject.user_id)
    user.set_password(PASSWORD)
    user.save()
    return user.username


def token(answer: Any) -> str:
    return str(tree(answer).xpath("//input[@name='csrfmiddlewaretoken']/@value")[0])


def send(client: Client, page: Any, action: str, sent: dict[str, Any], come_from: str) -> Any:
    """Send a form of a page as a browser does: with its token and where it stood."""
    return client.post(
        action,
        {**sent, "csrfmiddlewaretoken": token(page)},
        headers={"Referer": f"http://testserver{come_from}"},
    )


def enter(client: Client, login: str, back: str) -> Any:
    """Sign in by name and password, and go where that leads."""
    door = client.get(back)
    sent = {"username": login, "password": PASSWORD, "next": hidden(door, "next")}
    return client.post("/sign-in", {**sent, "csrfmiddlewaretoken": token(door)}, follow=True)


def hidden(answer: Any, name: str) -> str:
    return str(tree(answer).xpath(f"//main//input[@name='{name}']/@value")[0])


def answers(page: Any, **given: str) -> dict[str, Any]:
    (form,) = tree(page).xpath("//main//form")
    put = form.xpath(".//input[@name='put']/@value")
    return {"version": hidden(page, "version"), "put": put, **given}


def value(page: Any, name: str) -> str:
    (one,) = tree(page).xpath(f"//main//input[@name='{name}']")
    return str(one.get("value"))


@pytest.mark.parametrize("view", ["standard", "elder"])
def test_what_was_typed_is_back_after_the_same_person_signs_in_and_is_sent_by_hand(
    office: Office, clock: Clock, mother: Subject, view: str
) -> None:
    login = login_of(mother)
    client = browser(mother)
    client.get(f"/?view={view}")
    page = client.get(f"{HERE}?at=child.name")
    clock.move(minutes=31)
    typed = answers(page, **{"child.name": "安<b>一诺"})
    late = send(client, page, HERE, typed, f"{HERE}?at=child.name")
    assert late["Location"] == f"/sign-in?next={HERE.replace('/', '%2F')}%3Fat%3Dchild.name"
    assert "填写的内容已保留" in text(client.get(late["Location"]))
    assert not ApplicationDraft.objects.exists()
    again = enter(client, login, late["Location"])
    assert again.redirect_chain[-1][0] == f"{HERE}?at=child.name"
    assert "已填回，尚未提交" in text(again)
    assert value(again, "child.name") == "安<b>一诺"
    assert not ApplicationDraft.objects.exists()
    assert value(client.get(f"{HERE}?at=child.name"), "child.name") == "安<b>一诺"
    send(client, again, HERE, answers(again, **{"child.name": value(again, "child.name")}), HERE)
    assert ApplicationDraft.objects.get().answers["child.name"][0] == "安<b>一诺"
    assert not KeptForm.objects.exists()
    assert "已填回" not in text(client.get(f"{HERE}?at=child.name"))


def test_nobody_else_on_the_same_telephone_sees_it(
    office: Office, clock: Clock, mother: Subject
) -> None:
    other = login_of(office.applicant("old-age-allowance"))
    client = browser(mother)
    page = client.get(HERE)
    clock.move(minutes=31)
    late = send(client, page, HERE, answers(page, **{"child.name": "安一诺"}), HERE)
    (row,) = KeptForm.objects.all()
    assert "安一诺" not in repr(KeptForm.objects.values_list("sent", flat=True)[0])
    assert all("安" not in morsel.value for morsel in client.cookies.values())
    door = client.get(late["Location"])
    assert "安一诺" not in door.content.decode()
    theirs = enter(client, other, late["Location"])
    assert "安一诺" not in theirs.content.decode()
    assert "已填回" not in text(theirs)
    assert not KeptForm.objects.filter(pk=row.pk).exists()
    login = login_of(mother)
    client.cookies.clear()
    assert "安一诺" not in enter(client, login, late["Location"]).content.decode()


def test_another_tab_that_finds_the_session_ended_does_not_lose_it(
    office: Office, clock: Clock, mother: Subject
) -> None:
    login = login_of(mother)
    client = browser(mother)
    page = client.get(HERE)
    clock.move(hours=11)
    client.get("/")  # another tab: from here on a stranger's session
    late = send(client, page, HERE, answers(page, **{"child.name": "安一诺"}), HERE)
    assert value(enter(client, login, late["Location"]), "child.name") == "安一诺"


def test_a_page_of_the_session_before_is_not_lost_after_signing_in_elsewhere(
    office: Office, clock: Clock, mother: Subject
) -> None:
    login, other = login_of(mother), login_of(office.applicant("old-age-allowance"))
    client = browser(mother)
    page = client.get(HERE)
    clock.move(minutes=31)
    client.get("/")  # another tab, in which the same person signs in
    enter(client, login, "/sign-in?next=/me")
    typed = answers(page, **{"child.name": "安一诺"})
    for guess in ("x" * 64, "x" * 32, ""):  # another site knows no token
        assert client.post(HERE, {**typed, "csrfmiddlewaretoken": guess}).status_code == 403
        assert not KeptForm.objects.exists()
    again = send(client, page, HERE, typed, HERE)
    assert again["Location"] == HERE
    assert not ApplicationDraft.objects.exists()
    assert value(client.get(HERE), "child.name") == "安一诺"
    clock.move(minutes=31)
    client.get("/")
    enter(client, other, "/sign-in?next=/me")
    for _ in range(2):
        refused = send(client, page, HERE, typed, HERE)
        assert refused.status_code == 403
        assert "安一诺" not in client.get(HERE).content.decode()


def test_strangers_other_sites_and_those_who_left_fill_no_table(
    office: Office, clock: Clock, mother: Subject
) -> None:
    stranger = Client(enforce_csrf_checks=True)
    door = stranger.get("/sign-in")
    sent = send(stranger, door, HERE, {"child.name": "x"}, HERE)
    assert sent["Location"].startswith("/sign-in?next=")
    assert "已保留" not in text(stranger.get(sent["Location"]))
    client = browser(mother)
    page = client.get(HERE)
    clock.move(minutes=31)
    forged = client.post(HERE, {"child.name": "x"}, headers={"Referer": "http://evil.example/"})
    assert forged.status_code == 403
    assert "页面已过期" in text(forged)
    assert "evil" not in forged.content.decode()
    client.post("/leave", {"csrfmiddlewaretoken": token(page)})
    left = send(client, page, HERE, answers(page, **{"child.name": "安一诺"}), HERE)
    assert left["Location"].startswith("/sign-in?next=")
    assert not KeptForm.objects.exists()


def test_what_is_too_long_and_files_are_not_kept_and_the_page_says_so(
    office: Office, clock: Clock, mother: Subject
) -> None:
    login = login_of(mother)
    client = browser(mother)
    page = client.get(HERE)
    clock.move(minutes=31)
    much = answers(page, **{"child.name": "安" * (keeping.LONGEST // 3)})
    late = send(client, page, HERE, much, HERE)
    assert "过长，未能保留" in text(client.get(late["Location"]))
    assert not KeptForm.objects.exists()
    again = enter(client, login, late["Location"])
    assert "已填回" not in text(again)
    papers = "/apply/newborn/documents"
    page = client.get(papers)
    clock.move(minutes=31)
    paper = SimpleUploadedFile("a.pdf", pdf(), "application/pdf")
    late = send(client, page, papers, {"birth-certificate": paper, "stay": "1"}, papers)
    assert "文件没有保留" in text(client.get(late["Location"]))
    assert "文件没有保留" in text(enter(client, login, late["Location"]))
    assert not ApplicationDraft.objects.exists()


def test_a_decision_that_came_late_is_not_taken_and_its_reason_is_back(
    office: Office, clock: Clock
) -> None:
    reviewer = office.official("medical-insurance", "reviewer")
    number, login = office.submit(), login_of(reviewer)
    here = f"/desk/cases/{number}/maternity-reimbursement"
    client = browser(reviewer)
    page = client.get(here)
    (form,) = tree(page).xpath("//form[.//button[@value='decide0']]")
    sent = {one.get("name"): one.get("value") for one in form.xpath(".//input[@type='hidden']")}
    sent |= {"act": "decide0", "decide0.outcome": "refuse", "decide0.reason": "票据不符"}
    clock.move(minutes=31)
    before = office.tasks(number)
    late = send(client, page, form.get("action"), sent, here)
    assert office.tasks(number) == before
    again = enter(client, login, late["Location"])
    (form,) = tree(again).xpath("//form[.//button[@value='decide0']]")
    assert form.xpath(".//textarea")[0].text.strip() == "票据不符"
    assert form.xpath(".//input[@value='refuse'][@checked]")
    assert not form.xpath(".//input[@value='grant'][@checked]")
    assert office.tasks(number) == before


def test_a_new_password_is_never_kept(office: Office, clock: Clock, mother: Subject) -> None:
    client = browser(mother)
    page = client.get("/account")
    clock.move(minutes=31)
    sent = {"old": PASSWORD, "new": "crane over the river"}
    late = send(client, page, "/account/password", sent, "/account")
    assert late["Location"] == "/sign-in?next=%2Faccount"
    assert not KeptForm.objects.exists()


def test_what_was_typed_for_somebody_else_waits_until_one_acts_for_them_again(
    office: Office, clock: Clock, mother: Subject
) -> None:
    login = login_of(mother)
    client = browser(mother)
    page = client.get(HERE)
    clock.move(minutes=31)
    late = send(client, page, HERE, answers(page, **{"child.name": "安一诺"}), HERE)
    (row,) = KeptForm.objects.all()
    row.sent = {**row.sent, "behalf": "delegation-7"}
    row.save()
    again = enter(client, login, late["Location"])
    assert "代办时填写的内容已保留" in text(again)
    assert "安一诺" not in again.content.decode()


def test_what_nobody_comes_back_for_goes_after_a_day(
    office: Office, clock: Clock, mother: Subject
) -> None:
    login = login_of(mother)
    client = browser(mother)
    page = client.get(HERE)
    clock.move(minutes=31)
    late = send(client, page, HERE, answers(page, **{"child.name": "安一诺"}), HERE)
    clock.move(hours=23)
    tasks.tidy()
    assert KeptForm.objects.exists()
    clock.move(hours=2)
    assert "安一诺" not in enter(client, login, late["Location"]).content.decode()
    tasks.tidy()
    assert not KeptForm.objects.exists()


def test_what_was_typed_is_back_after_more_was_proved_and_nothing_was_done_before(
    office: Office, clock: Clock
) -> None:
    number = office.submit()
    identifier = office.branch(number, "birth-certificate").licence.partition(":")[2]
    way = f"/desk/licences/{identifier}"
    approver = office.official("health", "approver")
    user = User.objects.get(pk=approver.user_id)
    app = Phone(factors.begin_app(user).secret)
    factors.confirm_app(user, app.at(port.now()))
    clock.move(minutes=1)
    client = signed_in(approver, "pwd")
    client.handler.enforce_csrf_checks = True
    typed = {"act": "suspend", "authority": "行政许可法第六十九条", "reason": "核查<b>"}
    sent = send(client, client.get(way), way, typed, way)
    assert sent["Location"].startswith("/sign-in/more?")
    assert Licence.objects.get(identifier=identifier).state == "valid"
    door = client.get(sent["Location"])
    more = {"code": app.at(port.now()), "next": hidden(door, "next")}
    back = client.post("/sign-in/more", {**more, "csrfmiddlewaretoken": token(door)}, follow=True)
    assert back.redirect_chain[-1][0] == way
    assert "您刚才填写的内容已填回，尚未提交" in text(back)
    filled = {one.get("name"): one for one in tree(back).xpath("//main//*[@name]")}
    assert filled["authority"].get("value") == "行政许可法第六十九条"
    assert filled["reason"].text.strip() == "核查<b>"
    assert Licence.objects.get(identifier=identifier).state == "valid"
    assert send(client, back, way, typed, way).status_code == 302
    assert Licence.objects.get(identifier=identifier).state == "suspended"
    assert not KeptForm.objects.exists()
