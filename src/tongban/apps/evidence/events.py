"""What evidence says on the trail: what somebody must act on, and the life of signing keys.

A checkpoint is told by its own table. Were it told here, each would make a leaf, and the next one.
"""

ALARM = "tongban.evidence.alarm.v1"
ALARM_ENDED = "tongban.evidence.alarm_ended.v1"
#: The chain on which a witness's refusals are told.
CHAIN = "evidence:witnesses"

KEY_BEGUN = "tongban.evidence.key_begun.v1"
KEY_CERTIFIED = "tongban.evidence.key_certified.v1"
KEY_ENDED = "tongban.evidence.key_ended.v1"


def key_chain(key: str) -> str:
    """Name the chain on which the life of a signing key is told.

    >>> key_chain("11330100MB1A23019Q/std/00ff")
    'evidence:key:11330100MB1A23019Q/std/00ff'
    """
    return f"evidence:key:{key}"
