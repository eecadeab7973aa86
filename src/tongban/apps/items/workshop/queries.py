"""Reads of the workshop: drafts, their texts, what is wrong in them and what they would change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from tongban.apps.items import queries as items
from tongban.apps.items import services as publishing
from tongban.apps.items.checking import Ready
from tongban.apps.items.models import WorkshopDraft
from tongban.apps.items.services import Unraised
from tongban.apps.items.workshop import shelves
from tongban.apps.items.workshop.access import seen_by
from tongban.apps.items.workshop.domain import (
    Difference,
    File,
    Text,
    differences,
    digest,
    editable,
    lines_of,
)
from tongban.apps.items.workshop.errors import WorkshopRefused
from tongban.apps.items.workshop.titles import titles
from tongban.infra.access.domain import Subject
from tongban.infra.packs import (
    Pack,
    PackInvalid,
    Problem,
    changed,
    document_of,
    kind_of,
    packs_of,
    problem,
)
from tongban.kernel.facts import Words


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as its editors know it."""

    number: str
    pack: str
    title: str
    department: str
    opened_by: str
    opened_at: Any
    closed: str
    closed_at: Any


@dataclass(frozen=True, slots=True)
class Change:
    """What a draft does to one file: values of its data, and lines of its text."""

    path: str
    kind: str
    state: str
    values: tuple[Difference, ...]
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What publication would do: new definitions, those to raise first, and what hinders it."""

    fresh: tuple[Ready, ...]
    unraised: tuple[Unraised, ...]
    problems: tuple[Problem, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing hinders publication."""
        return not self.unraised and not self.problems


def drafts(subject: Subject) -> tuple[Draft, ...]:
    """Give the drafts that the subject may see, open ones first, the latest first."""
    rows = seen_by(subject, WorkshopDraft.objects.order_by("closed", "-pk"))
    return tuple(map(_draft, rows[:100]))


def draft(subject: Subject, number: str) -> Draft:
    """Give a draft; raises `DraftUnknown`."""
    return _draft(row_of(subject, number))


def row_of(subject: Subject, number: str) -> WorkshopDraft:
    """Give a draft's row to whoever may see it; raises `DraftUnknown`."""
    return seen_by(subject, WorkshopDraft.objects, number)


def _draft(row: WorkshopDraft) -> Draft:
    return Draft(
        str(row.pk),
        row.pack,
        row.title,
        row.department,
        row.opened_by_name,
        row.opened_at,
        row.closed,
        row.closed_at,
    )


def edits(row: WorkshopDraft) -> dict[str, str | None]:
    """Give the newest text that a draft has for each path it touches."""
    return dict(row.edits.order_by("pk").values_list("path", "text"))


def text_of(subject: Subject, number: str, path: str) -> Text:
    """Give a file as the draft has it; raises `DraftUnknown`."""
    row = row_of(subject, number)
    return text_in(row, edits(row), path)


def text_seen(subject: Subject, number: str, path: str, seen: str) -> str | None:
    """Give the text that a file had under this digest, if it is kept still."""
    row = row_of(subject, number)
    raw = shelves.in_force().get(row.pack, {}).get(path)
    kept = [*row.edits.filter(path=path).order_by("-pk").values_list("text", flat=True)]
    texts = [*kept, raw.decode("utf-8", "replace") if raw is not None else None]
    return next((text for text in texts if text is not None and digest(text) == seen), None)


def text_in(row: WorkshopDraft, changed: Mapping[str, str | None], path: str) -> Text:
    """Give a file of a draft whose edits are at hand."""
    if path in changed:
        return Text(path, changed[path], digest(changed[path]), changed=True)
    raw = shelves.in_force().get(row.pack, {}).get(path)
    text = raw.decode("utf-8", "replace") if raw is not None else None
    return Text(path, text, digest(text), changed=False)


def files(subject: Subject, number: str) -> tuple[File, ...]:
    """Give the files of a draft that may be edited, by kind and name."""
    row = row_of(subject, number)
    there, changed = shelves.in_force().get(row.pack, {}), edits(row)
    found = []
    for path in sorted({*there, *changed}):
        if not editable(path):
            continue
        state = "same"
        if path in changed:
            text = changed[path]
            state = "removed" if text is None else "changed" if path in there else "new"
        slug = path.rpartition("/")[2].rpartition(".")[0]
        found.append(File(path, kind_of(path), slug, state))
    return tuple(found)


def called(subject: Subject, number: str) -> dict[str, Words]:
    """Give what the files of a draft are called, by path, as far as their texts say it."""
    row = row_of(subject, number)
    inside = _whole(row).get(row.pack, {})
    return titles({p: raw.decode("utf-8", "replace") for p, raw in inside.items() if editable(p)})


def flow_text(subject: Subject, number: str, name: str) -> str | None:
    """Give a flow that another one calls: of the draft's pack, else of the packs it extends."""
    row = row_of(subject, number)
    whole = _whole(row)
    waiting, seen = [row.pack], set[str]()
    while waiting:
        pack = waiting.pop(0)
        if pack in seen or pack not in whole:
            continue
        seen.add(pack)
        if raw := whole[pack].get(f"flows/{name}.bpmn"):
            return raw.decode("utf-8", "replace")
        head = _data(whole[pack].get(shelves.HEAD, b"").decode("utf-8", "replace"))
        below = head.get("extends") if isinstance(head, dict) else None
        waiting += reversed(below) if isinstance(below, list) else []
    return None


