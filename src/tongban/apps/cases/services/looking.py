"""Looks at the files of a draft (材料预检): what was seen in them against what is known by now.

Known is what the applicant typed, its own name, and what departments said to the draft so far:
nobody is asked anything for it, and who may not see what they said is not told of it.
"""

from collections.abc import Mapping

from tongban.apps.cases import materials
from tongban.apps.cases.domain import prefilling as ahead
from tongban.apps.cases.errors import DraftUnknown
from tongban.apps.cases.materials import Look, People
from tongban.apps.cases.models import ApplicationDraft
from tongban.apps.cases.plugins import text_reader
from tongban.apps.items import queries as items
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject

from .owned import own_draft
from .prefilling import may_see, standing, typed

_NAME = ".name"


def look(subject: Subject, number: str, material: str) -> Look:
    """Look at a file of one's draft before it is handed in; raises `DraftUnknown`."""
    found = looks(subject, number).get(material)
    if found is None:
        raise DraftUnknown(number)
    return found


def looks(subject: Subject, number: str) -> Mapping[str, Look]:
    """Look at every file of one's draft, by material; raises `DraftUnknown`."""
    draft = own_draft(subject, number)
    rows = list(draft.documents.all())
    if not rows:
        return {}
    plan = items.life_event(draft.life_event).plan
    titles = {one.spec.code: one.spec.name.zh for one in plan.materials}
    people = _people(subject, draft)
    return {
        row.material: materials.compare(
            # a file that came before looks were kept is seen now
            materials.read(row.seen) if row.seen else materials.see(row.content, text_reader()),
            title=titles.get(row.material, ""),
            people=people,
            today=clock.today(),
        )
        for row in rows
    }


def _people(subject: Subject, draft: ApplicationDraft) -> People:
    """Name the people of a draft: a department's word goes before what was typed."""
    names = {name: str(value) for name, value in typed(draft).items() if name.endswith(_NAME)}
    own = parties.name_of(subject.person_id)
    now = standing(draft) if may_see(subject, draft) else None
    if now is None:
        return People(frozenset({*names.values(), own} - {""}))
    registered = {
        str(one.typed): str(one.value)
        for one, differs in ahead.differences(now.case, now.ground, typed(draft))
        if differs and one.fact in names
    }
    said = {str(v) for name, v in ahead.seen(now.held).items() if name.endswith(_NAME)}
    return People(frozenset({*names.values(), *said, own} - {"", *registered}), registered)
