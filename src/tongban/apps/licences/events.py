"""What licences say on the trail."""

ISSUED = "tongban.licences.issued.v1"
SUPERSEDED = "tongban.licences.superseded.v1"
REVOKED = "tongban.licences.revoked.v1"
ASSIGNED = "tongban.licences.number_assigned.v1"
