"""Who judges packs beside the items (区域包检查): what stands above them says so at the start.

The words of the pages belong to the pages; a pack that names a word which no page says is refused
where the items are, and the items know nothing of pages.
"""

from collections.abc import Callable, Iterable, Sequence

from tongban.infra.packs.documents import Problem
from tongban.infra.packs.reading import Pack

Judge = Callable[[Sequence[Pack]], Iterable[Problem]]
_JUDGES: list[Judge] = []


def judges_packs(judge: Judge) -> None:
    """Let ``judge`` look at all packs together whenever they are checked."""
    if judge not in _JUDGES:
        _JUDGES.append(judge)


def problems_of(packs: Sequence[Pack]) -> list[Problem]:
    """Give what the judges find."""
    return [problem for judge in _JUDGES for problem in judge(packs)]
