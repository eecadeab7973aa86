"""Which grants the platform's items stand on now: those of packs and those that came by request.

Pure: a grant counts while it is valid and nobody has ended it, wherever it came from. Grants of
other systems, and of other instances' services, open nothing to the data plan of an item.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tongban.apps.exchange.domain.catalogue import permits_of
from tongban.apps.exchange.domain.purposes import law_text
from tongban.apps.exchange.domain.words import Catalogue
from tongban.kernel.forms import Grant, Ground, LegalBasis


@dataclass(frozen=True, slots=True)
class Held:
    """A grant to the platform as it is kept; ``pack``: it repeats one of a region pack."""

    service: str
    fields: frozenset[str]
    item: str
    basis: Ground
    legal_basis: str
    since: datetime
    until: datetime
    pack: bool


def turns(held: Iterable[Held]) -> tuple[datetime, ...]:
    """Give the instants at which one of these grants begins or ends, in order."""
    return tuple(sorted({at for one in held for at in (one.since, one.until)}))


def standing(catalogue: Catalogue, held: Sequence[Held], at: datetime) -> Catalogue:
    """Give the catalogue with the grants that are in force at an instant, those of packs first."""
    valid = [one for one in held if one.since <= at < one.until]
    kept = {_place(one) for one in valid if one.pack}
    rules = catalogue.governance
    services = {
        str(rules.service(contract.resource.department, slug)): slug
        for slug, contract in catalogue.contracts.items()
        if contract.sharing != "none"
    }
    grants = [grant for grant in catalogue.grants if _place(_held(grant, catalogue, at)) in kept]
    grants += [
        Grant(
            one.item,
            services[one.service],
            one.fields & catalogue.contracts[services[one.service]].resource.attributes,
            one.basis,
            LegalBasis(one.legal_basis),
        )
        for one in valid
        if not one.pack and one.service in services
    ]
    return replace(catalogue, grants=tuple(grants), permits=permits_of(grants))


def _held(grant: Grant, catalogue: Catalogue, at: datetime) -> Held:
    department = catalogue.contracts[grant.resource].resource.department
    law = {"title": grant.legal_basis.title, "article": grant.legal_basis.article}
    return Held(
        str(catalogue.governance.service(department, grant.resource)),
        grant.attributes,
        grant.item,
        grant.basis,
        law_text(law),
        at,
        at,
        pack=True,
    )


def _place(one: Held) -> tuple[str, frozenset[str], str, str, str]:
    return one.service, one.fields, one.item, one.basis, one.legal_basis
