"""What evidence says on the trail: only what somebody must act on.

A checkpoint is told by its own table. Were it told here, each would make a leaf, and the next one.
"""

ALARM = "tongban.evidence.alarm.v1"
ALARM_ENDED = "tongban.evidence.alarm_ended.v1"
#: The chain on which a witness's refusals are told.
CHAIN = "evidence:witnesses"
