"""The demonstration: one person of the sample city applies once, and everything runs for real.

Nothing is staged: the same submit, sources, rules, people's steps and licences as in service; the
figures are counted from the definitions, the case and its trail. Where a step is a person's, the
official of the sample city who holds the post decides it.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tongban.apps.fees import queries as fees
from tongban.apps.fees import services as collecting
from tongban.apps.items import queries as items
from tongban.apps.items.domain import LifeEvent
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.access.models import User
from tongban.infra.trail import queries as trail
from tongban.kernel import workdays
from tongban.kernel.facts import Words

from . import queries, services
from .domain import acceptance, engine
from .domain.state import Json, Stage
from .models import Case

AGREED = Words("材料齐全，符合条件，同意", "complete and in order: agreed")


class Till(Protocol):
    """Where the applicant of the demonstration pays: a bank, and a finger on its page's button."""

    def open(self) -> None:
        """Let a bank be there."""

    def confirm(self, page: str) -> None:
        """Pay on the page with this address."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies in the demonstration, and what this person answers."""

    user: User
    life_event: str
    answers: Mapping[str, Json]


def next_of(life_event: str, cast: Sequence[Mapping[str, str]], key: str) -> Mapping[str, str]:
    """Give the first of the cast who has not applied for this yet, so that it can be run again.

    Raises LookupError where everybody has: a result is given once.
    """
    done = {
        parties.id_number(person)
        for person in Case.objects.filter(life_event=life_event).values_list("applicant", flat=True)
    }
    for known in cast:
        if known[key] not in done:
            return known
    raise LookupError(
        f"all {len(cast)} of the sample city have applied for {life_event!r}: make a new city in "
        "another TONGBAN_HOME / 样例城市中的对象均已申请，请另设 TONGBAN_HOME 新建样例城市"
    )


def run(applicant: Applicant, lang: str, till: Till) -> dict[str, Json]:
    """Apply once, pay what is to be paid, let officials do what is theirs; report what happened."""
    subject = parties.subject_of(applicant.user, COMMAND)
    event = items.life_event(applicant.life_event)
    started = time.perf_counter()
    number = services.submit(
        subject,
        services.Submission(applicant.life_event, applicant.answers, consent=True),
    )
    automatic = time.perf_counter() - started
    people, paid = 0, 0.0
    while True:
        people += officials_act(number, lang)
        began = time.perf_counter()
        if not pay(subject, number, till):
            break
        paid += time.perf_counter() - began
    elapsed = time.perf_counter() - started
    return report(number, event, lang) | {
        "elapsed_s": round(elapsed, 3),
        "automatic_s": round(automatic, 3),
        "decisions_by_people": people,
        "paying_s": round(paid, 3),
        "fees": [fees.order_view(order, lang) for order in fees.of_case(number)],
    }


def pay(subject: Subject, number: str, till: Till) -> bool:
    """Pay the fees of a case at the bank, and let the case go on; say whether there were any."""
    orders = list(fees.of_case(number).filter(state="open"))
    for order in orders:
        till.open()
        till.confirm(collecting.pay(subject, order.number))
        collecting.ask_bank(order.number)
    if orders:
        services.advance(number)
    return bool(orders)


def officials_act(number: str, lang: str) -> int:
    """Let the officials of the sample city decide what waits for them, favourably; count it."""
    done = 0
    while True:
        loaded = queries.load(number)
        task = next(iter(engine.tasks(loaded.case, loaded.ground)), None)
        if task is None:
            return done
        definition = loaded.ground.definitions[task.item]
        official = _official(definition.department, task.post)
        if task.step == "acceptance":
            services.accept(official, number, task.item, accept=True)
        else:
            verdict = services.Verdict({"outcome": "grant"}, AGREED.of(lang))
            services.decide(official, number, task.item, task.step, verdict)
        done += 1


def _official(department: str, role: str) -> Subject:
    users = parties.officials(department, role)
    if not users:
        raise LookupError(f"nobody holds the post {role} in {department}: run `tongban setup`")
    return parties.subject_of(users[0], COMMAND)


