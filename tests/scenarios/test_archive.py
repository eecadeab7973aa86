"""A closed case is archived: once, whole, readable without the platform, checked by a stranger."""

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as installed
from lxml import html

from testkit.office import Office
from tongban.apps.cases import archiving
from tongban.apps.cases.models import Archived, Case
from tongban.apps.evidence import services as evidence
from tongban.apps.evidence import verify
from tongban.apps.evidence.queries import NotYetProved
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import queries as trail
from tongban.infra.trail import relay


@pytest.fixture
def closed(office: Office, settings, tmp_path: Path) -> str:
    """Give a case that was closed."""
    settings.EVIDENCE_POLICY = tmp_path / "none.txt"
    settings.ARCHIVE = tmp_path / "archive"
    number = office.submit("enterprise-start", company__seal_set="basic")
    assert office.case(number).ended
    return number


def witnessed() -> None:
    evidence.gather()
    evidence.witness()


def told() -> list[dict]:
    return [event.data for event in trail.history("cases:archive")]


def package(row: Archived) -> Path:
    return Path(installed.ARCHIVE) / row.place


def test_a_package_opens_and_is_checked_without_the_platform(
    office: Office, closed: str, tmp_path: Path
) -> None:
    with pytest.raises(NotYetProved):
        archiving.archive(closed)
    assert not Archived.objects.exists()
    witnessed()
    row = archiving.archive(closed)
    assert row.keep_until == date(2056, 12, 31)
    made = package(row).read_bytes()
    assert row.sha256 == hashlib.sha256(made).hexdigest()
    assert package(row).stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(package(row)) as packed:
        packed.extractall(tmp_path / "elsewhere")
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "verify.py"],
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "archive/index.html: written by the log's keeper" in done.stdout
    described = json.loads((tmp_path / "elsewhere/archive/metadata.json").read_text("utf-8"))
    assert described["办件编号"] == closed
    assert described["保管期限"] == "定期30年"
    assert {one["办理结果"] for one in described["事项"]} == {"准予"}
    tree = html.parse(tmp_path / "elsewhere/archive/index.html")
    links = {a.get("href") for a in tree.iter("a")}
    assert "../README.txt" in links
    for link in links:
        assert (tmp_path / "elsewhere/archive" / link).resolve().is_file(), link
    assert not list(tree.iter("script", "link", "img"))
    text = tree.getroot().text_content()
    assert all(one["事项名称"] in text for one in described["事项"])
    assert all(event.hash[:16] in text for event in trail.history(closed))


def test_a_case_is_archived_once_and_it_is_told(office: Office, closed: str) -> None:
    witnessed()
    row = archiving.archive(closed)
    made = package(row).read_bytes()
    assert archiving.archive(closed) == row
    assert package(row).read_bytes() == made
    assert told() == [{"case": closed, "sha256": row.sha256, "keep_until": "2056-12-31"}]
    with pytest.raises(Case.DoesNotExist):
        archiving.archive("none")


def test_what_was_written_and_not_noted_is_written_again(
    office: Office, closed: str, monkeypatch
) -> None:
    witnessed()

    def fail(*_: object) -> None:
        raise RuntimeError("the process ends here")

    with monkeypatch.context() as patch:
        patch.setattr(archiving.trail, "tell", fail)
        with pytest.raises(RuntimeError):
            archiving.archive(closed)
    assert not Archived.objects.exists()
    assert told() == []
    row = archiving.archive(closed)
    assert hashlib.sha256(package(row).read_bytes()).hexdigest() == row.sha256
    assert len(told()) == 1


def test_a_full_disk_leaves_no_half_package(
    office: Office, closed: str, settings, small_disk: Path
) -> None:
    witnessed()
    settings.ARCHIVE = small_disk
    (small_disk / "filler").write_bytes(bytes(8 * 1024 * 1024 - 16 * 1024))
    with pytest.raises(OSError, match="No space"):
        archiving.archive(closed)
    assert not Archived.objects.exists()
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == ["filler"]
    (small_disk / "filler").unlink()
    assert package(archiving.archive(closed)).exists()


def test_the_worker_archives_what_is_closed(office: Office, closed: str) -> None:
    jobs.run_until_idle([relay.deliver])
    # a minute is left for the witnesses
    assert not Archived.objects.exists()
    office.clock.move(minutes=2)
    jobs.run_until_idle([relay.deliver])
    assert Archived.objects.get().case_id == closed
    assert jobs.dead_letters() == ()


def test_kept_for_ever_is_said_so(office: Office, closed: str, settings) -> None:
    settings.ARCHIVE_YEARS = 0
    witnessed()
    row = archiving.archive(closed)
    assert row.keep_until is None
    report = verify.check(verify.read_files(package(row)))
    untold = "\n".join(report.not_proved)
    for name in ("archive/index.html", "archive/metadata.json"):
        assert f"{name}: written by the log's keeper" in untold
    with zipfile.ZipFile(package(row)) as packed:
        assert json.loads(packed.read("archive/metadata.json"))["保管期限"] == "永久"
