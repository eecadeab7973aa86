"""How far a branch is in its flow (流程进度): what is done, at work, and waited for."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongban.apps.cases import events as say
from tongban.apps.cases.domain.ground import marking_of, offered
from tongban.apps.cases.queries.showing import Loaded
from tongban.apps.items import queries as items
from tongban.kernel import nets
from tongban.kernel.events import Event


@dataclass(frozen=True, slots=True)
class Progress:
    """Ids of elements of the flow file: done, ``now`` (somebody's work), ``waits`` (clock, news).

    ``file`` and ``content`` are the flow as it was published with the item of this case.
    """

    file: str
    content: bytes
    done: frozenset[str]
    now: frozenset[str]
    waits: frozenset[str]


def progress(loaded: Loaded, item: str, history: Sequence[Event]) -> Progress:
    """Give the progress of an item of a case; ``history`` is the case's, see `timeline`."""
    branch, ground = loaded.case.branches[item], loaded.ground
    steps = offered(branch, ground)
    waits = {_own(step.id) for step in steps if step.kind in {"timer", "message"}}
    now = {_own(step.id) for step in steps} - waits
    done = {_own(e.step) for e in history if e.type == say.STEPPED and e.item == item and e.step}
    if branch.marking:
        net = ground.definitions[item].net
        done |= {node.id for node in net.flow.nodes.values() if node.kind == "start"}
        done |= set(nets.outcome(net, marking_of(branch, ground)) or ())
    file, content = items.flow_file(item, branch.version)
    return Progress(file, content, frozenset(done - now), frozenset(now), frozenset(waits))


def _own(step: str) -> str:
    """Give the element of the item's own flow: the step itself, or the call it is inside of."""
    return step.partition("/")[0]
