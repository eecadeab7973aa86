"""How sharing is governed in a region (共享管理规则): who runs it, how long each step may take, why
a request may be refused. All of it is data of the region pack; what a pack leaves out is here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongban.kernel.facts import Words
from tongban.kernel.wire.words import Identifier

#: Working days of each step where the region says nothing (local rules of 2024).
DAYS: Mapping[str, int] = {"review": 2, "decide": 5, "publish": 10}
CONSENT_DAYS = 180
CASE_YEARS = 10
#: The class of every department in an identifier of the network.
GOVERNMENT = "GOV"
#: The subsystem by which a department serves its resources, and the platform's own consuming one.
PROVIDING, PLATFORM, NODE = "data", "tongban", "node"


class NoOperator(LookupError):
    """No department runs the exchange; name one in exchange.yaml."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A legal ground on which data may be withheld (不予共享的依据)."""

    slug: str
    title: str
    article: str
    label: Words


@dataclass(frozen=True, slots=True)
class Governance:
    """The rules of a region; ``operator`` is the department that runs the platform (数据局).

    ``members`` gives the credit code of each department of this instance; ``case_years`` is how
    long facts are kept with the case that read them (保管期限).
    """

    instance: str
    operator: str
    review_days: int
    decide_days: int
    publish_days: int
    consent_days: int
    case_years: int
    refusals: Mapping[str, Refusal]
    members: Mapping[str, str]

    @property
    def operator_code(self) -> str:
        """The credit code of the operator; raises `NoOperator`."""
        try:
            return self.members[self.operator]
        except KeyError:
            raise NoOperator(
                "NoOperator: no department runs the exchange; set operator in exchange.yaml"
            ) from None

    @property
    def platform(self) -> Identifier:
        """The platform's own consuming subsystem; raises `NoOperator`."""
        return Identifier(self.instance, GOVERNMENT, self.operator_code, PLATFORM)

    def service(self, department: str, resource: str) -> Identifier:
        """Give the identifier under which a department serves a resource."""
        member = self.members[department]
        return Identifier(self.instance, GOVERNMENT, member, PROVIDING, resource)

    def department(self, member: str) -> str:
        """Give the key of the department with this credit code; empty: none of this instance."""
        return next((key for key, code in self.members.items() if code == member), "")


def governance(data: Mapping[str, Any]) -> Governance:
    """Read the rules out of merged pack data; the operator's region names the instance."""
    raw = data.get("governance", {})
    departments = data["departments"]
    operator = raw.get("operator") or min(departments, default="")
    region = departments[operator]["region"] if operator in departments else "000000"
    days = {**DAYS, **raw.get("days", {})}
    return Governance(
        raw.get("instance") or f"CN-{region}",
        operator,
        days["review"],
        days["decide"],
        days["publish"],
        raw.get("consent_days", CONSENT_DAYS),
        raw.get("case_years", CASE_YEARS),
        {
            slug: Refusal(
                slug,
                one["title"],
                one["article"],
                Words(one["label"]["zh"], one["label"]["en"]),
            )
            for slug, one in raw.get("refusals", {}).items()
        },
        {key: one["uscc"] for key, one in departments.items()},
    )
