"""The words of the exchange: departments, contracts, grants, answers. Frozen data, no verbs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tongban.apps.exchange.domain.governance import Governance
from tongban.kernel.events import Draft
from tongban.kernel.facts import Value, Vocabulary, Words
from tongban.kernel.forms import Call, Grant, Resource

Status = Literal["value", "absent", "pending", "refused", "unavailable"]


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a department with the login of who holds it (岗位)."""

    login: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department (部门) with its unified social credit code and posts."""

    key: str
    uscc: str
    name: Words
    region: str
    posts: tuple[Post, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """How a resource is delivered (数据契约): its code, sharing type, table and columns.

    ``cycle`` says how often it is brought up to date, ``masks`` which attributes leave it hidden in
    part (`tongban.kernel.wire.judging.mask`), ``levels`` the data level where it says one;
    ``cross_check``: what is fetched is checked against other sources of the same facts.
    """

    resource: Resource
    code: str
    sharing: Literal["unconditional", "conditional", "none"]
    table: str
    columns: Mapping[str, str]
    cycle: str = ""
    masks: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    cross_check: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One published version of vocabulary, departments, contracts and grants (资源目录)."""

    version: int
    vocabulary: Vocabulary
    departments: Mapping[str, Department]
    contracts: Mapping[str, Contract]
    grants: tuple[Grant, ...]
    # (item, resource, attribute) → the grounds on which it may be read
    permits: Mapping[tuple[str, str, str], frozenset[str]]
    governance: Governance

    @property
    def resources(self) -> dict[str, Resource]:
        """The resources by slug, as the data plan takes them."""
        return {slug: contract.resource for slug, contract in self.contracts.items()}


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why a call is made: the planned call, its life event, and whether the person consented.

    The uses inside the call say for which items and on which legal basis.
    """

    life_event: str
    call: Call
    consent: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: department, resource, the call's number on the trail, instant."""

    department: str
    resource: str
    call: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known about one fact now, and why, if that is not a value.

    ``absent``: the owner has no such record or value. ``refused``: no grant, no consent, or two
    records. ``unavailable``: the owner cannot answer now, or answers what the fact does not allow.
    ``pending``: the owner will answer later (only sources that answer by post).
    """

    fact: str
    status: Status
    value: Value = None
    source: Source | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answers of one fetch and the events to save with what is made of them."""

    answers: Mapping[str, Answer]
    calls: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Supplied:
    """A batch of a register: facts of one record each, those left out, and the event to save.

    ``records`` map facts to values, an unusable value is None. ``faults`` counts these.
    """

    records: tuple[Mapping[str, Value], ...]
    faults: int
    call: Draft
