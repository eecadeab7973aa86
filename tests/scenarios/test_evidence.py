"""A case becomes evidence: packed with its proofs, checked by a stranger, refused when changed."""

import base64
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from testkit.bundles import hand
from testkit.office import Office
from testkit.witnesses import StartWitness
from tongban.apps.cases import cli, services
from tongban.apps.cases.services.intake import Upload
from tongban.apps.evidence import checking, verify
from tongban.apps.evidence import services as evidence
from tongban.apps.exchange import consents
from tongban.apps.exchange.models import Consent
from tongban.infra.access.domain import Subject
from tongban.infra.access.models import User
from tongban.infra.trail import queries as trail
from tongban.infra.trail import services as telling

PAPER = b"%PDF-1.7 the mother's certificate"
NAMES = ("court", "notary", "audit")


@pytest.fixture
def policy(office: Office, start_witness: StartWitness, settings, tmp_path: Path) -> Path:
    """Let three witnesses stand for the office's log, two of whom must sign."""
    settings.EVIDENCE_POLICY = tmp_path / "policy.txt"
    key = str(evidence.key())
    three = [start_witness(name, key, TONGBAN_CLOCK=str(office.clock.path)) for name in NAMES]
    lines = [f"log {key}", *(f"witness {one.name} {one.key} {one.url}" for one in three)]
    lines += [f"group most 2 {' '.join(NAMES)}", "quorum most", ""]
    settings.EVIDENCE_POLICY.write_text("\n".join(lines))
    return settings.EVIDENCE_POLICY


def browser(subject: Subject) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=subject.user_id))
    return client


def text(answer) -> str:
    return " ".join(html.fromstring(answer.content.decode()).text_content().split())


def witnessed() -> None:
    evidence.gather()
    assert evidence.witness().signed == tuple(sorted(NAMES))


def bundle(number: str, path: Path) -> Path:
    told = CliRunner().invoke(cli.bundle, [number, "-o", str(path)])
    assert told.exit_code == 0, told.output
    return path


def test_a_stranger_checks_a_case_with_nothing_but_the_file(
    office: Office, policy: Path, tmp_path: Path
) -> None:
    paper = Upload(
        "birth-certificate", "证明.pdf", "application/pdf", base64.b64encode(PAPER).decode()
    )
    number = office.submit(uploads=(paper,))
    early = CliRunner().invoke(cli.bundle, [number, "-o", str(tmp_path / "early.zip")])
    assert early.exit_code == 1
    assert "NotYetProved" in early.output
    assert not (tmp_path / "early.zip").exists()
    witnessed()
    made = bundle(number, tmp_path / "case.zip")
    report = verify.check(verify.read_files(made), policy.read_text())
    assert report.about == number
    assert {*report.witnesses} == {*NAMES}
    assert report.chains[number] == trail.head(number)
    consent = Consent.objects.get(case=number)
    assert f"exchange:consent:{consent.number}" in report.chains
    named = {name for name in report.documents if name.startswith("documents/")}
    assert named == {"documents/01-birth-certificate.pdf"}
    assert "definitions/life-event-newborn-1.json" in report.documents
    with zipfile.ZipFile(made) as packed:
        assert packed.read("documents/01-birth-certificate.pdf") == PAPER
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
    assert f"EVIDENCE HOLDS / 校验通过: {number}" in done.stdout
    told = CliRunner().invoke(checking.verify, [str(made), "--policy", str(policy)])
    assert told.exit_code == 0
    assert "witness / 见证人 court: 2026-11-23" in told.output
    assert CliRunner().invoke(cli.bundle, ["none", "-o", str(made)]).exit_code == 1


def test_a_withdrawn_consent_and_an_erased_answer_are_in_the_evidence(
    office: Office, policy: Path, tmp_path: Path
) -> None:
    number = office.submit()
    consent = Consent.objects.get(case=number)
    consents.withdraw(consent.number, office.applicant("newborn"))
    first = trail.history(number)[0]
    telling.erase(first.id, authority="个人信息保护法 第四十七条", actor="officer", reason="asked")
    witnessed()
    report = verify.check(verify.read_files(bundle(number, tmp_path / "case.zip")))
    types = [event["type"] for event in report.events]
    assert "tongban.exchange.consent_withdrawn.v1" in types
    assert "events.jsonl line 1: its data was erased by law" in "\n".join(report.not_proved)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_applicant_takes_the_bundle_and_anybody_checks_it_on_the_page(
    office: Office, policy: Path, lang: str
) -> None:
    number = office.submit()
    client = browser(office.applicant("newborn"))
    address = f"/cases/{number}/evidence.zip"
    waiting = client.get(f"{address}?lang={lang}")
    assert waiting.status_code == 409
    assert {"zh": "等待见证", "en": "not witnessed yet"}[lang] in text(waiting)
    witnessed()
    assert address in client.get(f"/cases/{number}").content.decode()
    taken = client.get(address)
    assert taken["Content-Type"] == "application/zip"
    for other in (office.applicant("newborn", 1), office.official("medical-insurance", "reviewer")):
        assert browser(other).get(address).status_code == 404
    anybody = Client()
    assert anybody.get(address).status_code == 404
    shown = text(anybody.get(f"/evidence?lang={lang}"))
    assert "区块链存证" in shown
    assert all(name in shown for name in NAMES)
    assert "2 of court, notary, audit" in shown
    sent = SimpleUploadedFile("case.zip", taken.content)
    told = text(anybody.post(f"/evidence?lang={lang}", {"bundle": sent}))
    assert {"zh": "校验通过", "en": "The evidence holds"}[lang] in told
    assert f"story / 事件链 {number}" in told
    # our own policy was used: whose keys they are is known here
    assert "公钥归属" not in told
    changed = bytearray(taken.content)
    changed[len(changed) // 2] ^= 1
    answer = anybody.post("/evidence", {"bundle": SimpleUploadedFile("case.zip", bytes(changed))})
    assert {"zh": "校验不通过", "en": "does not hold"}[lang] in text(answer)
    for empty in ({}, {"bundle": SimpleUploadedFile("case.zip", b"")}):
        assert anybody.post("/evidence", empty).status_code == 400
    assert anybody.get("/evidence/verify.py").content == Path(verify.__file__).read_bytes()


def test_a_bundle_under_an_earlier_policy_is_checked_by_its_own(
    office: Office, policy: Path, tmp_path: Path
) -> None:
    number = office.submit()
    witnessed()
    made = bundle(number, tmp_path / "case.zip").read_bytes()
    log = policy.read_text().splitlines()[0]
    later = hand("court.example/later", "std", 7, timestamped=True)
    policy.write_text(f"{log}\nwitness court {later.key}\nquorum court\n")
    told = text(Client().post("/evidence", {"bundle": SimpleUploadedFile("c.zip", made)}))
    assert "校验通过" in told
    assert "公钥归属须自行核对" in told


def test_what_is_not_witnessed_says_so(office: Office, settings, tmp_path: Path) -> None:
    settings.EVIDENCE_POLICY = tmp_path / "none.txt"
    number = office.submit()
    evidence.gather()
    evidence.witness()
    told = CliRunner().invoke(checking.verify, [str(bundle(number, tmp_path / "case.zip"))])
    assert told.exit_code == 0
    assert "NOT WITNESSED" in told.output
    assert "未经见证" in text(Client().get("/evidence"))
    assert json.loads(CliRunner().invoke(cli.case, ["show", number, "--json"]).output)
    assert services.load(number).number == number
