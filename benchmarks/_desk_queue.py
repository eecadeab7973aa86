"""A real installation: one case that waits at a desk, and as many copies of it as are asked for.

Only the copies on the pages that are looked at hold a state: no page opens another.
"""

import json
import sys
from datetime import date, timedelta
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.common import best_of  # noqa: E402
from tongban.apps.cases import desk, services  # noqa: E402
from tongban.apps.cases.desk import Wanted  # noqa: E402
from tongban.apps.cases.domain.state import decode  # noqa: E402
from tongban.apps.cases.models import BranchRow, Case  # noqa: E402
from tongban.apps.exchange.sample import MANIFEST  # noqa: E402
from tongban.apps.parties import queries as parties  # noqa: E402
from tongban.apps.parties import services as people  # noqa: E402
from tongban.config.setup import ensure_city, prepare  # noqa: E402
from tongban.infra import clock  # noqa: E402
from tongban.infra.access.domain import COMMAND  # noqa: E402
from tongban.infra.packs import shipped_packs  # noqa: E402

ITEM = "maternity-reimbursement"
SIZE = 20
DAYS = 250


def _first() -> str:
    prepare()
    ensure_city(400, 4)
    answers = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
    cast = json.loads((settings.DEPARTMENT_STORES / MANIFEST).read_text(encoding="utf-8"))["cast"]
    known = cast["newborn"][0]
    user = people.register_person("bench", "市民", known["mother.id_number"])
    told = {n: v for n, v in known.items() if "id_number" not in n}
    given = services.Submission("newborn", {**answers["newborn"], **told}, consent=True)
    return services.submit(parties.subject_of(user, COMMAND), given)


def _fill(number: str, count: int) -> None:
    row = Case.objects.get(number=number)
    branch = BranchRow.objects.get(case_id=number, item=ITEM)
    state: Any = row.state
    nothing: Any = {}
    begins = clock.today()
    for start in range(0, count, 5000):
        cases, rows = [], []
        for n in range(start, min(count, start + 5000)):
            name = f"{n:08d}-BBBBBBBBBB"
            looked_at = n < 100 or n >= count - 100
            cases.append(
                Case(
                    number=name, life_event=row.life_event, version=row.version,
                    applicant=row.applicant, submitted=row.submitted, sequence=row.sequence,
                    state={**state, "number": name} if looked_at else nothing,
                )
            )  # fmt: skip
            day: date = begins + timedelta(days=1 + n * DAYS // count)
            rows.append(
                BranchRow(
                    case_id=name, item=ITEM, version=branch.version, post=branch.post,
                    department=branch.department, stage=branch.stage, due=day, rank=day,
                )
            )  # fmt: skip
        with transaction.atomic():
            Case.objects.bulk_create(cases)
            BranchRow.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def main(count: int) -> None:
    """Print milliseconds as JSON."""
    _fill(_first(), count)
    user = parties.officials("medical-insurance", "reviewer")[0]
    who = parties.subject_of(user, COMMAND)
    last = BranchRow.objects.order_by("-rank", "-pk")[SIZE]
    after = f"{last.rank.isoformat()}.{last.pk}"
    rows = BranchRow.objects.filter(department="medical-insurance", post="reviewer")

    def offset() -> None:
        page = rows.exclude(post="").select_related("case").order_by("rank", "pk")
        for row in page[count - SIZE : count]:
            decode(row.case.state)

    looks = {
        "first": lambda: desk.queue(who, Wanted(), "zh", size=SIZE),
        "last": lambda: desk.queue(who, Wanted(), "zh", after=after, size=SIZE),
        "item": lambda: desk.queue(who, Wanted(item=ITEM), "zh", after=after, size=SIZE),
        "count": lambda: desk.waiting(who, Wanted()),
        "offset": offset,
    }
    print(json.dumps({name: best_of(5, look) * 1000 for name, look in looks.items()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
