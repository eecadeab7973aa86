"""Reads a YAML file of a region pack so that every value remembers its line.

Takes a small, unambiguous part of YAML: text, whole numbers, true, false, null, lists, mappings.
Refuses what hides or multiplies meaning: anchors, tags, duplicate keys, tabs, floats, yes/no.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tongban.infra.packs.findings import SENTENCES

Place = tuple[str | int, ...]

_LARGEST = 1_000_000  # bytes
_DEEPEST = 24  # levels
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)
_AMBIGUOUS = re.compile(
    r"y|n|yes|no|on|off|true|false|null|[-+]?[\d_,:]+|[-+]?(\d[\d_]*)?\.?[\d_]+(e[-+]?\d+)?"
    r"|0[xob][0-9a-f_]+|[-+]?\.(inf|nan)",
    re.ASCII | re.IGNORECASE,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a pack (问题): where it is, and what by its code and named arguments.

    Its sentences stand in `findings.SENTENCES`; ``message`` and ``mend`` are the English ones.
    """

    file: str
    line: int
    code: str
    arguments: tuple[tuple[str, str | int], ...] = ()

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return self.what("en")

    @property
    def mend(self) -> str:
        """What to do, in English."""
        return self.remedy("en")

    def what(self, lang: str) -> str:
        """Say what is wrong in Chinese or English."""
        sentences = SENTENCES[self.code]
        return self._filled(sentences.en if lang == "en" else sentences.zh)

    def remedy(self, lang: str) -> str:
        """Say what to do in Chinese or English."""
        sentences = SENTENCES[self.code]
        return self._filled(sentences.en_mend if lang == "en" else sentences.zh_mend)

    def told(self, lang: str) -> str:
        """Say both in one line."""
        return ("; " if lang == "en" else "；").join((self.what(lang), self.remedy(lang)))

    def as_json(self) -> dict[str, Any]:
        """Give it for a machine: place, code, arguments, and the sentences in both languages."""
        return {
            "file": self.file,
            "line": self.line,
            "code": self.code,
            "arguments": dict(self.arguments),
            "zh": self.told("zh"),
            "en": self.told("en"),
        }

    def _filled(self, sentence: str) -> str:
        return sentence.format_map(dict(self.arguments))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.told('en')}"


def problem(file: str, line: int, code: str, /, **arguments: str | int) -> Problem:
    """Give a problem with the arguments that the sentences of its code name."""
    return Problem(file, line, code, tuple(arguments.items()))


class PackInvalid(ValueError):
    """A region pack that cannot be used, with every problem found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        told = dict.fromkeys(problems)
        self.problems = tuple(sorted(told, key=lambda p: (p.file, p.line, p.message)))
        super().__init__("\n".join(f"PackInvalid: {problem}" for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a pack: ``file`` is its name for messages, ``lines`` the line of each value."""

    file: str
    data: Any
    lines: Mapping[Place, int]

    def line(self, *place: str | int) -> int:
        """Give the line of the value at ``place``, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, place: Place, code: str, /, **arguments: str | int) -> Problem:
        """Give a problem at ``place``."""
        return problem(self.file, self.line(*place), code, **arguments)


class _Stop(Exception):
    def __init__(self, line: int, code: str, /, **arguments: str | int) -> None:
        super().__init__(code)
        self.line = line
        self.code = code
        self.arguments = arguments


def read_document(path: Path, file: str) -> Document:
    """Read the YAML file at ``path``; raises `PackInvalid` with the line of the first fault.

    ``file`` is the name that messages use.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise PackInvalid([problem(file, 1, "file-unreadable", why=str(error.strerror))]) from error
    return document_of(raw, file)


def document_of(raw: bytes, file: str) -> Document:
    """Read the bytes of a YAML file; as `read_document`."""
    try:
        return _build(raw, file)
    except _Stop as stop:
        raise PackInvalid([problem(file, stop.line, stop.code, **stop.arguments)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PackInvalid([problem(file, line, "file-not-utf8")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise PackInvalid(
            [
                problem(
                    file,
                    mark.line + 1 if mark else 1,
                    "yaml-broken",
                    why=str(error.problem or error.context),
                )
            ]
        ) from error
    except yaml.YAMLError as error:
        raise PackInvalid([problem(file, 1, "yaml-signs", why=str(error))]) from error


def _build(raw: bytes, file: str) -> Document:
    if len(raw) > _LARGEST:
        raise _Stop(1, "file-large", size=len(raw), most=_LARGEST)
    text = raw.decode("utf-8")
    if "\t" in text:
        raise _Stop(text[: text.index("\t")].count("\n") + 1, "yaml-tab")
    events = iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    next(events)  # the stream begins
    first = next(events)
    if not isinstance(first, yaml.DocumentStartEvent):
        raise _Stop(1, "yaml-empty")
    lines: dict[Place, int] = {}
    data = _value(next(events), events, (), lines)
    next(events)  # the document ends
    last = next(events)
    if not isinstance(last, yaml.StreamEndEvent):
        raise _Stop(_line(last), "yaml-second")
    return Document(file, data, lines)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _value(
    event: yaml.Event, events: Iterator[yaml.Event], place: Place, lines: dict[Place, int]
) -> Any:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _Stop(_line(event), "yaml-alias")
    if tag := getattr(event, "tag", None):
        raise _Stop(_line(event), "yaml-tag", tag=str(tag))
    if len(place) > _DEEPEST:
        raise _Stop(_line(event), "yaml-deep", most=_DEEPEST)
    lines.setdefault(place, _line(event))
    if isinstance(event, yaml.ScalarEvent):
        return event.value if event.style else _plain(event)
    if isinstance(event, yaml.SequenceStartEvent):
        found: list[Any] = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            found.append(_value(item, events, (*place, len(found)), lines))
        return found
    mapping: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent) or key.anchor or key.tag:
            raise _Stop(_line(key), "yaml-key")
        if key.value in mapping:
            raise _Stop(_line(key), "yaml-twice", key=str(key.value))
        lines[*place, key.value] = _line(key)
        mapping[key.value] = _value(next(events), events, (*place, key.value), lines)
    return mapping


def _plain(event: yaml.ScalarEvent) -> str | int | bool | None:
    text: str = event.value
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _AMBIGUOUS.fullmatch(text) and not _DAY.fullmatch(text):
        raise _Stop(
            _line(event),
            "yaml-ambiguous",
            text=text,
        )
    return text
