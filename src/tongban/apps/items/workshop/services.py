"""Verbs of the workshop: begin a draft, write and take back, raise versions, publish, discard."""

from collections.abc import Mapping

from django.db import transaction

from tongban.apps.items import services as publishing
from tongban.apps.items.events import WORKSHOP_DISCARDED, WORKSHOP_PUBLISHED, workshop_chain
from tongban.apps.items.models import PackText, WorkshopDraft, WorkshopEdit
from tongban.apps.items.services import Publication
from tongban.apps.items.workshop import queries, shelves
from tongban.apps.items.workshop.access import DRAFT, PUBLISH, allow, department_of
from tongban.apps.items.workshop.domain import LONGEST, digest, editable
from tongban.apps.items.workshop.errors import (
    DraftClosed,
    DraftNotReady,
    EditedMeanwhile,
    WorkshopRefused,
)
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.packs import Document, PackInvalid, changed, document_of, kind_of
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft

_TITLE = 200


@transaction.atomic
def open_draft(subject: Subject, pack: str, title: str) -> str:
    """Begin a draft of changes to one pack; give its number.

    Raises `WorkshopDenied`, `WorkshopRefused`.
    """
    department = department_of(subject)
    title = " ".join(title.split())
    if pack not in shelves.folders():
        raise WorkshopRefused("没有这个区域包", f"there is no pack {pack}")
    if not 0 < len(title) <= _TITLE:
        raise WorkshopRefused(
            f"请用1至{_TITLE}字说明要改什么", f"say in 1 to {_TITLE} characters what is to change"
        )
    row = WorkshopDraft.objects.create(
        pack=pack,
        title=title,
        department=department,
        opened_by=subject.user_id,
        opened_by_name=subject.name,
        opened_at=clock.now(),
    )
    return str(row.pk)


@transaction.atomic
def write(subject: Subject, number: str, path: str, text: str, seen: str) -> str:
    """Give a file of the draft this text; give the digest of it.

    ``seen`` is the digest of the text that was edited, empty for a new file. Raises
    `EditedMeanwhile` where it is another one by now, `WorkshopRefused`, `DraftClosed`.
    """
    row = _open(subject, number)
    if not editable(path):
        raise WorkshopRefused(
            f"工作台不编辑文件“{path}”", f"{path} is no file that the workshop edits"
        )
    text = text.replace("\r\n", "\n")
    if len(text.encode()) > LONGEST:
        raise WorkshopRefused("文件过大", f"a file has at most {LONGEST} bytes")
    return _keep(row, subject, path, text, seen)


@transaction.atomic
def remove(subject: Subject, number: str, path: str, seen: str) -> None:
    """Take a file out of the pack. Raises as `write`."""
    _keep(_open(subject, number), subject, path, None, seen)


def _keep(row: WorkshopDraft, subject: Subject, path: str, text: str | None, seen: str) -> str:
    changed_here = queries.edits(row)
    now = queries.text_in(row, changed_here, path)
    if now.digest != seen:
        raise EditedMeanwhile(now.text)
    if now.text == text:
        return now.digest
    if path in changed_here:
        base = row.edits.filter(path=path).order_by("pk")[0].base
    else:
        base = now.digest
    WorkshopEdit.objects.create(
        draft=row,
        path=path,
        text=text,
        base=base,
        edited_by=subject.user_id,
        edited_at=clock.now(),
    )
    return digest(text)


@transaction.atomic
def undo(subject: Subject, number: str, path: str) -> bool:
    """Take back the last change of a file; tell whether there was one."""
    row = _open(subject, number)
    last = row.edits.filter(path=path).order_by("-pk").first()
    if last is None:
        return False
    last.delete()
    return True


@transaction.atomic
def take_over(subject: Subject, number: str, path: str) -> None:
    """Say that a file of the draft was compared with what another draft published meanwhile."""
    row = _open(subject, number)
    raw = shelves.in_force().get(row.pack, {}).get(path)
    row.edits.filter(path=path).update(base=digest(raw))


