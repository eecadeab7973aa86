"""The component set of the pages: fields and their reading back; tags draw them (`templatetags`).

A form is a list of `Field`s, written by hand for a page or made of the facts that a data plan asks.
What a browser sends comes back as text and is read strictly elsewhere; here it is only gathered.
"""

from .fields import Field, Level, Option, answer, gather, of_fact, written

__all__ = ["Field", "Level", "Option", "answer", "gather", "of_fact", "written"]
