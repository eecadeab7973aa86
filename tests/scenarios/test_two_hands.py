"""Two people, or two workers, reach for the same work at once: nothing happens twice."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from testkit.office import Office
from tongban.apps.cases import services
from tongban.apps.cases.domain.state import Case, Stage
from tongban.apps.cases.errors import CaseMoved, CaseRefused
from tongban.apps.cases.models import Case as Row
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.exchange import transport
from tongban.apps.licences.models import AssignedNumber, Licence
from tongban.infra.trail import queries as trail

ITEM = "maternity-reimbursement"
GRANT = services.Verdict({"outcome": "grant"}, "材料齐全")
REFUSE = services.Verdict({"outcome": "refuse"}, "票据不符")


def decisions(number: str, step: str) -> list[str]:
    return [
        e.actor
        for e in trail.history(number)
        if e.step == step and e.type == "tongban.cases.stepped.v1"
    ]


def said(number: str, kind: str) -> Counter[str]:
    return Counter(e.item for e in trail.history(number) if e.type == f"tongban.cases.{kind}.v1")


def test_two_clerks_decide_at_once_and_one_of_them_is_told_so(any_office: Office) -> None:
    office = any_office
    number = office.submit()
    step = office.tasks(number)[0].step
    one = office.official("medical-insurance", "reviewer")
    other = office.appoint("medical-insurance", "reviewer", "another-reviewer")
    came = office.at_once(
        partial(services.decide, one, number, ITEM, step, GRANT),
        partial(services.decide, other, number, ITEM, step, REFUSE),
    )
    (refused,) = [c for c in came if isinstance(c, Exception)]
    assert isinstance(refused, CaseMoved)
    assert "somebody else" in refused.en
    assert "他人" in refused.zh
    (won,) = [c for c in came if isinstance(c, Case)]
    winner = (one, other)[came.index(won)]
    assert decisions(number, step) == [winner.user_id]
    assert trail.verify(number) is None
    loser = (other, one)[came.index(won)]
    with pytest.raises(CaseRefused):
        services.decide(loser, number, ITEM, step, GRANT)


def test_a_payment_that_two_approvers_agree_to_is_ordered_once(any_office: Office) -> None:
    office = any_office
    number = office.submit()
    reviewer = office.official("medical-insurance", "reviewer")
    services.decide(reviewer, number, ITEM, office.tasks(number)[0].step, GRANT)
    task = office.tasks(number)[0]
    assert task.post == "approver"
    hands = [
        office.official("medical-insurance", "approver"),
        office.appoint("medical-insurance", "approver", "another-approver"),
    ]
    came = office.at_once(
        *(partial(services.decide, hand, number, ITEM, task.step, GRANT) for hand in hands)
    )
    assert [type(c) for c in came if isinstance(c, Exception)] == [CaseMoved]
    assert PaymentOrder.objects.count() == 1
    assert len(decisions(number, task.step)) == 1


def test_two_clerks_of_two_cases_give_out_numbers_at_once(any_office: Office) -> None:
    office = any_office
    cases = []
    for _ in range(2):
        office.next_birth()
        cases.append(office.submit(child__surname_follows="other"))
    for number in cases:
        assert office.branch(number, "household-registration").stage is Stage.PROCESSING
    step = next(t.step for t in office.tasks(cases[0]) if t.item == "household-registration")
    reviewer = office.official("police", "reviewer")
    came = office.at_once(
        *(
            partial(services.decide, reviewer, number, "household-registration", step, GRANT)
            for number in cases
        )
    )
    assert [c for c in came if isinstance(c, Exception)] == []
    given = [office.case(number).facts["child.id_number"].value for number in cases]
    assert len(set(given)) == 2


def test_a_broken_case_does_not_stop_the_others(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.close("human-resources")
    broken, sound = office.submit(), office.submit(place=1)
    row = Row.objects.get(number=broken)
    row.state |= {"version": 99}
    row.save(update_fields=["state"])
    office.open("human-resources")
    office.clock.move(minutes=1)
    assert services.wake() == 2
    assert broken in caplog.text
    assert office.branch(sound, ITEM).stage is not Stage.GATHERING
    assert services.wake() == 0


@pytest.mark.parametrize("how", ["wake", "advance"])
def test_two_workers_take_up_one_case_and_do_nothing_twice(any_office: Office, how: str) -> None:
    office = any_office
    office.close("human-resources")
    number = office.submit()
    office.open("human-resources")
    office.clock.move(minutes=1)
    act = services.wake if how == "wake" else partial(services.advance, number)
    came = office.at_once(act, act)
    assert not [c for c in came if isinstance(c, Exception)]
    card = office.branch(number, "social-security-card")
    assert card.stage is Stage.GRANTED
    licences = Counter(Licence.objects.filter(case=number).values_list("item", flat=True))
    assert set(licences.values()) == {1}
    for kind in ("accepted", "ended", "delivered"):
        assert set(said(number, kind).values()) == {1}
    assert trail.verify(number) is None


@pytest.mark.slow
def test_twenty_applications_at_once_get_numbers_of_their_own(any_office: Office) -> None:
    office = any_office
    numbers: list[str] = []
    failed: list[BaseException] = []

    def apply(places: range) -> None:
        try:
            numbers.extend(office.submit(place=place) for place in places)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)
        finally:
            office.leave()

    threads = [threading.Thread(target=apply, args=(range(n, 20, 4),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(set(numbers)) == 20
    for number in numbers:
        stages = {b.stage for b in office.case(number).branches.values()}
        assert not stages & {Stage.WAITING, Stage.GATHERING}
        assert trail.verify(number) is None
    issued = Licence.objects.values_list("identifier", flat=True)
    assert len(issued) == len(set(issued)) >= 60
    given = AssignedNumber.objects.filter(kind="identity-number")
    assert len(set(given.values_list("number", flat=True))) == given.count() >= 15


def test_threads_that_make_the_first_call_at_once_share_one_node(any_office: Office) -> None:
    """Two nodes in one process would open one log twice, and refuse one another."""
    transport._made.cache_clear()
    begin = threading.Barrier(8)

    def take(_: int) -> transport.Transport:
        begin.wait()
        try:
            return transport.transport()
        finally:
            any_office.leave()

    with ThreadPoolExecutor(8) as threads:
        (one,) = set(threads.map(take, range(8)))
    assert one is transport.transport()
