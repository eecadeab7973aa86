"""What a published definition is, ready to run: frozen data, a proved net, compiled tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tongban.kernel.facts import Words
from tongban.kernel.feel import Condition
from tongban.kernel.forms import DataPlan, ItemNeeds, LegalBasis
from tongban.kernel.nets import Net
from tongban.kernel.tables import Compiled

#: What an item produces by issuing its licence.
LICENCE_NUMBER = "licence.number"
#: The verbs that a service step of a flow may name; `apps.cases` carries them out.
VERBS = frozenset({"assign-numbers", "issue-licence", "order-payment", "record-result", "urge"})
#: The posts that a step may be given to.
POSTS = frozenset({"clerk", "reviewer", "approver"})
OUTCOMES = frozenset({"granted", "refused"})
#: The numbers that can be assigned, with the arguments that each takes.
ASSIGNERS: Mapping[str, frozenset[str]] = {
    "identity-number": frozenset({"region", "birth_date", "sex"}),
    "uscc": frozenset({"region"}),
}


@dataclass(frozen=True, slots=True)
class LicenceKind:
    """A kind of electronic licence (证照类型); ``years`` None: valid without end."""

    slug: str
    version: int
    name: Words
    authority: str
    type_code: str
    holder: str
    content: tuple[str, ...]
    years: int | None


@dataclass(frozen=True)
class Face:
    """How a licence kind looks (版式): its Typst template, and the colour of its ink."""

    template: str
    colour: str = "#7f1d1d"


@dataclass(frozen=True, slots=True)
class Payment:
    """Where the amount in fen comes from, which role is paid, and the fact of its account."""

    amount: str
    to: str
    account: str


@dataclass(frozen=True, slots=True)
class Assigner:
    """A number that an item assigns (赋码): the assigner and the facts it works from."""

    assign: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Template:
    """A reason that officials may choose (理由模板), for one kind of act on the item."""

    slug: str
    use: Literal["grant", "refuse", "correct"]
    text: Words


@dataclass(frozen=True)
class Desk:
    """How an item is handled by people (窗口办理).

    ``doubted``: what a rule does with a source's value that the applicant doubts; ``batch``:
    several cases may be decided in one act; ``transfer``: whether handing a task to another
    department waits for the approver; ``reasons`` are offered to whoever decides.
    """

    doubted: Literal["go-on", "hand-over"] = "go-on"
    batch: bool = False
    transfer: Literal["free", "approval"] = "free"
    reasons: tuple[Template, ...] = ()


@dataclass(frozen=True, slots=True)
class Alone:
    """What the errand costs a person when it is done by itself, and who says so (quoted)."""

    visits: int
    days: int
    submissions: int
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One version of a service item (事项), complete and proved.

    ``wanted`` are the facts it may see; days are working days; ``produces`` maps a fact to how it
    is made: an `Assigner`, `LICENCE_NUMBER`, or the name of a fact or rule result. For the same
    values of the facts ``once`` its result is given once (empty: as often as it is granted).
    """

    slug: str
    version: int
    name: Words
    department: str
    implementation_code: str
    project_type: Literal["at-once", "promised"]
    service_object: Literal["person", "company"]
    legal_basis: tuple[LegalBasis, ...]
    statutory_days: int
    promised_days: int
    alone: Alone
    needs: ItemNeeds
    wanted: frozenset[str]
    net: Net
    rules: Mapping[str, Compiled]
    licence_kind: LicenceKind | None
    payment: Payment | None
    produces: Mapping[str, Assigner | str]
    once: tuple[str, ...]
    desk: Desk = Desk()


@dataclass(frozen=True, slots=True)
class EventBranch:
    """One item of a life event, the version it was published with, and what comes before it."""

    item: str
    version: int
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LifeEvent:
    """One version of a life event (一件事) with its data plan.

    ``before`` are quoted figures of today's way: claims with their source, not measurements.
    """

    slug: str
    version: int
    name: Words
    applicant: str
    binds: Mapping[str, str]
    branches: tuple[EventBranch, ...]
    when: Mapping[str, Condition]
    plan: DataPlan
    before: Mapping[str, str]
    titles: Mapping[str, Mapping[str, str]]  # language → fact → label

    def labels(self, lang: str) -> Mapping[str, str]:
        """Give the label of every fact in ``lang`` (en, else zh)."""
        return self.titles["en" if lang == "en" else "zh"]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One version of a policy that finds people (免申即享): rule, register and payment."""

    slug: str
    version: int
    name: Words
    department: str
    role: str
    legal_basis: tuple[LegalBasis, ...]
    rule: Compiled
    needs: frozenset[str]
    population: str
    payment: Payment