def report(number: str, event: LifeEvent, lang: str) -> dict[str, Json]:
    """Count what a case asked, fetched, waived, decided and left behind."""
    loaded = queries.load(number)
    case, ground = loaded.case, loaded.ground
    facts = case.facts.values()
    fetched = [k for k in facts if k.origin == "source" and k.status == "value"]
    asked = [k for k in facts if k.origin == "applicant"]
    applicable = [
        m
        for m in event.plan.materials
        if m.spec.necessity == "required" and _applies(loaded, m.item, m.spec.code)
    ]
    waived = [m for m in applicable if acceptance.waived(m.spec, case)]
    handed_in = [m for m in applicable if m.spec.code in case.materials]
    branches = [queries.branch_view(case, b, ground, lang) for b in case.branches.values()]
    decided = [b for b in branches if b["decided_by"]]
    by_rule = [b for b in decided if b["decided_by"] == "rule"]
    history = trail.history(number)
    return {
        "life_event": event.slug,
        "name": event.name.of(lang),
        "case": number,
        "applicant": case.applicant,
        "branches": branches,
        "sources": _sources(loaded, lang),
        "answers": [
            row for row in queries.facts_view(loaded, lang) if row["origin"] == "applicant"
        ],
        "fields_total": len(fetched) + len(asked),
        "fields_fetched": len(fetched),
        "fields_asked": len(asked),
        "materials_total": len(applicable),
        "materials_waived": len(waived),
        "materials_by_licence": sum(acceptance.by_held(m.spec, case) for m in applicable),
        "not_asked_share": round(len(waived) / len(applicable), 3) if applicable else 0,
        "materials_uploaded": len(handed_in),
        "materials_not_asked": list(dict.fromkeys(m.spec.name.of(lang) for m in waived)),
        "visits": queries.visits(loaded, history),
        "steps": sum(b.steps for b in case.branches.values()),
        "unattended_share": round(len(by_rule) / len(decided), 3) if decided else 0,
        "calls": case.calls,
        "events": len(history),
        "chain_ok": trail.verify(number) is None,
        "licences": queries.licences_of(number),
        "before_after": before_after(event, loaded),
    }


def _applies(loaded: queries.Loaded, item: str, code: str) -> bool:
    branch = loaded.case.branches.get(item)  # a case may be for some items of its life event
    if branch is None or branch.stage is Stage.NOT_APPLICABLE:
        return False
    return code in queries.required_materials(loaded, branch)


def _sources(loaded: queries.Loaded, lang: str) -> list[dict[str, Json]]:
    """Group what was fetched by the department that owns it."""
    rows: dict[str, list[str]] = {}
    for row in queries.facts_view(loaded, lang):
        if row["origin"] == "source" and row["status"] == "value":
            rows.setdefault(row["department"], []).append(row["label"])
    return [{"department": d, "facts": labels} for d, labels in rows.items()]


def before_after(event: LifeEvent, loaded: queries.Loaded) -> dict[str, Json]:
    """Compare handling every item by itself with applying once, from the definitions.

    Before: submissions, visits and days of each item done alone, one after another along its
    dependencies, and documents that several items ask for. After: this case. ``quoted`` are the
    report's figures, which are claims and not measurements.
    """
    case, ground = loaded.case, loaded.ground
    open_ = [b for b in case.branches.values() if b.stage is not Stage.NOT_APPLICABLE]
    alone = {b.item: ground.definitions[b.item].alone for b in open_}
    documents = [code for b in open_ for code in queries.required_materials(loaded, b)]
    people = sum(1 for b in open_ if b.decided_by == "person")
    return {
        "before": {
            "links": sum(a.submissions for a in alone.values()),
            "visits": sum(a.visits for a in alone.values()),
            "days": _longest(
                {b.item: b.after for b in open_}, {i: a.days for i, a in alone.items()}
            ),
            "documents": len(documents),
            "repeated_documents": len(documents) - len(set(documents)),
        },
        "after": {
            "links": 1 + people + sum(1 for b in open_ if b.fee),
            "visits": queries.visits(loaded, trail.history(case.number)),
            "days": _working_days(loaded),
            "documents": len(case.materials),
            "repeated_documents": 0,
        },
        "quoted": dict(event.before),
    }


def _longest(after: Mapping[str, tuple[str, ...]], days: Mapping[str, int]) -> int:
    """Give the days of the longest chain of dependencies: items done alone, one after another."""
    reached: dict[str, int] = {}
    while len(reached) < len(after):
        for item, before in after.items():
            open_before = [b for b in before if b in after]
            if item not in reached and all(b in reached for b in open_before):
                reached[item] = days[item] + max((reached[b] for b in open_before), default=0)
    return max(reached.values(), default=0)


def _working_days(loaded: queries.Loaded) -> int:
    """Give the working days from submission to the last decision of this case."""
    case = loaded.case
    last = max((b.decided for b in case.branches.values() if b.decided), default=case.reference)
    return workdays.workdays_between(loaded.ground.calendar, case.reference, last)
