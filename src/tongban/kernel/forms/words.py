"""What a data plan is made from and what it says: resources, grants, needs, fields, calls.

Plain frozen data; `planning` computes a `DataPlan` from it and `answers` reads a form with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tongban.kernel.facts import Fact, Words
from tongban.kernel.feel import Condition

Ground = Literal["statutory", "consent"]
Origin = Literal["given", "asked", "fetched", "derived", "bound", "produced", "unmet"]


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """The law and the article that allow something (依据)."""

    title: str
    article: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A data resource of a department (政务信息资源): one record per key of one kind.

    ``key`` lists the attributes that find one record, ``attributes`` what the record holds, and
    ``lead`` those for which this department is the source of truth (数源部门).
    """

    slug: str
    name: Words
    department: str
    kind: str
    key: tuple[str, ...]
    attributes: frozenset[str]
    lead: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """The permission of one item (or policy) to read some attributes of one resource (授权)."""

    item: str
    resource: str
    attributes: frozenset[str]
    basis: Ground
    legal_basis: LegalBasis


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A fact that an item may ask of a person, if no source supplies it."""

    fact: str
    help: Words | None = None
    when: Condition | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class MaterialSpec:
    """A document that an item asks for (申请材料), and what makes it superfluous."""

    code: str
    name: Words
    necessity: Literal["required", "optional"] = "required"
    when: Condition | None = None
    legal_basis: LegalBasis | None = None
    waived_by_facts: frozenset[str] = frozenset()
    waived_by_licence: str = ""


@dataclass(frozen=True, slots=True)
class ItemNeeds:
    """What one service item needs and gives: facts of its rules, form, materials, result."""

    item: str
    facts: frozenset[str] = frozenset()
    fields: tuple[FieldSpec, ...] = ()
    materials: tuple[MaterialSpec, ...] = ()
    produces: frozenset[str] = frozenset()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """One item of a life event (一件事), with the items that must be finished before it."""

    needs: ItemNeeds
    after: tuple[str, ...] = ()
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """The purpose of a call: which item reads which facts, and why it may."""

    item: str
    facts: tuple[str, ...]
    basis: Ground
    legal_basis: LegalBasis


@dataclass(frozen=True, slots=True)
class Call:
    """One question to one resource about one role: the values of ``keys`` find the record.

    ``after`` names the items that must be finished first, because they produce a key.
    """

    resource: str
    department: str
    role: str
    keys: tuple[str, ...]
    uses: tuple[Use, ...]
    after: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """Every fact the call fetches, each once, sorted."""
        return tuple(sorted({fact for use in self.uses for fact in use.facts}))

    @property
    def items(self) -> tuple[str, ...]:
        """The items it is made for, sorted."""
        return tuple(sorted({use.item for use in self.uses}))

    @property
    def basis(self) -> Ground:
        """``consent`` where any of its uses needs consent."""
        return "consent" if any(use.basis == "consent" for use in self.uses) else "statutory"


@dataclass(frozen=True, slots=True)
class Field:
    """A question of the form. It is shown when any of ``when`` holds, always if that is empty."""

    fact: Fact
    help: Words | None
    when: tuple[Condition, ...]
    required: bool
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """Whether an item's document must be handed in, and what stands in for it if not.

    ``by`` names the departments, licence kinds or items behind a waiver; for ``shared`` it names
    the item that asks for the same document already.
    """

    item: str
    spec: MaterialSpec
    status: Literal["asked", "shared", "waived"]
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A line of the one consent screen: what a department gives, for which items, and why."""

    department: str
    basis: Ground
    facts: tuple[str, ...]
    items: tuple[str, ...]
    legal_basis: tuple[LegalBasis, ...]


@dataclass(frozen=True, slots=True)
class Unmet:
    """A needed fact that nobody can supply, with the mend."""

    item: str
    fact: str
    mend: str


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Where every needed fact of a life event comes from.

    ``rounds`` are the calls in order: a call's keys are known once the rounds before it are
    answered. ``ask`` is the form; ``fallback`` are the fields to ask as well when a source turns
    out absent or unavailable. ``origin`` gives for each (item, fact) exactly one origin.
    """

    rounds: tuple[tuple[Call, ...], ...]
    ask: tuple[Field, ...]
    fallback: tuple[Field, ...]
    materials: tuple[Material, ...]
    consent: tuple[ConsentLine, ...]
    unmet: tuple[Unmet, ...]
    origin: Mapping[tuple[str, str], Origin]

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls, round after round."""
        return tuple(call for round_ in self.rounds for call in round_)

    def facts(self, *origins: Origin) -> tuple[str, ...]:
        """Give the facts with one of these origins for some item, each once, sorted."""
        return tuple(sorted({fact for (_, fact), how in self.origin.items() if how in origins}))

    @property
    def produced(self) -> tuple[str, ...]:
        """The facts that an item takes from an earlier one, sorted."""
        return self.facts("produced")
