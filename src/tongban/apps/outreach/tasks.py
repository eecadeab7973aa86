"""What outreach does for others: it says under which reference a policy pays a person."""

from tongban.apps.cases import payments
from tongban.apps.outreach.services.ground import reference_for

payments.refer_by(reference_for)
