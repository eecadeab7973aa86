"""Supplies a whole register, or the records of a list of people, to a policy (按需供给).

Needs a statutory grant: consent cannot stand for a whole register. Each batch is one call of the
network, with one event to save on the caller's chain.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tongban.apps.exchange import queries
from tongban.apps.exchange.domain import Contract, Supplied, purposes
from tongban.apps.exchange.events import SUPPLIED
from tongban.apps.exchange.fetching import fact_of, law_text, outside_transaction, written
from tongban.apps.exchange.transport import Asked, NodeRefused, SourceSilent, ask
from tongban.kernel.events import Draft
from tongban.kernel.facts import Fact, FactInvalid, Value, parse_value
from tongban.kernel.forms import Grant
from tongban.kernel.wire.judging import MOST_KEYS, MOST_WALKED
from tongban.kernel.wire.words import Found, Question, Record


class NotGranted(PermissionError):
    """A register was to be read without a grant that covers it."""


class StoreUnavailable(ConnectionError):
    """A department does not answer now, or not as its contract says."""


def supply(
    resource: str,
    attributes: Sequence[str],
    *,
    role: str,
    item: str,
    case: str,
    actor: str,
    batch: int = MOST_WALKED,
) -> Iterator[Supplied]:
    """Walk a whole register for an item or policy that is granted to read it in bulk.

    Gives the records a batch at a time (at most 2,000) as facts of ``role``, each with the event to
    save on the chain ``case``. Key attributes need no grant of their own. Raises `NotGranted`,
    `InsideTransaction`, `StoreUnavailable`.
    """
    register = _Register.open(resource, attributes, role, item, case, actor)
    after: str | None = None
    limit = min(batch, MOST_WALKED)
    while True:
        found = register.ask(Question("walk", tuple(attributes), (), after, limit))
        if found.records:
            yield register.supplied(found.records, {})
        after = found.after
        if after is None:
            return


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
    register = _Register.open(resource, attributes, role, item, case, actor)
    names = register.contract.resource.key
    keys = [{name: written(person[f"{role}.{name}"]) for name in names} for person in people]
    records: list[Record] = []
    for start in range(0, len(keys), MOST_KEYS):
        some = tuple(keys[start : start + MOST_KEYS])
        records += register.ask(Question("among", tuple(attributes), some)).records
    return register.supplied(records, {"people": len(people)})


class _Register:
    """A register that ``item`` may be supplied with, and how it is asked."""

    def __init__(
        self,
        contract: Contract,
        facts: Sequence[Fact],
        grants: Sequence[Grant],
        case: str,
        actor: str,
    ) -> None:
        self.contract = contract
        self._facts = facts
        self._grants = grants
        self._case = case
        self._actor = actor

    @classmethod
    def open(
        cls, resource: str, attributes: Sequence[str], role: str, item: str, case: str, actor: str
    ) -> "_Register":
        outside_transaction()
        catalogue = queries.catalogue()
        contract = catalogue.contracts.get(resource)
        grants = [g for g in catalogue.grants if (g.item, g.resource) == (item, resource)]
        free = contract.resource.key if contract and grants else ()
        lacking = sorted(
            name for name in attributes if name not in free and not _statutory(grants, name)
        )
        if contract is None or not grants or lacking:
            raise NotGranted(
                f"NotGranted: {item} may not walk {resource} for "
                f"{', '.join(lacking or attributes)} on a statutory basis; add a grant"
            )
        facts = [fact_of(catalogue, f"{role}.{name}") for name in attributes]
        return cls(contract, facts, grants, case, actor)

    def ask(self, question: Question) -> Found:
        department = self.contract.resource.department
        asked = Asked(
            queries.catalogue().governance.service(department, self.contract.resource.slug),
            question,
            uuid.uuid4().hex,
            (purposes.code(self._grants[0].item, "statutory"),),
            issue=self._case,
            user=self._actor,
        )
        try:
            return ask(asked)
        except NodeRefused as refused:
            raise NotGranted(
                f"NotGranted: {self._grants[0].item} may not walk "
                f"{self.contract.resource.slug}: {refused.en}"
            ) from refused
        except SourceSilent as error:
            raise StoreUnavailable(f"{department}: {error}") from error

    def supplied(self, records: Iterable[Record], data: Mapping[str, int]) -> Supplied:
        made, faults = _records(self._facts, records)
        resource = self.contract.resource
        return Supplied(
            made,
            faults,
            Draft(
                type=SUPPLIED,
                chain=self._case,
                actor=self._actor,
                organisation=resource.department,
                item=self._grants[0].item,
                authority="；".join(sorted({law_text(g.legal_basis) for g in self._grants})),
                data={
                    "resource": resource.slug,
                    "department": resource.department,
                    "facts": [fact.name for fact in self._facts],
                    "records": len(made),
                    "faults": faults,
                    **data,
                },
            ),
        )


def _statutory(grants: Iterable[Grant], attribute: str) -> bool:
    return any(attribute in g.attributes and g.basis == "statutory" for g in grants)


def _records(
    asked: Sequence[Fact], records: Iterable[Record]
) -> tuple[tuple[dict[str, Value], ...], int]:
    made, faults = [], 0
    for record in records:
        facts: dict[str, Value] = {}
        for fact in asked:
            try:
                facts[fact.name] = parse_value(fact, record.get(fact.attribute))
            except FactInvalid:
                facts[fact.name] = None
                faults += 1
        made.append(facts)
    return tuple(made), faults
