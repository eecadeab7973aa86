"""Records of a catalogue for tests: a good one to change, and a tiny city to register it in."""

from pathlib import Path
from typing import Any

from testkit.packs import write_packs
from tongban.apps.exchange.domain.records import Entry
from tongban.apps.exchange.domain.registry import read
from tongban.apps.items.services import publish
from tongban.apps.parties import queries as parties
from tongban.apps.parties import services as people
from tongban.infra.access.domain import COMMAND, Subject
from tongban.infra.packs import read_packs

POLICE = {
    "key": "police",
    "uscc": "1133010000250101XW",
    "name": {"zh": "公安局", "en": "police"},
}


def town(folder: Path, changes: dict[str, str | None] | None = None) -> None:
    """Publish the tiny city; its contracts are population, births and elders."""
    publish(read_packs(write_packs(folder, changes)), actor="test")


def official(department: str, role: str) -> Subject:
    """Give an official of the tiny city."""
    return parties.subject_of(
        people.appoint(f"{department}.{role}", "官", department, role), COMMAND
    )


def given(**changed: Any) -> dict[str, Any]:
    """Give what a department's official would send: a record with departments as keys."""
    record: dict[str, Any] = {
        "slug": "permits",
        "code": "309003/000001",
        "name": {"zh": "犬只准养登记信息", "en": "dog permits"},
        "abstract": {"zh": "准养登记，一犬一条。", "en": "One record a dog."},
        "department": "police",
        "items": [
            {
                "name": "id_number",
                "label": {"zh": "养犬人号码", "en": "keeper's number"},
                "type": "string",
                "classification": "L4",
                "key": True,
            },
            {
                "name": "mobile",
                "label": {"zh": "手机号码", "en": "mobile"},
                "type": "string",
                "classification": "L3",
                "mask": "keep:3,4",
            },
            {"name": "vaccinated", "label": {"zh": "免疫日期", "en": "vaccinated"}, "type": "date"},
        ],
        "sharing": "conditional",
        "update_cycle": "daily",
        "base_library": "public-safety",
        "quality": {"completeness": 98, "delay_hours": 24},
    }
    return record | changed


def entry(**changed: Any) -> Entry:
    """Give such a record, read."""
    return read(given(**{"department": POLICE, "region": "330100"} | changed))
