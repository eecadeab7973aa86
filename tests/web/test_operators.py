"""Django's admin pages are the operators': who comes in, what is seen, what may be done there."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from testkit.browsers import signed_in
from testkit.office import Office
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.access.elevation import elevate
from tongban.infra.access.models import User
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import queries as trail
from tongban.web.operators import site

JOBS = "/admin/django_tasks_database/dbtaskresult/"


@pytest.fixture
def operator(office: Office) -> Subject:
    return office.appoint("data-bureau", "operator", "ops")


def lists() -> list[str]:
    return ["/admin/"] + [
        f"/admin/{of._meta.app_label}/{of._meta.model_name}/" for of in site._registry
    ]


def fail() -> None:
    raise LookupError("the other side is down")


def dead(office: Office, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let a job fail for good; give its number."""
    monkeypatch.setattr(jobs, "_jobs", {})
    jobs.job("falls", retries=0, backoff=timedelta(0))(fail)
    jobs.enqueue("falls", {})
    jobs.run_until_idle()
    (letter,) = jobs.dead_letters()
    return letter.job_id


def test_nobody_but_an_operator_comes_in(office: Office, operator: Subject) -> None:
    office.appoint("data-bureau", "admin", "data.admin")
    User.objects.filter(username="data.admin").update(is_staff=True, is_superuser=True)
    User.objects.create_superuser("root", password="plum blossom in snow")
    root = Client()
    root.force_login(User.objects.get(username="root"))
    others = [
        Client(),
        root,
        signed_in(office.official("data-bureau", "admin")),
        signed_in(office.applicant("newborn")),
        signed_in(office.official("data-bureau", "reviewer")),
        signed_in(office.official("medical-insurance", "approver")),
    ]
    for client in others:
        for path in (*lists(), "/admin/password_change/", "/admin/jsi18n/"):
            answer = client.get(path)
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/admin/login/?next="), path
    told = trail.history(f"user:{office.official('data-bureau', 'admin').user_id}")
    assert told[-1].type == "tongban.access.denied.v1"


def test_an_operator_with_one_factor_proves_more_first(operator: Subject) -> None:
    client = signed_in(operator, "pwd")
    for path in lists():
        assert client.get(path)["Location"].startswith("/sign-in/more?next=%2Fadmin%2F"), path


def test_an_operator_reads_and_edits_nothing(
    office: Office, operator: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dead(office, monkeypatch)
    client = signed_in(operator)
    for path in lists():
        assert client.get(path).status_code == 200, path
        assert path == "/admin/" or client.get(f"{path}add/").status_code == 403
    one = f"{JOBS}{job}/"
    assert "the other side is down" in client.get(f"{one}change/").content.decode()
    assert client.post(f"{one}change/", {"status": "READY"}).status_code == 403
    assert client.post(f"{one}delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/password_change/")["Location"] == "/account"
    assert client.get("/admin/auth/group/").status_code == 404


def again(client: Client, job: str) -> Any:
    form = {"action": "try_again", "_selected_action": [job]}
    return client.post(JOBS, form, follow=True).content.decode()


def test_trying_a_job_again_needs_the_role_raised_and_is_told(
    office: Office, operator: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = dead(office, monkeypatch)
    client = signed_in(operator)
    assert "请先申请临时提权" in again(client, job)
    assert DBTaskResult.objects.get(pk=job).status == "FAILED"
    elevate(operator, "operator", reason="对方已恢复", minutes=10)
    assert "已重新排队" in again(client, job)
    assert DBTaskResult.objects.get(pk=job).status == "READY"
    assert "NotDead" in again(client, job)
    [told] = trail.history(f"job:{job}")
    assert (told.type, told.actor) == ("tongban.jobs.requeued.v1", operator.user_id)
    raised = parties.subject_of(User.objects.get(pk=operator.user_id), COMMAND).raised
    assert raised == {"operator"}
