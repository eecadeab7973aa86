"""The receipt of a consent (授权同意书) and the token of it, computed from the data plan.

One receipt for a whole life event, a line a department and ground: what is read, for what, until
when. Lines on statute stand there for information; only the others can be given or withdrawn.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongban.apps.exchange.domain.governance import Governance
from tongban.apps.exchange.domain.purposes import code
from tongban.apps.exchange.domain.words import Catalogue
from tongban.kernel.events import instant
from tongban.kernel.forms import DataPlan
from tongban.kernel.wire.judging import CONSENT

RECEIPT = "tongban-receipt/1"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """What one department gives on one ground: facts and laws for a person to read.

    ``reads`` says the same exactly: (service, purpose) → attributes.
    """

    department: str
    basis: str
    reads: Mapping[tuple[str, str], tuple[str, ...]]
    items: tuple[str, ...]
    facts: tuple[str, ...]
    legal_basis: tuple[str, ...]


def lines(
    plan: DataPlan, rules: Governance, items: Collection[str] | None = None
) -> tuple[Line, ...]:
    """Give the lines of a plan's receipt, those that need consent first; of these items, or all."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for call in plan.calls:
        service = str(rules.service(call.department, call.resource))
        for use in call.uses:
            if items is not None and use.item not in items:
                continue
            line = found.setdefault(
                (use.basis, call.department),
                {"reads": {}, "items": set(), "facts": set(), "laws": {}},
            )
            names = {fact.partition(".")[2] for fact in use.facts}
            place = (service, code(use.item, use.basis))
            line["reads"].setdefault(place, set()).update(names)
            line["items"].add(use.item)
            line["facts"].update(use.facts)
            basis = use.legal_basis
            line["laws"][f"{basis.title} {basis.article}".strip()] = None
    return tuple(
        Line(
            department,
            basis,
            {place: tuple(sorted(names)) for place, names in sorted(line["reads"].items())},
            tuple(sorted(line["items"])),
            tuple(sorted(line["facts"])),
            tuple(line["laws"]),
        )
        for (basis, department), line in sorted(found.items())
    )


def needs_consent(told: Sequence[Line]) -> bool:
    """Say whether there is anything to agree to."""
    return any(line.basis == "consent" for line in told)


def receipt(
    number: str,
    issue: str,
    life_event: str,
    told: Sequence[Line],
    catalogue: Catalogue,
    given: datetime,
    until: datetime,
) -> Document:
    """Give the document of a receipt (``tongban-receipt/1``): for a person to keep and to read.

    It names facts and never a value, and the person only by the case ``issue``.
    """
    titles = catalogue.vocabulary
    return {
        "format": RECEIPT,
        "id": number,
        "issue": issue,
        "life_event": life_event,
        "client": str(catalogue.governance.platform),
        "given": instant(given),
        "until": instant(until),
        "lines": [
            {
                "department": line.department,
                "name": {
                    "zh": catalogue.departments[line.department].name.zh,
                    "en": catalogue.departments[line.department].name.en,
                },
                "basis": line.basis,
                "withdrawable": line.basis == "consent",
                "facts": [
                    {"fact": name, "zh": words.zh, "en": words.en}
                    for name in line.facts
                    for words in [titles.fact(name).label]
                ],
                "reads": _reads(line),
                "items": list(line.items),
                "legal_basis": list(line.legal_basis),
            }
            for line in told
        ],
    }


def token(number: str, issue: str, client: str, told: Sequence[Line], until: datetime) -> Document:
    """Give the document of the token that travels with a call (``tongban-consent/1``)."""
    return {
        "format": CONSENT,
        "id": number,
        "issue": issue,
        "client": client,
        "lines": [read for line in told if line.basis == "consent" for read in _reads(line)],
        "until": instant(until),
    }


def _reads(line: Line) -> list[Document]:
    """Write what a line reads: the same attributes of a service for several purposes once."""
    joined: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (service, purpose), names in line.reads.items():
        joined.setdefault((service, names), []).append(purpose)
    return [
        {"service": service, "fields": list(names), "purposes": purposes}
        for (service, names), purposes in joined.items()
    ]
