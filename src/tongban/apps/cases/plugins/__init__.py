"""What may be put in or left out: who reads the text of a photographed document (文字识别)."""

from functools import cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

SHIPPED = "tongban.apps.cases.plugins.rapid.Rapid"


class TextReader(Protocol):
    """Reads the text off a picture."""

    def read(self, picture: bytes) -> tuple[str, ...]:
        """Give the lines of a PNG or JPEG, from top to bottom; none where there is no text."""
        ...


@cache
def text_reader() -> TextReader | None:
    """Give the reader of this installation; None where none is set, or the extra is not installed.

    A reader that was set by name and cannot be loaded is an error, not an absence.
    """
    name = settings.MATERIAL_READER
    if not name:
        return None
    try:
        made: TextReader = import_string(name)()
    except ImportError:
        if name == SHIPPED:
            return None
        raise
    return made
