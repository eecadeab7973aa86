"""What a published definition is, ready to run: frozen data, a proved net, compiled tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tongban.kernel.facts import Words
from tongban.kernel.feel import Condition, Facts, judge
from tongban.kernel.forms import DataPlan, ItemNeeds, LegalBasis
from tongban.kernel.nets import Net
from tongban.kernel.tables import Compiled

#: What an item produces by issuing its licence.
LICENCE_NUMBER = "licence.number"
#: The verbs that a service step of a flow may name; `apps.cases` carries them out.
VERBS = frozenset({"assign-numbers", "issue-licence", "order-payment", "record-result", "urge"})
#: Those of them that give a result, which a subject gets once and a fee may stand before.
GIVES = frozenset({"assign-numbers", "issue-licence", "order-payment", "record-result"})
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
    """Where the amount in fen comes from, which role is paid, and the fact of its account.

    Where the condition of ``instead`` holds, the money goes to the account that it names. A
    payment of a ``policy`` is one and the same with what the policy pays that month unasked.
    """

    amount: str
    to: str
    account: str
    instead: tuple[Condition, str] | None = None
    policy: str = ""

    @property
    def facts(self) -> frozenset[str]:
        """The facts of where the money goes."""
        other = {self.instead[1], *self.instead[0].names} if self.instead else set[str]()
        return frozenset({self.account, f"{self.to}.id_number", *other})

    def into(self, facts: Facts) -> str:
        """Give the fact of the account to be paid into; the usual one while that is unknown."""
        if self.instead and judge(self.instead[0], facts).value is True:
            return self.instead[1]
        return self.account


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee that an item asks (收费): whole fen, or the rule result that names them.

    ``when`` says what waits for it; ``waived`` is the condition under which nothing is asked;
    ``days`` is the window in calendar days; a paid fee goes back where the item ends as one of
    ``refund``.
    """

    name: Words
    amount: int | str
    when: Literal["acceptance", "delivery"]
    waived: Condition | None
    legal_basis: LegalBasis
    receiver: str
    days: int
    refund: frozenset[str]


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
    ``record`` is what the register says, where the result is neither licence nor payment.
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
    record: Words
    charge: Charge | None
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