@transaction.atomic
def raise_version(subject: Subject, number: str, kind: str, slug: str) -> None:
    """Raise the version of a definition that the draft changed. Raises `WorkshopRefused`."""
    row = _open(subject, number)
    for one in queries.effect(subject, number).unraised:
        ready = one.ready
        if (ready.kind, ready.slug) != (kind, slug):
            continue
        pack, _, path = ready.document.file.partition("/")
        if pack != row.pack:
            raise WorkshopRefused(
                f"{slug}属于另一个区域包“{pack}”，请另建草稿",
                f"{slug} is of the pack {pack}: raise it in a draft of that pack",
            )
        found = queries.text_in(row, queries.edits(row), path)
        data = _data(ready.document)
        text = changed(found.text or "", {**data, "version": one.version}, path)
        _keep(row, subject, path, text, found.digest)
        return
    raise WorkshopRefused(f"{slug}不需要提升版本", f"{slug} needs no new version")


def _data(document: Document) -> Mapping[str, object]:
    data: Mapping[str, object] = document.data
    return data


@transaction.atomic
def discard(subject: Subject, number: str) -> None:
    """End a draft without publishing it; its texts stay readable."""
    row = _open(subject, number)
    _close(row, "discarded")
    trail.tell(_told(WORKSHOP_DISCARDED, row, subject, {}))


@transaction.atomic
def publish(subject: Subject, number: str) -> Publication:
    """Publish a draft: its files are in force, its definitions are new versions; open cases stay.

    Raises `DraftNotReady` with every finding, `WorkshopDenied`, `StepUpNeeded`, `DraftClosed`.
    """
    row = _open(subject, number)
    texts = queries.edits(row)
    allow(subject, PUBLISH, _owners(row, texts))
    if not queries.changes(subject, number):
        raise WorkshopRefused("草稿没有任何改动", "the draft changes nothing")
    if problems := queries.meanwhile(row):
        raise DraftNotReady(problems)
    try:
        made = publishing.publish(queries.packs(row), actor=subject.user_id)
    except PackInvalid as wrong:
        raise DraftNotReady(wrong.problems) from wrong
    there = shelves.in_folders().get(row.pack, {})
    now = clock.now()
    PackText.objects.bulk_create(
        PackText(
            pack=row.pack,
            path=path,
            text=text,
            base=digest(there.get(path)),
            draft=row,
            published_at=now,
        )
        for path, text in sorted(texts.items())
    )
    _close(row, "published")
    data = {
        "files": {path: digest(text) for path, text in sorted(texts.items())},
        "published": [f"{kind} {slug} v{version}" for kind, slug, version in made.published],
    }
    trail.tell(_told(WORKSHOP_PUBLISHED, row, subject, data))
    return made


def _owners(row: WorkshopDraft, texts: Mapping[str, str | None]) -> list[str]:
    """Name the departments whose items a draft touches; what is nobody's is the operator's: ''."""
    there, owners = shelves.in_force().get(row.pack, {}), []
    for path, text in texts.items():
        kind, owned = kind_of(path), [""]
        if kind == "guide":
            path = f"items/{path.rpartition('/')[2]}"  # noqa: PLW2901 - of the item it explains
            text = texts.get(path)  # noqa: PLW2901
        if kind_of(path) == "item":
            was = there.get(path)
            owned = [_department(raw) for raw in (was, text and text.encode()) if raw]
        owners += owned or [""]
    return owners


def _department(raw: bytes) -> str:
    try:
        data = document_of(raw, "").data
    except PackInvalid:
        return ""
    return str(data.get("department", "")) if isinstance(data, dict) else ""


def _open(subject: Subject, number: str) -> WorkshopDraft:
    row = queries.row_of(subject, number)
    allow(subject, DRAFT, (row.department,))
    row = WorkshopDraft.objects.select_for_update().get(pk=row.pk)
    if row.closed:
        raise DraftClosed
    return row


def _close(row: WorkshopDraft, how: str) -> None:
    row.closed, row.closed_at = how, clock.now()
    row.save(update_fields=["closed", "closed_at"])


def _told(type_: str, row: WorkshopDraft, subject: Subject, data: Mapping[str, object]) -> Draft:
    return Draft(
        type=type_,
        chain=workshop_chain(row.pack),
        actor=subject.user_id,
        data={"draft": row.pk, "title": row.title, **data},
    )
