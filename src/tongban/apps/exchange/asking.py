"""What may be asked for in a request for data: checked as a whole, each fault named by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tongban.apps.exchange.domain import Catalogue, Contract
from tongban.apps.exchange.domain.governance import PLATFORM
from tongban.apps.exchange.domain.purposes import code
from tongban.apps.exchange.models import Instance, Purpose
from tongban.infra import clock
from tongban.kernel.wire.words import Identifier, IdentifierInvalid


class RequestInvalid(ValueError):
    """A request that cannot be made, with a sentence (zh, en) for each faulty field."""

    def __init__(self, fields: Mapping[str, tuple[str, str]]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {en}" for name, (_, en) in fields.items()))


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What somebody asks for: attributes of a service, for an item, on a basis, for a system.

    ``service`` is the slug of a resource here, or the identifier of another instance's service;
    ``system`` the asking department's subsystem.
    """

    service: str
    fields: Sequence[str]
    item: str
    basis: str
    legal_basis: str
    reason: str
    department: str
    system: str = PLATFORM
    rows: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    bulk: bool = False
    calls: int = 0
    records: int = 0
    valid_until: datetime | None = None
    flow_back: bool = False


def wanted(
    new: NewRequest, catalogue: Catalogue
) -> tuple[Identifier, Contract | None, dict[str, Any]]:
    """Check a request as a whole; raises `RequestInvalid` with every fault."""
    faults: dict[str, tuple[str, str]] = {}
    service, known, contract = _service(new.service, catalogue)
    if service is None or not known:
        raise RequestInvalid(
            {"service": ("目录中没有此资源", "the catalogue has no such resource")}
        )
    for name in sorted(set(new.fields) - known):
        faults[f"fields.{name}"] = ("资源没有此信息项", "the resource has no such field")
    for name in sorted(new.rows.keys() - known):
        faults[f"rows.{name}"] = ("资源没有此信息项", "the resource has no such field")
    if not new.fields:
        faults["fields"] = ("请列明所需信息项", "name the fields that are needed")
    if new.basis not in {"statutory", "consent"}:
        faults["basis"] = ("依据为法定职责或本人同意", "the basis is statutory or consent")
    if not new.item or not new.legal_basis.strip() or not new.reason.strip():
        faults["legal_basis"] = (
            "请写明事项、法定依据与理由",
            "state the item, the legal basis and the reason",
        )
    if new.basis == "consent" and new.bulk:
        faults["bulk"] = ("凭同意不得批量读取", "consent opens no whole register")
    if new.flow_back and not (new.bulk and new.rows):
        faults["flow_back"] = (
            "数据回流须申请批量读取，并以行过滤限定本级上报的数据",
            "flow-back takes bulk and a row filter that names the records you delivered",
        )
    if new.valid_until is not None and new.valid_until <= clock.now():
        faults["valid_until"] = ("有效期已过", "it ends before now")
    for place, slug in (("system", new.system), ("item", new.item)):
        try:
            Identifier(service.instance, service.member_class, service.member, slug)
        except IdentifierInvalid as wrong:
            faults[place] = ("标识由小写字母、数字和短横线组成", str(wrong))
    if faults:
        raise RequestInvalid(faults)
    registered = Purpose.objects.filter(code=code(new.item, new.basis), ended=None).first()
    most = set(registered.fields.get(str(service), ())) if registered else set()
    beyond = sorted(set(new.fields) - most)
    return service, contract, {"beyond_the_registered_purpose": beyond}


def _service(
    text: str, catalogue: Catalogue
) -> tuple[Identifier | None, frozenset[str], Contract | None]:
    """Find a service here by slug or identifier, or abroad; with the fields that it has."""
    rules = catalogue.governance
    if "/" not in text:
        contract = catalogue.contracts.get(text)
        if contract is None:
            return None, frozenset(), None
        service = rules.service(contract.resource.department, text)
        return service, contract.resource.attributes, contract
    try:
        service = Identifier.parse(text)
    except IdentifierInvalid:
        return None, frozenset(), None
    if service.instance == rules.instance:
        contract = catalogue.contracts.get(service.service)
        own = contract and rules.service(contract.resource.department, service.service)
        if contract is None or own != service:
            return None, frozenset(), None
        return service, contract.resource.attributes, contract
    abroad = Instance.objects.filter(name=service.instance).exclude(issued=None).first()
    told = abroad.card.get("services", ()) if abroad else ()
    fields = next((frozenset(s["fields"]) for s in told if s["id"] == text), frozenset())
    return service, fields, None
