"""How a case and its fees move together: asked, cancelled and given back in the case's transaction.

A case reads how its fees stand whenever it moves, so that news that came twice, late or not at all
changes nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

from tongban.apps.cases.domain import charging
from tongban.apps.cases.domain.fold import Said
from tongban.apps.cases.domain.ground import Ground, all_facts
from tongban.apps.cases.domain.state import ENDED, Branch, Case, Stage
from tongban.apps.fees import queries as fees
from tongban.apps.fees import services as collecting
from tongban.apps.fees.domain.words import Fee
from tongban.apps.items.domain import Charge


def heard(case: Case, ground: Ground) -> Sequence[Said]:
    """Say what became of the fees that this case waits for."""
    waiting = [b for b in case.branches.values() if b.stage is Stage.PAYMENT]
    if not waiting:
        return ()
    states = fees.states_of(charging.reference(case, branch) for branch in waiting)
    return tuple(charging.moved(case, states, ground))


def follow(before: Case, after: Case, ground: Ground) -> None:
    """Ask the fees that a turn has come to, and end those of branches that have ended.

    Inside the transaction that saves the turn.
    """
    for branch in after.branches.values():
        was = before.branches.get(branch.item)
        charge = ground.definitions[branch.item].charge
        if charge is None or branch is was or not branch.fee:
            continue
        if branch.stage is Stage.PAYMENT and (was is None or not was.fee):
            collecting.open_order(_fee(after, branch, charge, ground), ground.now)
        elif branch.stage in ENDED and branch.stage is not Stage.GRANTED:
            why = "withdrawn" if branch.stage is Stage.WITHDRAWN else "refused"
            collecting.close_order(
                charging.reference(after, branch), why, ground.now, give_back=why in charge.refund
            )


def _fee(case: Case, branch: Branch, charge: Charge, ground: Ground) -> Fee:
    basis = charge.legal_basis
    return Fee(
        reference=charging.reference(case, branch),
        case=case.number,
        item=branch.item,
        name=charge.name,
        department=charge.receiver,
        payer=case.applicant,
        company=case.on_behalf_of,
        life_event=case.life_event,
        amount_fen=charging.due(charge, branch, all_facts(case, ground)),
        legal_basis=f"{basis.title} {basis.article}".strip(),
        window=timedelta(days=charge.days),
    )
