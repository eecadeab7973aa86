"""What licences say on the trail.

A presentation is told by digest alone: neither what was shown nor to whom.
"""

ISSUED = "tongban.licences.issued.v1"
SUPERSEDED = "tongban.licences.superseded.v1"
SUSPENDED = "tongban.licences.suspended.v1"
RESTORED = "tongban.licences.restored.v1"
REVOKED = "tongban.licences.revoked.v1"
FLAGGED = "tongban.licences.flagged.v1"
SETTLED = "tongban.licences.settled.v1"
BOUND = "tongban.licences.bound.v1"
PRESENTED = "tongban.licences.presented.v1"
ASSIGNED = "tongban.licences.number_assigned.v1"
