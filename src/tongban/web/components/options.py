"""What a question offers: answers to choose, and the lists of divisions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose, with an optional line of help."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a division cascade (省、市、县): what can be chosen, and what is."""

    name: str
    label: str
    options: tuple[Option, ...]
    value: str = ""
