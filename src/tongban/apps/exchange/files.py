"""One file a person, one file a company (一人一档、一企一档): what the catalogue's sources hold.

Nothing is gathered beforehand: a file is read when it is opened, under the grants of one registered
purpose, each record by a call of its own. Every look is told on the chain of whom it is about
before anything is shown.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from tongban.apps.exchange import queries
from tongban.apps.exchange.consents import file_mark
from tongban.apps.exchange.domain import Catalogue, Contract
from tongban.apps.exchange.domain.requests import NotForYou
from tongban.apps.exchange.events import FILE_OPENED, file_chain
from tongban.apps.exchange.fetching import outside_transaction
from tongban.apps.exchange.grants import place_of
from tongban.apps.exchange.models import Grant, Purpose, Resource
from tongban.apps.exchange.transport import Asked, NodeRefused, SourceSilent, ask
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import NO_POST, Subject, judge
from tongban.infra.access.refusing import refuse
from tongban.infra.trail import services as trail
from tongban.kernel.codes import USCC, IdentityNumber
from tongban.kernel.events import Draft
from tongban.kernel.wire.words import Plain, Question

#: The purpose under which people read their own file (个人信息保护法 第四十五条).
OWN = "own-file"
Kind = Literal["person", "company"]
_CODES: Mapping[Kind, str] = {"person": "identity", "company": "uscc"}


class FileInvalid(ValueError):
    """A file that cannot be opened as it was asked for; ``zh`` and ``en`` say what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


@dataclass(frozen=True, slots=True)
class Section:
    """What one resource holds: values by attribute; ``status`` is value, absent, or why not."""

    library: str
    department: str
    resource: str
    status: Literal["value", "absent", "several", "refused", "unavailable"]
    values: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read for one purpose, by base library (基础库)."""

    kind: Kind
    purpose: str
    legal_basis: str
    sections: tuple[Section, ...]


def open_file(
    kind: Kind, number: str, subject: Subject, *, purpose: str, reason: str, case: str = ""
) -> File:
    """Read the file of a person (identity number) or company (credit code).

    A person opens its own; an official needs a post, a registered statutory purpose and a reason.
    Raises `NotForYou`, `FileInvalid`, `fetching.InsideTransaction`.
    """
    outside_transaction()
    written = _number(kind, number)
    own = kind == "person" and _is_own(subject, written)
    if not own:
        _official(subject, reason)
    registered = Purpose.objects.filter(code=OWN if own else purpose, ended=None).first()
    if registered is None or registered.basis != "statutory":
        raise FileInvalid(
            "没有登记此法定用途；请先申请授权",
            f"no statutory purpose {OWN if own else purpose} is registered; ask for a grant first",
        )
    if own and purpose not in {"", OWN}:
        raise FileInvalid("本人查阅只能用本人档案用途", f"your own file is read for {OWN} only")
    catalogue = queries.catalogue()
    sections = tuple(
        _section(contract, key, fields, written, registered.code, subject, case, catalogue)
        for contract, key, fields in _sources(kind, registered.code, catalogue)
    )
    _tell(kind, written, subject, registered, reason, case, sections)
    return File(
        kind,
        registered.code,
        registered.legal_basis,
        tuple(sorted(sections, key=lambda one: (one.library, one.resource))),
    )


def _number(kind: Kind, number: str) -> str:
    wrong = (IdentityNumber if kind == "person" else USCC).validate(number)
    if wrong is not None:
        raise FileInvalid("号码不正确，请核对", f"the number is not right: {wrong}")
    return number


def _is_own(subject: Subject, number: str) -> bool:
    return bool(subject.person_id) and parties.id_number(subject.person_id) == number


def _official(subject: Subject, reason: str) -> None:
    rulings = [
        judge(subject, "file.open", place_of(name))
        for name in sorted({post.department for post in subject.posts})
    ]
    if not any(ruling.allowed for ruling in rulings):
        why = max(rulings, key=lambda ruling: ruling.needs, default=NO_POST)
        refuse(subject, "file.open", {"kind": "file"}, why)
        raise NotForYou("您的岗位无权查阅档案", "no post of yours may open a file")
    if not reason.strip():
        raise FileInvalid("请写明查阅理由", "say why the file is opened")


def _sources(
    kind: Kind, purpose: str, catalogue: Catalogue
) -> Iterator[tuple[Contract, str, tuple[str, ...]]]:
    """Give the resources that hold a record by this number and may be read, with what of them."""
    rules = catalogue.governance
    now = clock.now()
    granted: dict[str, set[str]] = {}
    for row in Grant.objects.filter(
        client=str(rules.platform), purpose_id=purpose, ended=None, until__gt=now
    ):
        granted.setdefault(row.service, set()).update(row.fields)
    for slug, contract in sorted(catalogue.contracts.items()):
        resource = contract.resource
        service = str(rules.service(resource.department, slug))
        if len(resource.key) != 1 or service not in granted:
            continue
        shape = catalogue.vocabulary.kinds[resource.kind][resource.key[0]]
        if shape.code == _CODES[kind]:
            yield contract, resource.key[0], tuple(sorted(granted[service]))


def _section(
    contract: Contract,
    key: str,
    fields: tuple[str, ...],
    number: str,
    purpose: str,
    subject: Subject,
    case: str,
    catalogue: Catalogue,
) -> Section:
    resource = contract.resource
    asked = Asked(
        catalogue.governance.service(resource.department, resource.slug),
        Question("find", fields, ({key: number},)),
        uuid.uuid4().hex,
        (purpose,),
        "",
        case,
        subject.user_id,
    )
    known = Resource.objects.filter(slug=resource.slug).values_list("base_library", flat=True)
    place = (known.first() or "", resource.department, resource.slug)
    try:
        records = ask(asked).records
    except NodeRefused:
        return Section(*place, "refused", {})
    except SourceSilent:
        return Section(*place, "unavailable", {})
    if not records:
        return Section(*place, "absent", {})
    if len(records) > 1:  # whose record is whose cannot be told: the department must correct it
        return Section(*place, "several", {})
    return Section(*place, "value", {name: records[0].get(name) for name in fields})


def _tell(
    kind: Kind,
    number: str,
    subject: Subject,
    purpose: Purpose,
    reason: str,
    case: str,
    sections: tuple[Section, ...],
) -> None:
    with transaction.atomic():
        trail.tell(
            Draft(
                type=FILE_OPENED,
                chain=file_chain(file_mark(kind, number)),
                actor=subject.user_id,
                organisation=subject.posts[0].department if subject.posts else "",
                authority=purpose.legal_basis,
                item=purpose.item,
                reason=reason,
                data={
                    "kind": kind,
                    "purpose": purpose.code,
                    "case": case,
                    "sections": [
                        {
                            "resource": one.resource,
                            "department": one.department,
                            "status": one.status,
                            "fields": sorted(one.values),
                        }
                        for one in sections
                    ],
                },
            )
        )
