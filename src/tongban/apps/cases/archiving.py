"""The archive package of a closed case (电子档案归档): everything, readable without the platform.

It is the evidence bundle with two more files: a description for the archive, and a page for people.
Written once a case, when all of it is witnessed; never over a package that is on record.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from tongban.apps.evidence import bundles
from tongban.infra import clock
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft, Event
from tongban.ports.files import write_whole

from . import bundling, disclosure, notices, papers, queries
from .bundling import Gathered
from .events import ARCHIVE, ARCHIVED, CLOSED
from .models import Archived, Case

FORMAT = "tongban.archive.v1"
#: The law that wants it: documents of administration are archived.
_AUTHORITY = "国务院关于在线政务服务的若干规定 第十二条"


def archive(number: str) -> Archived:
    """Write the package of a closed case, and tell so; give the one on record where there is one.

    Raise ``Case.DoesNotExist``, ``evidence.queries.NotYetProved``, OSError.
    """
    if known := Archived.objects.filter(case=number).first():
        return known
    notices.ensure(number)
    found = bundling.gather(number)
    day = next(e.recorded for e in reversed(found.events) if e.type == CLOSED)
    closed = day.astimezone(clock.SHANGHAI).date()
    keep_until = _until(closed, settings.ARCHIVE_YEARS)
    described = describe(number, found, closed, keep_until)
    added = {
        "metadata.json": json.dumps(described, ensure_ascii=False, indent=1).encode(),
        "index.html": page(described, found).encode(),
    }
    made = bundles.pack(number, found.events, found.documents, added)
    digest = hashlib.sha256(made).hexdigest()
    # a package that was written and is not on record yet keeps its own name
    place = f"{closed.year}/{number}-{digest[:16]}.zip"
    path = Path(settings.ARCHIVE) / place
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, made, 0o600)
    with transaction.atomic():
        Case.objects.select_for_update().get(pk=number)
        row, fresh = Archived.objects.get_or_create(
            case_id=number,
            defaults={
                "place": place,
                "sha256": digest,
                "written": clock.now(),
                "keep_until": keep_until,
            },
        )
        if fresh:
            trail.tell(
                Draft(
                    type=ARCHIVED,
                    chain=ARCHIVE,
                    actor="system",
                    authority=_AUTHORITY,
                    data={
                        "case": number,
                        "sha256": digest,
                        "keep_until": keep_until.isoformat() if keep_until else None,
                    },
                )
            )
    return row


def _until(closed: date, years: int) -> date | None:
    """Give the last day of keeping: the end of a year, as archives count (0 years: for ever)."""
    return date(closed.year + years, 12, 31) if years else None


def describe(
    number: str, found: Gathered, closed: date, keep_until: date | None
) -> Mapping[str, Any]:
    """Describe the package for an archive, by Chinese names (after DA/T 85-2019)."""
    zh, en = queries.track(number, "zh"), queries.track(number, "en")
    return {
        "format": FORMAT,
        "办件编号": number,
        "题名": f"{zh['name']} {number}",
        "title": f"{en['name']} {number}",
        "申请时间": zh["submitted"],
        "办结时间": closed.isoformat(),
        "保管期限": f"定期{settings.ARCHIVE_YEARS}年" if keep_until else "永久",
        "保管期限至": keep_until.isoformat() if keep_until else None,
        "事项": [
            {
                "事项名称": one["name"],
                "name": other["name"],
                "实施编码": one["implementation_code"],
                "版本": one["version"],
                "责任部门": one["department"],
                "办理结果": one["state_words"],
                "result": other["state_words"],
                "决定时间": one["decided"],
                "理由": one["reasons"],
                "电子证照标识": one["licence"],
            }
            for one, other in zip(zh["branches"], en["branches"], strict=True)
        ],
        "电子文件": [
            {
                "名称": name,
                "大小": len(content),
                "摘要算法": "SHA-256",
                "摘要": hashlib.sha256(content).hexdigest(),
            }
            for name, content in sorted(found.documents.items())
        ],
        "签名": [
            {
                "角色": row.role,
                "密钥": row.signed_by,
                "文件摘要": row.digest,
                "签名时间": row.made.astimezone(clock.SHANGHAI).isoformat(),
            }
            for row in papers.signatures(number)
        ],
        "事件数": len(found.events),
    }


def page(described: Mapping[str, Any], found: Gathered) -> str:
    """Write the page for people: it needs no server, no script and no other file to be read."""
    return render_to_string(
        "cases/archive.html",
        {
            "number": described["办件编号"],
            "title": described["题名"],
            "submitted": described["申请时间"],
            "closed": described["办结时间"],
            "kept": described["保管期限"],
            "items": [(one["事项名称"], one) for one in described["事项"]],
            "files": [(one["名称"], one["大小"], one["摘要"]) for one in described["电子文件"]],
            "signed": [_signed(one) for one in described["签名"]],
            "rows": [_row(event) for event in found.events],
        },
    )


_ROLES = {"applicant": "申请人签名 / applicant", "organisation": "电子印章 / seal"}


def _signed(told: Mapping[str, str]) -> Mapping[str, str]:
    return {
        "role": _ROLES[told["角色"]],
        "key": told["密钥"],
        "digest": told["文件摘要"],
        "at": told["签名时间"],
    }


def _row(event: Event) -> Mapping[str, str]:
    words = disclosure.HAPPENED.get(event.type)
    at = event.occurred.astimezone(clock.SHANGHAI)
    return {
        "place": f"{event.chain}:{event.seq}",
        "at": at.isoformat(" ", "seconds"),
        "what": words.of("zh") if words else event.type,
        "item": event.item,
        "reason": event.reason,
        "hash": event.hash[:16],
        "data": event.payload or "—",
    }
