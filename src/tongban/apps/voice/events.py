"""What ratings say on the trail: on a chain of the department, so that none leads to a case."""

RATED = "tongban.voice.rated.v1"

CALLED_BACK = "tongban.voice.called_back.v1"


def chain(department: str) -> str:
    """Give the chain of a department's ratings."""
    return f"voice:{department}"
