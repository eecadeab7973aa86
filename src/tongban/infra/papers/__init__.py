"""Papers (版式文件): PDFs that are set from a template and sealed by whoever issues them.

What sets them is the extra ``faces``, and is loaded when a paper is made: everything else works
without it. Refuses where software or fonts are missing, and says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from tongban.infra.packs import find_packs


class PaperNotMade(RuntimeError):
    """No paper can be made here; ``zh`` and ``en`` say what is missing."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True)
class PdfSeal:
    """What seals a PDF (电子印章): whose it is, the P-256 secret, its certificate in DER."""

    name: str
    secret: bytes = field(repr=False)
    certificate: bytes


class Typesetter(Protocol):
    """What makes a sealed PDF of a template and its data."""

    def make(
        self, template: str, data: Mapping[str, Any], now: datetime, seal: PdfSeal, reason: str
    ) -> bytes:
        """Give the PDF, sealed at ``now`` for this reason; raise PaperNotMade."""


def typesetter() -> Typesetter:
    """Give the typesetter of this process; raise PaperNotMade where it is not installed."""
    try:
        made: Typesetter = import_string(settings.TYPESETTER)()
    except ImportError as absent:
        raise PaperNotMade(
            "未安装版式组件：pip install 'tongban[faces]'",
            "papers need more software: pip install 'tongban[faces]'",
        ) from absent
    return made


def template(name: str) -> str:
    """Give the template ``faces/<name>.typ`` of the last region pack that has it.

    Raise PaperNotMade where none has one.
    """
    for pack in reversed(find_packs(settings.PACKS)):
        path = pack / "faces" / f"{name}.typ"
        if path.exists():
            return path.read_text(encoding="utf-8")
    raise PaperNotMade(f"区域包没有版式 {name}", f"no region pack has the template {name}")
