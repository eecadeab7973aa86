"""Fees of an item (收费): what is due, when a branch waits for it, and how the waiting ends.

A fee of nought or a waiver asks nothing. What is not known to be waived is due; a fee is asked
once, and what it waits for is not done before it is paid.
"""

from collections.abc import Iterator, Mapping

from tongban.apps.cases import events as say
from tongban.apps.items.domain import GIVES, Charge
from tongban.kernel import feel, nets
from tongban.kernel.feel import Value

from . import flow
from .fold import Said
from .ground import Ground
from .state import Branch, Case, Stage


class FeeUndecided(RuntimeError):
    """No rule has said how much is due where the flow gives the result; mend the flow."""


def reference(case: Case, branch: Branch) -> str:
    """Name what the fee of a branch is for; it is asked once a reference."""
    return f"{case.number}/{branch.item}"


def due(charge: Charge, branch: Branch, facts: Mapping[str, Value]) -> int:
    """Give the fen that are due; 0 where it is waived or the rule says nothing is."""
    if charge.waived is not None and feel.judge(charge.waived, facts).value is True:
        return 0
    if isinstance(charge.amount, int):
        return charge.amount
    fen = branch.results.get(charge.amount)
    if not isinstance(fen, int) or isinstance(fen, bool) or fen < 0:
        raise FeeUndecided(f"FeeUndecided: {branch.item}: {charge.amount} is {fen!r}, not fen")
    return fen


def before_acceptance(branch: Branch, ground: Ground, facts: Mapping[str, Value]) -> Said | None:
    """Ask the fee that acceptance waits for; None where nothing is due, or it is paid."""
    charge = ground.definitions[branch.item].charge
    if charge is None or charge.when != "acceptance":
        return None
    return _asked(charge, branch, ground, facts)


def before_step(
    branch: Branch, step: nets.Step, ground: Ground, facts: Mapping[str, Value]
) -> Said | None:
    """Ask the fee that the result waits for; None where nothing is due, or it is paid."""
    charge = ground.definitions[branch.item].charge
    if charge is None or charge.when != "delivery" or step.attributes.get("verb") not in GIVES:
        return None
    return _asked(charge, branch, ground, facts)


def _asked(
    charge: Charge, branch: Branch, ground: Ground, facts: Mapping[str, Value]
) -> Said | None:
    if branch.fee == "paid" or not (fen := due(charge, branch, facts)):
        return None
    data = {"amount_fen": fen, "on": ground.today.isoformat(), "when": charge.when}
    return Said(say.FEE_ASKED, ground.now, data, branch.item)


def moved(case: Case, states: Mapping[str, str], ground: Ground) -> Iterator[Said]:
    """Say what became of the fees that branches wait for; ``states`` by reference.

    A fee that was not paid within its window takes the application back (视为撤回).
    """
    for branch in case.branches.values():
        state = states.get(reference(case, branch))
        if branch.stage is not Stage.PAYMENT:
            continue
        if state == "paid":
            data = {"on": ground.today.isoformat(), "reference": reference(case, branch)}
            yield Said(say.FEE_PAID, ground.now, data, branch.item)
        elif state in {"expired", "cancelled"}:
            yield flow.ended(branch, Stage.WITHDRAWN, "fee_unpaid", ground)
