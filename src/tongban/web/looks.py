"""What a look at a file found (材料预检), in the words of the page that shows it."""

from collections.abc import Mapping

from tongban.apps.cases import papers
from tongban.apps.cases.materials import Look

_TONES = {"refuse": "stop", "warn": "alert", "note": "quiet"}


def looked(look: Look, lang: str, t: Mapping[str, str]) -> list[dict[str, str]]:
    """Give the lines of ``look.html``: what is amiss and what to do, what was not looked at.

    Where nothing is amiss the first line says so, and what that means.
    """
    said = [
        {
            "tone": _TONES[one.weight],
            "state": t[f"look_{one.weight}"],
            "words": one.en if lang == "en" else one.zh,
        }
        for one in look.findings
    ]
    if look.well:
        kind = "text" if look.text_read else "pdf" if look.media_type == papers.PDF else "picture"
        said.insert(0, {"tone": "done", "state": t["look_well"], "words": t[f"look_well_{kind}"]})
    return said
