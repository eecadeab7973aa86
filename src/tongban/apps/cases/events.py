"""What cases say on the trail, by type and version.

News is matched by these names, never by an import of the case's tables.
"""

SUBMITTED = "tongban.cases.submitted.v1"
FACTS_RECEIVED = "tongban.cases.facts_received.v1"
ENTERED = "tongban.cases.entered.v1"
SOURCE_UNAVAILABLE = "tongban.cases.source_unavailable.v1"
HELD_FOR_EXAMINATION = "tongban.cases.held_for_examination.v1"
CORRECTION_ASKED = "tongban.cases.correction_asked.v1"
ANSWERED = "tongban.cases.answered.v1"
ACCEPTED = "tongban.cases.accepted.v1"
STEPPED = "tongban.cases.stepped.v1"
HANDED = "tongban.cases.handed.v1"
RECONFIRM_ASKED = "tongban.cases.reconfirm_asked.v1"
ASSIGNED = "tongban.cases.assigned.v1"
PAYMENT_ORDERED = "tongban.cases.payment_ordered.v1"
FEE_ASKED = "tongban.cases.fee_asked.v1"
FEE_PAID = "tongban.cases.fee_paid.v1"
CLAIMED = "tongban.cases.claimed.v1"
RELEASED = "tongban.cases.released.v1"
TRANSFER_ASKED = "tongban.cases.transfer_asked.v1"
TRANSFERRED = "tongban.cases.transferred.v1"
TRANSFER_REFUSED = "tongban.cases.transfer_refused.v1"
DUE_SOON = "tongban.cases.due_soon.v1"
DOUBTED = "tongban.cases.doubted.v1"
DOUBT_WITHDRAWN = "tongban.cases.doubt_withdrawn.v1"
SUSPENDED = "tongban.cases.suspended.v1"
RESUMED = "tongban.cases.resumed.v1"
EXTENSION_ASKED = "tongban.cases.extension_asked.v1"
EXTENDED = "tongban.cases.extended.v1"
EXTENSION_REFUSED = "tongban.cases.extension_refused.v1"
CLOCK_MOVED = "tongban.cases.clock_moved.v1"
URGED = "tongban.cases.urged.v1"
ENDED = "tongban.cases.ended.v1"
DELIVERED = "tongban.cases.delivered.v1"
CLOSED = "tongban.cases.closed.v1"

#: Told on a chain of its own: the story of the case is closed when its archive is written.
ARCHIVED = "tongban.cases.archived.v1"
ARCHIVE = "cases:archive"

#: Of a draft (草稿) only its end is told, on a chain of its own.
DRAFT_ENDING = "tongban.cases.draft_ending.v1"
DRAFT_ENDED = "tongban.cases.draft_ended.v1"


#: Who acts where nobody does: rules and clocks. Any other actor is a person.
SYSTEM = "system"


def draft_chain(number: str) -> str:
    """Give the chain of a draft."""
    return f"cases:draft:{number}"


#: Signatures and notices have a chain of their own: they move no case, and come after it closed.
SIGNED = "tongban.cases.signed.v1"
NOTICED = "tongban.cases.noticed.v1"


def papers_chain(number: str) -> str:
    """Name the chain on which the signatures and notices of a case are told.

    >>> papers_chain("20261124-ABCDEFGHJK")
    'cases:papers:20261124-ABCDEFGHJK'
    """
    return f"cases:papers:{number}"
