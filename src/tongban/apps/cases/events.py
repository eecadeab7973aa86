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
SUSPENDED = "tongban.cases.suspended.v1"
RESUMED = "tongban.cases.resumed.v1"
EXTENDED = "tongban.cases.extended.v1"
CLOCK_MOVED = "tongban.cases.clock_moved.v1"
URGED = "tongban.cases.urged.v1"
ENDED = "tongban.cases.ended.v1"
DELIVERED = "tongban.cases.delivered.v1"
CLOSED = "tongban.cases.closed.v1"

#: Told on a chain of its own: the story of the case is closed when its archive is written.
ARCHIVED = "tongban.cases.archived.v1"
ARCHIVE = "cases:archive"

#: Signatures and notices have a chain of their own: they move no case, and come after it closed.
SIGNED = "tongban.cases.signed.v1"
NOTICED = "tongban.cases.noticed.v1"


def papers_chain(number: str) -> str:
    """Name the chain on which the signatures and notices of a case are told.

    >>> papers_chain("20261124-ABCDEFGHJK")
    'cases:papers:20261124-ABCDEFGHJK'
    """
    return f"cases:papers:{number}"