def packs(row: WorkshopDraft) -> tuple[Pack, ...]:
    """Give all packs as they would be with this draft; raises `PackInvalid`."""
    return packs_of(_whole(row).items())


def known_slugs(subject: Subject, number: str) -> dict[str, tuple[str, ...]]:
    """Name what a file of the draft may refer to: the files of all packs, by kind."""
    found: dict[str, set[str]] = {}
    for inside in _whole(row_of(subject, number)).values():
        for path in inside:
            found.setdefault(kind_of(path), set()).add(PurePosixPath(path).stem)
    return {kind: tuple(sorted(slugs)) for kind, slugs in found.items()}


def modelled(subject: Subject, number: str, model: str, slug: str) -> str:
    """Give the text of a new file after the model of another, with a slug and a version of its own.

    Raises `WorkshopRefused`.
    """
    found = text_of(subject, number, model)
    if found.text is None:
        raise WorkshopRefused("没有可供参照的文件", f"there is no file {model}")
    if not model.endswith(".yaml"):
        return found.text
    try:
        data = document_of(found.text.encode(), model).data
        own = {**data, "slug": slug} | ({"version": 1} if "version" in data else {})
        return changed(found.text, own, model)
    except PackInvalid as wrong:
        raise WorkshopRefused("参照的文件有误，请先改正", str(wrong.problems[0])) from wrong


def effect(subject: Subject, number: str) -> Effect:
    """Say what publishing this draft would do, and what hinders it; never raises for its content.

    Findings are kept by the texts they were found in, so that a page asks at no cost.
    """
    row = row_of(subject, number)
    try:
        key = tuple(
            (name, path, digest(raw))
            for name, inside in _whole(row).items()
            for path, raw in sorted(inside.items())
        )
        found, late = _effect(items.state(), _Held(key, row)), meanwhile(row)
        return replace(found, problems=(*late, *found.problems)) if late else found
    except PackInvalid as wrong:  # a folder and what was published contradict each other
        return Effect((), (), wrong.problems)


class _Held:
    """A draft with the digests of all texts in it, by which findings about it are kept."""

    def __init__(self, key: tuple[tuple[str, str, str], ...], row: WorkshopDraft) -> None:
        self.key, self.row = key, row

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.key == self.key


def _whole(row: WorkshopDraft) -> dict[str, dict[str, bytes]]:
    found = {name: dict(inside) for name, inside in shelves.in_force().items()}
    mine = found.setdefault(row.pack, {})
    for path, text in edits(row).items():
        if text is None:
            mine.pop(path, None)
        else:
            mine[path] = text.encode()
    return found


def meanwhile(row: WorkshopDraft) -> tuple[Problem, ...]:
    """Name the files whose text in force was replaced since the draft began to write them."""
    there = shelves.in_force().get(row.pack, {})
    begun = dict(row.edits.order_by("-pk").values_list("path", "base"))
    return tuple(
        problem(f"{row.pack}/{path}", 1, "draft-late")
        for path, base in sorted(begun.items())
        if digest(there.get(path)) != base
    )


@lru_cache(maxsize=32)
def _effect(_state: str, held: _Held) -> Effect:
    try:
        found = publishing.outlook(packs(held.row))
    except PackInvalid as wrong:
        return Effect((), (), wrong.problems)
    return Effect(found.fresh, found.unraised, ())


def judged(whole: Mapping[str, Mapping[str, bytes]]) -> tuple[Problem, ...]:
    """Say what hinders the publication of packs by their files; never raises for their content."""
    try:
        found = publishing.outlook(packs_of(whole.items()))
    except PackInvalid as wrong:
        return wrong.problems
    return tuple(one.problem for one in found.unraised)


def findings(subject: Subject, number: str) -> tuple[Problem, ...]:
    """Give everything that hinders publication, by file and line."""
    found = effect(subject, number)
    return (*found.problems, *(one.problem for one in found.unraised))


def changes(subject: Subject, number: str) -> tuple[Change, ...]:
    """Give what the draft changes, file by file."""
    row = row_of(subject, number)
    there = shelves.in_force().get(row.pack, {})
    made = []
    for path, text in sorted(edits(row).items()):
        raw = there.get(path)
        was = raw.decode("utf-8", "replace") if raw is not None else None
        if was == text:
            continue
        state = "removed" if text is None else "changed" if was is not None else "new"
        values: tuple[Difference, ...] = ()
        if path.endswith(".yaml") and state == "changed":
            values = tuple(differences(_data(was), _data(text)))
        made.append(Change(path, kind_of(path), state, values, lines_of(was, text)))
    return tuple(made)


def _data(text: str | None) -> Any:
    """Read YAML for comparing; None where it cannot be read."""
    try:
        return document_of((text or "").encode(), "").data
    except PackInvalid:
        return None
