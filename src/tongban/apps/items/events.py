"""What items say on the trail."""

PUBLISHED = "tongban.items.published.v1"
WORKSHOP_PUBLISHED = "tongban.items.workshop.published.v1"
WORKSHOP_DISCARDED = "tongban.items.workshop.discarded.v1"
TRANSLATION_PROPOSED = "tongban.items.translation.proposed.v1"
TRANSLATION_SIGNED = "tongban.items.translation.signed.v1"


def chain(kind: str, slug: str) -> str:
    """Give the chain on which the versions of one definition are told."""
    return f"items:{kind}:{slug}"


def workshop_chain(pack: str) -> str:
    """Give the chain on which it is told what became of the drafts of one pack."""
    return f"items:workshop:{pack}"
