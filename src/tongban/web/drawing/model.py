"""A drawn flow as frozen data: elements, where each lies, and what is marked on it.

Coordinates are those of the file, in its own units (pixels in every editor seen), y downward.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Tone: TypeAlias = Literal["wrong", "done", "now", "wait"]


@dataclass(frozen=True, slots=True)
class Point:
    """A waypoint."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> Point:
        """Give its middle."""
        return Point(self.x + self.w / 2, self.y + self.h / 2)


@dataclass(frozen=True, slots=True)
class Element:
    """What the file says of an element: ``tag`` is its BPMN name, ``event`` what it waits for.

    ``event`` is a definition without its ending, as "timer"; "multiple" for several. ``english``
    is the name in English where the file has one.
    """

    id: str
    tag: str
    name: str = ""
    english: str = ""
    line: int = 0
    event: str = ""
    interrupting: bool = True
    repeats: bool = False
    default: str = ""
    conditional: bool = False

    def called(self, lang: str) -> str:
        """Give its name in a language, the Chinese one where there is no other."""
        return (self.english or self.name) if lang == "en" else self.name


@dataclass(frozen=True, slots=True)
class Shape:
    """An element with its place; ``label`` is where the editor put its name, if it did."""

    element: Element
    box: Box
    label: Box | None = None
    upright: bool = False
    expanded: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A sequence flow, message flow or association with its waypoints."""

    element: Element
    points: tuple[Point, ...]
    label: Box | None = None
    starts_default: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """A flow with its picture; without shapes the file has no coordinates.

    ``steps`` are the elements that somebody or something does, in file order: the picture in words.
    """

    id: str
    name: str
    english: str
    source: str
    shapes: tuple[Shape, ...]
    lines: tuple[Line, ...]
    steps: tuple[Element, ...]

    @property
    def drawn(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.shapes)

    def called(self, lang: str) -> str:
        """Give the name of the flow in a language."""
        return (self.english or self.name) if lang == "en" else self.name


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign on an element: its tone, the sign itself (a number, a tick) and where it leads."""

    element: str
    tone: Tone
    sign: str
    target: str = ""


Marks: TypeAlias = Sequence[Mark]
