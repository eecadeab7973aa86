"""What fees say on the trail; the story of an order is the chain ``fee:<number>``."""

ORDERED = "tongban.fees.ordered.v1"
ATTEMPTED = "tongban.fees.attempted.v1"
PAID = "tongban.fees.paid.v1"
HELD = "tongban.fees.held.v1"
SURPLUS = "tongban.fees.surplus.v1"
NOT_PAID = "tongban.fees.not_paid.v1"
CONTRADICTED = "tongban.fees.contradicted.v1"
RECEIPTED = "tongban.fees.receipted.v1"
CANCELLED = "tongban.fees.cancelled.v1"
EXPIRED = "tongban.fees.expired.v1"
REOPENED = "tongban.fees.reopened.v1"
REFUND_WISHED = "tongban.fees.refund_wished.v1"
REFUND_DECLINED = "tongban.fees.refund_declined.v1"
REFUND_ASKED = "tongban.fees.refund_asked.v1"
REFUND_APPROVED = "tongban.fees.refund_approved.v1"
REFUND_REFUSED = "tongban.fees.refund_refused.v1"
REFUNDED = "tongban.fees.refunded.v1"
RECONCILED = "tongban.fees.reconciled.v1"
FOUND = "tongban.fees.mismatch_found.v1"
SETTLED = "tongban.fees.mismatch_settled.v1"

#: News that whoever waits for a fee listens to: it is paid, or it will not be.
ENDS = (PAID, EXPIRED)


def chain(order: str) -> str:
    """Name the chain of an order."""
    return f"fee:{order}"


def bank_chain(provider: str) -> str:
    """Name the chain of the reconciliations with a bank."""
    return f"fees:bank:{provider}"
