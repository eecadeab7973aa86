"""The component set of the pages: fields and their reading back; tags draw them (`templatetags`).

A form is a list of `Field`s, written by hand for a page or made of the facts that a data plan asks.
What a browser sends comes back as text and is read strictly elsewhere; here it is only gathered.
"""

from .divisions import levels, written_out
from .fields import Field, answer, gather, of_fact, written
from .options import Level, Option

#: The name of the button that asks for the next list of a division cascade, and for nothing else.
LEVEL = "level"

__all__ = [
    "LEVEL",
    "Field",
    "Level",
    "Option",
    "answer",
    "gather",
    "levels",
    "of_fact",
    "written",
    "written_out",
]
