"""What the applicant is shown of a reading before sending: by department, what differs, what waits.

The same view serves the page and the API. Who may only apply for somebody sees that it was read,
and none of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.kernel.facts import to_json

from . import queries, services
from .domain import prefilling
from .domain.state import Json
from .queries import Loaded
from .services import prefilling as reading

State = Literal["none", "reading", "read"]


@dataclass(frozen=True, slots=True)
class Prefilled:
    """A reading as it is shown.

    ``state`` is ``none`` where the panel must be agreed to first, ``reading`` while it is worth to
    wait. ``facts`` are rows as of a case, ``later`` the labels of what is asked for after sending,
    by department; ``differs`` what was typed otherwise than a department says.
    """

    state: State
    shown: bool = True
    fresh: bool = True
    again: bool = False
    read: datetime | None = None
    facts: tuple[Mapping[str, Json], ...] = ()
    later: tuple[Mapping[str, Json], ...] = ()
    differs: tuple[Mapping[str, Json], ...] = ()


NONE = Prefilled("none")


def of(subject: Subject, number: str, lang: str) -> Prefilled:
    """Show what was read for a draft of this subject; raises `DraftUnknown`, `NotAllowed`."""
    draft = services.own_draft(subject, number)
    now = reading.standing(draft)
    if now is None:
        return NONE
    loaded = Loaded(now.case, now.ground)
    labels = now.ground.life_event.labels(lang)
    shown = reading.may_see(subject, draft)
    waits = not now.row.done and clock.now() < now.row.until
    later = prefilling.later(now.case, now.ground)
    differs = prefilling.differences(now.case, now.ground, reading.typed(draft)) if shown else ()
    return Prefilled(
        "reading" if waits else "read",
        shown,
        now.fresh,
        not now.fresh and now.row.rounds < reading.MOST_ROUNDS,
        now.row.read,
        tuple(
            fact
            for fact in queries.facts_view(loaded, lang)
            if shown and fact["origin"] == "source" and fact["status"] in prefilling.SETTLED
        ),
        tuple(
            {
                "department": parties.department_name(department, lang),
                "facts": [labels.get(name, name) for name in names],
            }
            for department, names in later.items()
        ),
        tuple(
            {
                "fact": one.fact,
                "label": labels.get(one.fact, one.fact),
                "typed": queries.in_words(loaded, one.fact, one.typed, lang),
                "value": to_json(one.value),
                "shown": queries.in_words(loaded, one.fact, one.value, lang),
                "department": parties.department_name(one.source.department, lang),
                "as_of": one.source.as_of,
                "differs": differs_,
            }
            for one, differs_ in differs
        ),
    )
