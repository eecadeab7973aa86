"""What items say on the trail."""

PUBLISHED = "tongban.items.published.v1"


def chain(kind: str, slug: str) -> str:
    """Give the chain on which the versions of one definition are told."""
    return f"items:{kind}:{slug}"
