"""A crowd beside an office's own people: 100,000 cases, and what departments and people have of it.

Rows are copies of rows that the services made, spread by arithmetic over their running number, so
that two runs give the same. What no page of the office's own people opens has nothing in its sealed
columns, or the ciphertext of the row it was copied from: that has the weight and opens for nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from tongban.apps.cases.models import ApplicationDraft, BranchRow, Case
from tongban.apps.exchange.models import Consent, GrantRequest, Look
from tongban.apps.fees.models import Attempt, Order, Refund, RefundWish
from tongban.apps.licences.models import Licence
from tongban.apps.voice.models import CallBack, Rating, Said
from tongban.infra import clock
from tongban.infra.access.domain import Subject
from tongban.infra.messages.models import Message
from tongban.infra.secrecy.fields import SealedModel
from tongban.infra.trail.models import Event

DAYS = 250  # the promised days of all cases lie within so many
_ITEM = "maternity-reimbursement"  # every second case waits for its reviewer
_DEPARTMENT = "medical-insurance"
_OPENED = (1_000, 200, 200)  # cases whose state may be opened: the first, those midway, the last
_WAITING = 2_000  # refunds, wishes, call-backs and requests that wait for an official
_LETTERS = 300  # messages of the citizen
_PERSON = "'crowd-' || (n % 25000)"  # four cases each


@dataclass(frozen=True)
class Source:
    """The office's own rows to copy from: its cases and orders, and whose pages are looked at.

    ``weighed``: with the weight of what is sealed, 20 kB and more a case.
    """

    case: str
    paid: str
    request: str
    citizen: Subject
    reviewer: Subject
    weighed: bool = False

    def copy(self, row: models.Model, count: int, /, **changed: str) -> None:
        """Copy a row, without what is heavy unless it is to be weighed."""
        if not self.weighed and isinstance(row, SealedModel):
            changed = dict.fromkeys((one.name for one in row.sealed_fields()), "''") | changed
        copy(row, count, **changed)


def gather(source: Source, count: int = 100_000) -> dict[str, str]:
    """Add ``count`` cases and what hangs on them; give the numbers of addresses far down a list."""
    with transaction.atomic():
        _cases(source, count)
        _branches(source, count)
        _registers(source, count)
        _money(source, count)
        _ratings(source, count)
        _letters(source, count)
        if connection.vendor == "sqlite":
            # writers of other processes meet no half-made crowd
            _run("ANALYZE")
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        _run("VACUUM ANALYZE")
    return _deep(source, count)


def _run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def copy(source: models.Model, count: int, /, **changed: str) -> None:
    """Copy a row so often in one statement; ``changed`` maps fields to SQL over the number ``n``.

    A key that the database counts itself is left to it.
    """
    of = source._meta
    fields = [
        field
        for field in of.concrete_fields
        if field.name in changed or not isinstance(field, models.AutoField)
    ]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(changed.get(field.name, f'one."{field.column}"') for field in fields)
    values = values.replace("%", "%%")  # what stands in it is SQL's own
    assert of.pk is not None
    _run(
        "WITH RECURSIVE counted(n) AS "  # noqa: S608 - names of models and SQL of our own
        "(SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < %s) "
        f'INSERT INTO "{of.db_table}" ({columns}) SELECT {values} '
        f'FROM counted CROSS JOIN "{of.db_table}" AS one WHERE one."{of.pk.column}" = %s',
        count,
        of.pk.get_db_prep_value(source.pk, connection),
    )


def _padded(digits: int) -> str:
    if connection.vendor == "sqlite":
        return f"printf('%0{digits}d', n)"
    return f"lpad(n::text, {digits}, '0')"


def _uuid() -> str:
    text = _padded(32)
    return text if connection.vendor == "sqlite" else f"{text}::uuid"


def _day(begins: date) -> str:
    """Give a day within `DAYS`, the later the greater the number; ``%d`` is how many there are."""
    if connection.vendor == "sqlite":
        return f"date('{begins}', '+' || (n * {DAYS} / %d) || ' days')"
    return f"(date '{begins}' + (n * {DAYS} / %d))"


def _number(n: int) -> str:
    return f"{n:08d}-CROWDCROWD"


def _opened(count: int) -> Iterator[int]:
    first, mid, last = _OPENED
    middle = count // 2
    yield from sorted(
        {*range(1, min(first, count) + 1)}
        | {n for n in range(middle, middle + mid) if n <= count}
        | {n for n in range(count - last + 1, count + 1) if n > 0}
    )


def _cases(source: Source, count: int) -> None:
    row = Case.objects.get(number=source.case)
    number = f"{_padded(8)} || '-CROWDCROWD'"
    source.copy(row, count, number=number, applicant=_PERSON, ended="n % 5 = 4")
    state: Any = row.state
    opened = list(_opened(count))
    Case.objects.filter(number__in=[_number(n) for n in opened]).delete()
    Case.objects.bulk_create(
        [
            Case(
                number=_number(n),
                life_event=row.life_event,
                version=row.version,
                applicant=f"crowd-{n % 25000}",
                submitted=row.submitted,
                sequence=row.sequence,
                ended=n % 5 == 4,
                state={**state, "number": _number(n)},
            )
            for n in opened
        ]
    )


def _branches(source: Source, count: int) -> None:
    """Half wait for the reviewer, a tenth for the clerk; each has another branch that has ended."""
    branch = BranchRow.objects.get(case_id=source.case, item=_ITEM)
    day = _day(clock.today() + timedelta(days=1)) % count
    case = f"{_padded(8)} || '-CROWDCROWD'"
    post = "CASE WHEN n % 2 = 0 THEN 'reviewer' WHEN n % 10 = 1 THEN 'clerk' ELSE '' END"
    stage = post.replace("reviewer", "processing").replace("clerk", "examining")
    stage = stage.replace("''", "'granted'")
    until = connection.ops.adapt_datetimefield_value(clock.now() + timedelta(hours=2))
    mine, others = "n % 100 = 2 AND n < 1000", "n % 10 = 0"
    source.copy(
        branch,
        count,
        case=case,
        post=post,
        stage=stage,
        due=day,
        rank=day,
        claimed_by=f"CASE WHEN {mine} THEN '{source.reviewer.user_id}' "
        f"WHEN {others} THEN 'somebody' ELSE '' END",
        claimed_until=f"CASE WHEN {mine} OR {others} THEN {_moment(until)} END",
    )
    ended = BranchRow.objects.filter(case_id=source.case, post="").exclude(item=_ITEM).first()
    assert ended is not None
    source.copy(ended, count, case=case)


def _moment(until: object) -> str:
    return f"'{until}'" if connection.vendor == "sqlite" else f"timestamptz '{until}'"


def _registers(source: Source, count: int) -> None:
    """Licences, consents, looks and drafts of the crowd; the requests of its departments."""
    case = f"{_padded(8)} || '-CROWDCROWD'"
    licence = Licence.objects.filter(case=source.case).first()
    consent = Consent.objects.filter(case=source.case).first()
    look, draft = Look.objects.first(), ApplicationDraft.objects.first()
    assert licence is not None
    assert consent is not None
    assert look is not None
    assert draft is not None
    mark = "'mark-' || n"
    source.copy(licence, count, identifier="one.identifier || '-' || n", holder_mark=mark,
         keeper=_PERSON, case=case)  # fmt: skip
    receipt = "one.receipt" if source.weighed else "'{}'"
    source.copy(consent, count, receipt=receipt, number=_padded(32), case=case, person=_PERSON)
    source.copy(look, count, node="'crowd'", row="n", mark="'mark-' || (n % 25000)", issue=case)
    source.copy(draft, count // 10, number=f"'D' || {_padded(20)}", person="'crowd-' || n")
    state = "CASE WHEN n % 10 = 0 THEN 'submitted' ELSE 'granted' END"
    request = GrantRequest.objects.get(number=source.request)
    source.copy(request, _WAITING * 5, number="one.number || '-' || n", state=state)
    event = Event.objects.filter(chain=source.case).order_by("seq").first()
    assert event is not None
    source.copy(event, count, id=_uuid(), chain=case)


def _money(source: Source, count: int) -> None:
    """A fifth owe a fee; what is asked back waits for clerk and approver."""
    order, many = Order.objects.get(number=source.paid), count // 5
    number = f"'F' || {_padded(8)}"
    attempt = Attempt.objects.filter(order=order).first()
    assert attempt is not None
    source.copy(order, many, number=number, reference=f"'crowd-' || {_padded(8)}", payer=_PERSON,
         case=f"{_padded(8)} || '-CROWDCROWD'", department=f"'{_DEPARTMENT}'")  # fmt: skip
    source.copy(attempt, many, number=f"'A' || {_padded(8)}", order=number)
    waiting, now = min(_WAITING, many // 2), clock.now()
    asked: dict[str, Any] = {"why": "mistake", "note": "多收", "asked_by": "nobody", "asked": now}
    Refund.objects.bulk_create(
        Refund(number=f"R{n:08d}", order_id=f"F{n:08d}", attempt_id=f"A{n:08d}", kind="return",
               amount_fen=100, state="asked", **asked)
        for n in range(1, waiting + 1)
    )  # fmt: skip
    RefundWish.objects.bulk_create(
        RefundWish(order_id=f"F{n:08d}", why="mistake", note="多收", state="open",
                   wished_by="nobody", wished=now)
        for n in range(waiting + 1, 2 * waiting + 1)
    )  # fmt: skip


def _ratings(source: Source, count: int) -> None:
    """Half of the cases are rated; the low ones wait to be called back, the latest have words."""
    row, today = Rating.objects.filter(department=_DEPARTMENT).first(), clock.today()
    assert row is not None
    before = Rating.objects.order_by("-pk").values_list("pk", flat=True)[0]
    source.copy(row, count // 2, case=f"{_padded(8)} || '-CROWDCROWD'", level="1 + (n * 7919) % 5")
    fresh = Rating.objects.filter(pk__gt=before)
    low = fresh.filter(level__lte=2).order_by("-pk").values_list("pk", flat=True)[:_WAITING]
    CallBack.objects.bulk_create(
        CallBack(rating_id=pk, department=_DEPARTMENT, due=today + timedelta(days=3)) for pk in low
    )
    latest = fresh.order_by("-pk").values_list("pk", flat=True)[:200]
    Said.objects.bulk_create(Said(rating_id=pk, words="等了很久") for pk in latest)


def _letters(source: Source, count: int) -> None:
    row = Message.objects.filter(person=source.citizen.person_id).first()
    assert row is not None
    source.copy(row, count, person=_PERSON, event=_uuid())
    words: Any = row.words
    Message.objects.bulk_create(
        Message(person=row.person, event=UUID(int=2**100 + n), chain=row.chain,
                template=row.template, must=row.must, words=words, told=row.told)
        for n in range(_LETTERS)
    )  # fmt: skip


def _deep(source: Source, count: int) -> dict[str, str]:
    """Give where a page midway in each list begins."""
    midway = BranchRow.objects.get(case_id=_number(count // 2), item=_ITEM)
    rated = Rating.objects.order_by("pk").values_list("pk", flat=True)[count // 4]
    letters = Message.objects.filter(person=source.citizen.person_id).order_by("-pk")
    return {
        "deep": f"{midway.rank.isoformat()}.{midway.pk}",
        "rated": str(rated),
        "letter": str(letters.values_list("pk", flat=True)[_LETTERS // 2]),
    }
