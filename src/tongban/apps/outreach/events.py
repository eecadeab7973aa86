"""What outreach says on the trail. References and reasons, never who a person is."""

STARTED = "tongban.outreach.run_started.v1"
BATCH_DECIDED = "tongban.outreach.batch_decided.v1"
PAYMENT_ORDERED = "tongban.outreach.payment_ordered.v1"
FINISHED = "tongban.outreach.run_finished.v1"
IDENTIFIED = "tongban.outreach.people_identified.v1"
