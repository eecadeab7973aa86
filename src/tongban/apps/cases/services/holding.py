"""Which licences of the applicant stand for documents (证照免提交): looked up, not uploaded.

A licence stands for a document only where it is valid today, the applicant holds or keeps it, and
its holder is the one this case is about: another company's licence stands for nothing here.
"""

from collections.abc import Iterable, Mapping

from tongban.apps.cases.domain import acceptance
from tongban.apps.cases.domain.ground import Ground
from tongban.apps.items.domain import LifeEvent
from tongban.apps.licences import queries as licences
from tongban.apps.parties import queries as parties
from tongban.infra.access.domain import Subject
from tongban.kernel.feel import Value

from .turns import ground_of


def stand_in(
    subject: Subject, ground: Ground, items: Iterable[str], facts: Mapping[str, Value]
) -> dict[str, str]:
    """Give the newest fitting licence of each kind that waives a document: kind → identifier."""
    kinds = frozenset(
        spec.waived_by_licence
        for item in items
        for spec in ground.definitions[item].needs.materials
    ) - {""}
    if not kinds:
        return {}
    found: dict[str, str] = {}
    for licence in licences.valid_of(subject, kinds, ground.today):
        holder = acceptance.holder(licences.kind_of(licence), facts)
        if holder and licence.holder == holder:
            found.setdefault(licence.kind, licence.identifier)
    return found


def of_applicant(subject: Subject, event: LifeEvent) -> dict[str, Value]:
    """Give what signing in tells of the applicant."""
    return {f"{event.applicant}.id_number": parties.id_number(subject.person_id)}


def presented(subject: Subject, event: LifeEvent, answers: Mapping[str, Value]) -> dict[str, str]:
    """Give what `stand_in` would of documents that are still asked for (出示证照)."""
    wanted = {
        one.item
        for one in event.plan.materials
        if one.status == "asked" and one.spec.waived_by_licence
    }
    if not wanted:
        return {}
    chosen = {branch.item: branch.version for branch in event.branches}
    ground = ground_of(event.slug, event.version, chosen)
    return stand_in(subject, ground, wanted, {**answers, **of_applicant(subject, event)})
