"""Flows drawn (流程图): a BPMN file from its own coordinates, with what is found in it.

    drawing = read_drawing(file, "newborn.bpmn")    # any BPMN 2.0, or DrawingRefused
    found = judge(file, "newborn.bpmn")             # why it may not be published, at its elements
    draw(drawing, marks=marks_of(found))            # SVG; every name is text, nothing is markup

Nothing is laid out here: what has no coordinates in the file is listed and not drawn.
"""

from tongban.web.drawing.judging import Finding, judge, marks_of
from tongban.web.drawing.labels import width, wrap
from tongban.web.drawing.model import Box, Drawing, Element, Line, Mark, Point, Shape, Tone
from tongban.web.drawing.reading import DrawingRefused, read_drawing
from tongban.web.drawing.svg import ELDER_SCALE, SCALE, draw

__all__ = [
    "ELDER_SCALE",
    "SCALE",
    "Box",
    "Drawing",
    "DrawingRefused",
    "Element",
    "Finding",
    "Line",
    "Mark",
    "Point",
    "Shape",
    "Tone",
    "draw",
    "judge",
    "marks_of",
    "read_drawing",
    "width",
    "wrap",
]
