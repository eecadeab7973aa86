"""Verbs of the exchange: fetch facts about one person, supply a register, publish a catalogue.

A fetch makes exactly the planned call, under grants that are in force now, and says for every fact
what is known and from where. It never runs inside a transaction, and never hides that a source is
down. Values are not written to the trail, only which facts were asked and what came of it.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tongban.apps.exchange import grants, network, queries
from tongban.apps.exchange.catalogue import services as registry
from tongban.apps.exchange.domain import (
    Answer,
    Catalogue,
    Contract,
    Fetched,
    Purpose,
    Source,
    Status,
    Supplied,
)
from tongban.apps.exchange.events import CALLED, CATALOGUE, CATALOGUE_PUBLISHED, SUPPLIED
from tongban.apps.exchange.models import CatalogueVersion
from tongban.apps.exchange.stores import SqliteStores, Stores, StoreUnavailable
from tongban.infra import clock
from tongban.infra.packs import Pack
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, canonical
from tongban.kernel.facts import Fact, FactInvalid, Value, parse_value
from tongban.kernel.forms import Call, Grant, LegalBasis, Use

__all__ = [
    "CALLED",
    "Answer",
    "Fetched",
    "InsideTransaction",
    "NotGranted",
    "Purpose",
    "StoreUnavailable",
    "fetch",
    "publish_catalogue",
    "supply",
    "supply_for",
]


class InsideTransaction(RuntimeError):
    """A source was to be called while a transaction was open; call it before."""


class NotGranted(PermissionError):
    """A register was to be read without a grant that covers it."""


@lru_cache(maxsize=4)
def _stores(folder: str) -> Stores:
    return SqliteStores(Path(folder))


def _outside_transaction() -> None:
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
) -> Fetched:
    """Make one planned call and give an answer for each of ``facts``.

    ``about`` holds the values of the call's keys. ``calls`` of the result holds the one event to
    save in the caller's transaction. Raises `InsideTransaction`, `queries.NoCatalogue`.
    """
    _outside_transaction()
    catalogue = queries.catalogue()
    call = purpose.call
    permitted = _permitted(catalogue, call, consent=purpose.consent)
    number = uuid.uuid4().hex
    answers = {
        name: Answer(name, "refused", reason=_refusal(catalogue, call, name))
        for name in facts
        if name not in permitted
    }
    wanted = [name for name in facts if name in permitted]
    if wanted:
        contract = catalogue.contracts[call.resource]
        source = Source(contract.resource.department, call.resource, number, clock.now())
        asked = [_fact(catalogue, name) for name in wanted]
        keys = [_written(about[key]) for key in call.keys]
        answers |= _ask(contract, asked, keys, source)
    return Fetched(answers, (_called(purpose, number, case, actor, answers),))


def _permitted(catalogue: Catalogue, call: Call, *, consent: bool) -> frozenset[str]:
    """Give the facts of a call that some use may read under the grants in force now."""
    return frozenset(
        fact
        for use in call.uses
        for fact in use.facts
        if use.basis in _grounds(catalogue, call, use, fact) and (use.basis != "consent" or consent)
    )


def _grounds(catalogue: Catalogue, call: Call, use: Use, fact: str) -> frozenset[str]:
    attribute = fact.partition(".")[2]
    return catalogue.permits.get((use.item, call.resource, attribute), frozenset())


def _refusal(catalogue: Catalogue, call: Call, fact: str) -> str:
    for use in call.uses:
        if fact in use.facts and "consent" in _grounds(catalogue, call, use, fact):
            return "the person has not consented"
    return f"no grant in force lets {', '.join(call.items)} read it from {call.resource}"


@lru_cache(maxsize=4096)
def _fact(catalogue: Catalogue, name: str) -> Fact:
    return catalogue.vocabulary.fact(name)


def _ask(
    contract: Contract, asked: Sequence[Fact], keys: Sequence[object], source: Source
) -> dict[str, Answer]:
    def all_of(status: Status, reason: str) -> dict[str, Answer]:
        return {f.name: Answer(f.name, status, None, source, reason) for f in asked}

    try:
        rows = _stores(str(settings.DEPARTMENT_STORES)).find(
            contract, [f.attribute for f in asked], keys
        )
    except StoreUnavailable as error:
        return all_of("unavailable", str(error))
    if not rows:
        return all_of("absent", "no such record")
    if len(rows) > 1:
        return all_of("refused", "two records with one key; the department must correct this")
    return {f.name: _answer(f, raw, source) for f, raw in zip(asked, rows[0], strict=True)}


def _answer(fact: Fact, raw: object, source: Source) -> Answer:
    try:
        value = parse_value(fact, _read(fact, raw))
    except FactInvalid as wrong:
        # the owner's slip is not a "no": the value stays unknown and says so
        return Answer(fact.name, "unavailable", None, source, f"unusable at the source: {wrong.en}")
    if value is None:
        return Answer(fact.name, "absent", None, source, "the record has no value")
    return Answer(fact.name, "value", value, source)


def _read(fact: Fact, raw: object) -> object:
    """Turn a column into JSON: an answer is kept as 0 or 1."""
    if fact.type == "boolean" and raw in {0, 1}:
        return bool(raw)
    return raw


def _written(value: Value) -> object:
    """Turn a key into a column, the way back of `_read`."""
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
        authority="；".join(_law_text(use.legal_basis) for use in _unlike(call.uses)),
        data={
            "call": number,
            "department": call.department,
            "resource": call.resource,
            "role": call.role,
            "keys": list(call.keys),
            "life_event": purpose.life_event,
            "items": list(call.items),
            "basis": call.basis,
            "consent": purpose.consent,
            "facts": {name: answer.status for name, answer in sorted(answers.items())},
            "outcome": outcome[0] if len(outcome) == 1 else "mixed",
            "reasons": sorted({a.reason for a in answers.values() if a.reason}),
        },
    )


def _unlike(uses: Iterable[Use]) -> list[Use]:
    return list({use.legal_basis: use for use in uses}.values())


def _law_text(basis: LegalBasis) -> str:
    return f"{basis.title} {basis.article}".strip()


def supply(
    resource: str,
    attributes: Sequence[str],
    *,
    role: str,
    item: str,
    case: str,
    actor: str,
    batch: int = 2000,
) -> Iterator[Supplied]:
    """Walk a whole register for an item or policy that is granted to read it (按需供给).

    Gives the records a batch at a time as facts of ``role``, each with the event to save on the
    chain ``case``. Key attributes need no grant of their own. Raises `NotGranted`,
    `InsideTransaction`, `StoreUnavailable`.
    """
    contract, asked, grants = _register(resource, attributes, role, item)
    for rows in _stores(str(settings.DEPARTMENT_STORES)).walk(contract, attributes, batch):
        yield _supplied(contract, asked, rows, grants, case, actor, {})


def supply_for(
    people: Sequence[Mapping[str, Value]],
    resource: str,
    attributes: Sequence[str],
    *,
    role: str,
    item: str,
    case: str,
    actor: str,
) -> Supplied:
    """Give the records of a list of people, by the key facts of each, and of nobody else.

    ``people`` hold the facts ``role.key`` for every key of the register; put the keys among
    ``attributes`` to know whose record it is. A person may have none, or more than one. Errors and
    grants as in `supply`.
    """
    contract, asked, grants = _register(resource, attributes, role, item)
    names = [f"{role}.{name}" for name in contract.resource.key]
    keys = [[_written(person[name]) for name in names] for person in people]
    rows = _stores(str(settings.DEPARTMENT_STORES)).among(contract, attributes, keys)
    return _supplied(contract, asked, rows, grants, case, actor, {"people": len(people)})


def _register(
    resource: str, attributes: Sequence[str], role: str, item: str
) -> tuple[Contract, list[Fact], list[Grant]]:
    """Give contract, facts and grants of a register that ``item`` may be supplied with."""
    _outside_transaction()
    catalogue = queries.catalogue()
    contract = catalogue.contracts.get(resource)
    grants = [g for g in catalogue.grants if (g.item, g.resource) == (item, resource)]
    free = contract.resource.key if contract and grants else ()
    lacking = sorted(
        name for name in attributes if name not in free and not _statutory(grants, name)
    )
    if contract is None or not grants or lacking:
        raise NotGranted(
            f"NotGranted: {item} may not walk {resource} for {', '.join(lacking or attributes)} "
            "on a statutory basis; add a grant"
        )
    return contract, [_fact(catalogue, f"{role}.{name}") for name in attributes], grants


def _supplied(
    contract: Contract,
    asked: Sequence[Fact],
    rows: Iterable[Sequence[object]],
    grants: Sequence[Grant],
    case: str,
    actor: str,
    data: Mapping[str, int],
) -> Supplied:
    records, faults = _records(asked, rows)
    return Supplied(
        records,
        faults,
        Draft(
            type=SUPPLIED,
            chain=case,
            actor=actor,
            organisation=contract.resource.department,
            item=grants[0].item,
            authority="；".join(sorted({_law_text(g.legal_basis) for g in grants})),
            data={
                "resource": contract.resource.slug,
                "department": contract.resource.department,
                "facts": [fact.name for fact in asked],
                "records": len(records),
                "faults": faults,
                **data,
            },
        ),
    )


def _statutory(grants: Iterable[Grant], attribute: str) -> bool:
    return any(attribute in g.attributes and g.basis == "statutory" for g in grants)


def _records(
    asked: Sequence[Fact], rows: Iterable[Sequence[object]]
) -> tuple[tuple[dict[str, Value], ...], int]:
    records, faults = [], 0
    for row in rows:
        record: dict[str, Value] = {}
        for fact, raw in zip(asked, row, strict=True):
            try:
                record[fact.name] = parse_value(fact, _read(fact, raw))
            except FactInvalid:
                record[fact.name] = None
                faults += 1
        records.append(record)
    return tuple(records), faults


def publish_catalogue(packs: Sequence[Pack], data: Mapping[str, Any], actor: str) -> int:
    """Save merged catalogue data as a new version, unless it is the one in force; give its number.

    Call it inside a transaction, with data that `reading.problems` finds nothing in.
    """
    registry.sync_packs(data, actor)
    version = _keep_version(packs, data, actor)
    grants.sync(data, actor)
    network.republish(actor)
    return version


def _keep_version(packs: Sequence[Pack], data: Mapping[str, Any], actor: str) -> int:
    content = canonical(dict(data))
    digest = hashlib.sha256(content).hexdigest()
    last = CatalogueVersion.objects.order_by("-pk").first()
    if last is not None and last.digest == digest:
        return int(last.pk)
    row = CatalogueVersion.objects.create(
        digest=digest, content=content.decode(), published_at=clock.now()
    )
    trail.tell(
        Draft(
            type=CATALOGUE_PUBLISHED,
            chain=CATALOGUE,
            actor=actor,
            data={"version": row.pk, "digest": digest, "packs": [pack.slug for pack in packs]},
        )
    )
    return int(row.pk)
