"""The flow of an item on the desk: the picture its author drew, and how far a case is in it."""

from collections.abc import Mapping
from typing import Any

from tongban.apps.cases.queries import Progress
from tongban.web.drawing import ELDER_SCALE, SCALE, Mark, Tone, draw, read_drawing
from tongban.web.languages import words
from tongban.web.pages import View

# state of an element → its sign in the picture and the tone of its badge in the list
_SIGNS: Mapping[Tone, tuple[str, str]] = {
    "done": ("✓", "done"),
    "now": ("!", "alert"),
    "wait": ("…", "wait"),
}


def flow_of(progress: Progress, view: View, lang: str) -> dict[str, Any]:
    """Give what the component ``flow`` shows of a case's progress."""
    drawing, t = read_drawing(progress.content, progress.file), words(view.language.tag)
    states: dict[str, Tone] = {
        **dict.fromkeys(progress.done, "done"),
        **dict.fromkeys(progress.waits, "wait"),
        **dict.fromkeys(progress.now, "now"),
    }
    marks = [Mark(key, state, _SIGNS[state][0]) for key, state in states.items()]
    rows = [
        {
            "name": step.called(lang) or step.id,
            "tone": _SIGNS[states[step.id]][1] if step.id in states else "quiet",
            "state": t[f"flow_{states[step.id]}"] if step.id in states else t["flow_ahead"],
        }
        for step in drawing.steps
    ]
    scale = ELDER_SCALE if view.elder else SCALE
    says = str(t["flow_says"]).format(n=len(rows))
    return {
        "name": drawing.called(lang),
        "svg": draw(drawing, marks, lang=lang, scale=scale, says=says),
        "rows": rows,
        "signs": [(sign, t[f"flow_{state}"]) for state, (sign, _) in _SIGNS.items()],
    }
