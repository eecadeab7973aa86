"""Fetches facts about one person: exactly the planned calls, under grants that are in force now.

Says for every fact what is known and from where, and never hides that a source is down. Never runs
inside a transaction. Values are not written to the trail, only which facts were asked and what came
of it.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from tongban.apps.exchange import consents, queries
from tongban.apps.exchange.domain import (
    Answer,
    Catalogue,
    Fetched,
    Purpose,
    Source,
    Status,
    purposes,
)
from tongban.apps.exchange.events import CALLED
from tongban.apps.exchange.transport import Asked, Heard, NodeRefused, SourceSilent, transport
from tongban.infra import clock
from tongban.infra.once import one_look
from tongban.kernel.events import Draft
from tongban.kernel.facts import Fact, FactInvalid, Value, parse_value
from tongban.kernel.forms import Call, LegalBasis, Use
from tongban.kernel.wire.words import Plain, Question


class InsideTransaction(RuntimeError):
    """A source was to be called while a transaction was open; call it before."""


def outside_transaction() -> None:
    """Raise `InsideTransaction` where one is open."""
    if connection.in_atomic_block:
        raise InsideTransaction(
            "InsideTransaction: fetch before the transaction, save what came of it inside"
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """A call to make: the facts it is for, the values of its keys, and what it is for."""

    facts: Sequence[str]
    about: Mapping[str, Value]
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class _Asking:
    """What goes out of a call: the question, the facts it is for, and whose answer it will be."""

    asked: Asked
    facts: Sequence[Fact]
    source: Source


@dataclass(frozen=True, slots=True)
class _Put:
    """A call as it was put: what is refused already, and what is asked where anything is left."""

    number: str
    refused: Mapping[str, Answer]
    asking: _Asking | None = None


def fetch(planned: Planned, *, case: str, actor: str, patience: float = 0.0) -> Fetched:
    """Make one planned call, as `fetch_all` does."""
    (fetched,) = fetch_all([planned], case=case, actor=actor, patience=patience)
    return fetched


def fetch_all(
    planned: Sequence[Planned], *, case: str, actor: str, patience: float = 0.0
) -> list[Fetched]:
    """Make planned calls that wait for nothing of one another; give an answer for each fact.

    ``patience`` is how many seconds somebody waits for them (0: as long as a node gives its
    source). ``calls`` of each result holds the one event to save in the caller's transaction. All
    are judged by the grants of one instant. Raises `InsideTransaction`, `queries.NoCatalogue`.
    """
    outside_transaction()
    with one_look():
        catalogue = queries.catalogue()
        put = [_put(one, catalogue, case, actor, patience) for one in planned]
        asked = [one.asking.asked for one in put if one.asking is not None]
        heard = iter(transport().ask_all(asked) if asked else ())
    fetched = []
    for one, made in zip(planned, put, strict=True):
        answers = dict(made.refused)
        if made.asking is not None:
            answers |= _answers(next(heard), made.asking.facts, made.asking.source)
        event = _called(one.purpose, made.number, case, actor, answers)
        fetched.append(Fetched(answers, (event,)))
    return fetched


def _put(planned: Planned, catalogue: Catalogue, case: str, actor: str, patience: float) -> _Put:
    call, number = planned.purpose.call, uuid.uuid4().hex
    grounds = _grounds(catalogue, call, consent=bool(planned.purpose.consent))
    refused = {
        name: Answer(name, "refused", reason=_refusal(catalogue, call, name))
        for name in planned.facts
        if name not in grounds
    }
    wanted = [name for name in planned.facts if name in grounds]
    if not wanted:
        return _Put(number, refused)
    facts = [fact_of(catalogue, name) for name in wanted]
    contract = catalogue.contracts[call.resource]
    source = Source(contract.resource.department, call.resource, number, clock.now())
    codes = {purposes.code(use.item, use.basis) for name in wanted for use in grounds[name]}
    by_consent = any(use.basis == "consent" for name in wanted for use in grounds[name])
    key = zip(contract.resource.key, call.keys, strict=True)
    asked = Asked(
        catalogue.governance.service(contract.resource.department, call.resource),
        Question(
            "find",
            tuple(fact.attribute for fact in facts),
            ({name: written(planned.about[fact]) for name, fact in key},),
        ),
        number,
        tuple(sorted(codes)),
        consents.token_for(case) if by_consent else "",
        case,
        actor,
        patience,
    )
    return _Put(number, refused, _Asking(asked, facts, source))


def _grounds(catalogue: Catalogue, call: Call, *, consent: bool) -> dict[str, list[Use]]:
    """Give for each fact that may be read now the uses that may; the law goes before consent."""
    found: dict[str, list[Use]] = {}
    for use in sorted(call.uses, key=lambda one: one.basis == "consent"):
        for fact in use.facts:
            lawful = use.basis in _permits(catalogue, call, use, fact)
            if lawful and (use.basis != "consent" or (consent and fact not in found)):
                found.setdefault(fact, []).append(use)
    return found


def _permits(catalogue: Catalogue, call: Call, use: Use, fact: str) -> frozenset[str]:
    attribute = fact.partition(".")[2]
    return catalogue.permits.get((use.item, call.resource, attribute), frozenset())


def _refusal(catalogue: Catalogue, call: Call, fact: str) -> str:
    for use in call.uses:
        if fact in use.facts and "consent" in _permits(catalogue, call, use, fact):
            return "the person has not consented"
    return f"no grant in force lets {', '.join(call.items)} read it from {call.resource}"


@lru_cache(maxsize=4096)
def fact_of(catalogue: Catalogue, name: str) -> Fact:
    """Give a fact of the vocabulary by its name."""
    return catalogue.vocabulary.fact(name)


def _answers(heard: Heard, facts: Sequence[Fact], source: Source) -> dict[str, Answer]:
    def all_of(status: Status, reason: str) -> dict[str, Answer]:
        return {f.name: Answer(f.name, status, None, source, reason) for f in facts}

    if isinstance(heard, NodeRefused):
        return all_of("refused", heard.en)
    if isinstance(heard, SourceSilent):
        return all_of("unavailable", f"{source.department}: {heard}")
    records = heard.records
    if not records:
        return all_of("absent", "no such record")
    if len(records) > 1:
        return all_of("refused", "two records with one key; the department must correct this")
    return {f.name: _answer(f, records[0].get(f.attribute), source) for f in facts}


def _answer(fact: Fact, raw: Plain, source: Source) -> Answer:
    try:
        value = parse_value(fact, raw)
    except FactInvalid as wrong:
        # the owner's slip is not a "no": the value stays unknown and says so
        return Answer(fact.name, "unavailable", None, source, f"unusable at the source: {wrong.en}")
    if value is None:
        return Answer(fact.name, "absent", None, source, "the record has no value")
    return Answer(fact.name, "value", value, source)


def written(value: Value) -> Plain:
    """Write a key as it goes over the wire: dates as ISO 8601 text."""
    return value if isinstance(value, (str, int)) else str(value)


def _called(
    purpose: Purpose, number: str, case: str, actor: str, answers: Mapping[str, Answer]
) -> Draft:
    call = purpose.call
    outcome = sorted({answer.status for answer in answers.values()})
    return Draft(
        type=CALLED,
        chain=case,
        actor=actor,
        organisation=call.department,
        authority="；".join(law_text(use.legal_basis) for use in _unlike(call.uses)),
        data={
            "call": number,
            "department": call.department,
            "resource": call.resource,
            "role": call.role,
            "keys": list(call.keys),
            "life_event": purpose.life_event,
            "items": list(call.items),
            "basis": call.basis,
            "consent": bool(purpose.consent),
            "facts": {name: answer.status for name, answer in sorted(answers.items())},
            "outcome": outcome[0] if len(outcome) == 1 else "mixed",
            "reasons": sorted({a.reason for a in answers.values() if a.reason}),
        },
    )


def _unlike(uses: Iterable[Use]) -> list[Use]:
    return list({use.legal_basis: use for use in uses}.values())


def law_text(basis: LegalBasis) -> str:
    """Write a legal basis as one text."""
    return f"{basis.title} {basis.article}".strip()
