"""Fetches facts about one person: exactly the planned call, under grants that are in force now.

Says for every fact what is known and from where, and never hides that a source is down. Never runs
inside a transaction. Values are not written to the trail, only which facts were asked and what came
of it.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
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
from tongban.apps.exchange.transport import Asked, NodeRefused, SourceSilent, transport
from tongban.infra import clock
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


def fetch(
    facts: Sequence[str],
    *,
    about: Mapping[str, Value],
    purpose: Purpose,
    case: str,
    actor: str,
    patience: float = 0.0,
) -> Fetched:
    """Make one planned call and give an answer for each of ``facts``.

    ``about`` holds the values of the call's keys, ``patience`` how many seconds somebody waits for
    it (0: as long as a node gives its source). ``calls`` of the result holds the one event to
    save in the caller's transaction. Raises `InsideTransaction`, `queries.NoCatalogue`.
    """
    outside_transaction()
    catalogue = queries.catalogue()
    call = purpose.call
    number = uuid.uuid4().hex
    grounds = _grounds(catalogue, call, consent=bool(purpose.consent))
    answers = {
        name: Answer(name, "refused", reason=_refusal(catalogue, call, name))
        for name in facts
        if name not in grounds
    }
    wanted = [name for name in facts if name in grounds]
    if wanted:
        asked = [fact_of(catalogue, name) for name in wanted]
        codes = {purposes.code(use.item, use.basis) for name in wanted for use in grounds[name]}
        by_consent = any(use.basis == "consent" for name in wanted for use in grounds[name])
        contract = catalogue.contracts[call.resource]
        key = zip(contract.resource.key, call.keys, strict=True)
        answers |= _ask(
            Asked(
                catalogue.governance.service(contract.resource.department, call.resource),
                Question(
                    "find",
                    tuple(fact.attribute for fact in asked),
                    ({name: written(about[fact]) for name, fact in key},),
                ),
                number,
                tuple(sorted(codes)),
                consents.token_for(case) if by_consent else "",
                case,
                actor,
                patience,
            ),
            asked,
            Source(contract.resource.department, call.resource, number, clock.now()),
        )
    return Fetched(answers, (_called(purpose, number, case, actor, answers),))


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


def _ask(asked: Asked, facts: Sequence[Fact], source: Source) -> dict[str, Answer]:
    def all_of(status: Status, reason: str) -> dict[str, Answer]:
        return {f.name: Answer(f.name, status, None, source, reason) for f in facts}

    try:
        records = transport().ask(asked).records
    except NodeRefused as refused:
        return all_of("refused", refused.en)
    except SourceSilent as error:
        return all_of("unavailable", f"{source.department}: {error}")
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
