"""Counts over many cases (汇总): numbers only, nothing of any person."""

from tongban.apps.cases.domain import acceptance
from tongban.apps.cases.domain.state import Stage
from tongban.apps.cases.models import Case as Row
from tongban.apps.items import queries as items

from .showing import load, required_materials


def papers(latest: int = 500) -> tuple[int, int]:
    """Count the documents that the latest cases required, and those of them not asked for."""
    required = spared = 0
    rows = Row.objects.order_by("-number").values_list("number", "life_event", "version")
    for number, slug, version in rows[:latest]:
        loaded = load(number)
        for one in items.life_event(slug, version).plan.materials:
            branch = loaded.case.branches.get(one.item)
            if branch is None or branch.stage is Stage.NOT_APPLICABLE:
                continue
            if one.spec.necessity != "required":
                continue
            if one.spec.code in required_materials(loaded, branch):
                required += 1
                spared += acceptance.waived(one.spec, loaded.case)
    return required, spared
