"""Signatures and seals on the documents of a case: made by order, and checked by a stranger."""

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pypdfium2
import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.test import Client
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from testkit.office import Office
from tongban.apps.cases import archiving, bundling, cli, notices, queries, services
from tongban.apps.cases.errors import CaseRefused, CaseUnknown, NotAllowed, SubmissionInvalid
from tongban.apps.cases.models import Notice, Signature
from tongban.apps.cases.services.intake import Upload
from tongban.apps.evidence import keyring, seals, seals_cli, signers, verify
from tongban.apps.evidence import services as evidence
from tongban.apps.evidence.models import SigningKey
from tongban.apps.evidence.queries import NotYetProved
from tongban.apps.parties import queries as parties
from tongban.infra import clock
from tongban.infra.access.domain import Behalf, Context, Subject
from tongban.infra.access.refusing import StepUpNeeded
from tongban.infra.jobs import services as jobs
from tongban.infra.trail import queries as trail
from tongban.infra.trail import relay
from tongban.kernel.suites import Signer, suite

PAPER = b"%PDF-1.7 the mother's certificate"
UPLOAD = Upload(
    "birth-certificate", "证明.pdf", "application/pdf", base64.b64encode(PAPER).decode()
)
HEALTH = "health"


@pytest.fixture(params=["std", "gm"])
def by(request: pytest.FixtureRequest, settings, quiet: None) -> str:
    """Let the office work in a suite."""
    settings.SUITE = request.param
    return request.param


@pytest.fixture
def quiet(office: Office, settings, tmp_path: Path) -> None:
    """Let there be no witnesses, and an archive of the test's own."""
    settings.EVIDENCE_POLICY = tmp_path / "none.txt"
    settings.ARCHIVE = tmp_path / "archive"


def witnessed() -> None:
    evidence.gather()
    evidence.witness()


def files_of(number: str) -> dict[str, bytes]:
    return verify.read_packed(io.BytesIO(bundling.bundle(number)))


def applicant(office: Office, level: int = 2) -> Subject:
    subject = office.applicant("newborn")
    return replace(subject, context=Context(level, proof="event:0190"))


def sign_all(subject: Subject, number: str) -> tuple[Signature, ...]:
    shown = services.to_sign(subject, number)
    return services.sign(subject, number, [paper.digest for paper in shown.papers])


def test_a_stranger_learns_who_signed_and_who_sealed(
    office: Office, by: str, tmp_path: Path
) -> None:
    seals.make_missing(parties.departments(), actor="test")
    number = office.submit(uploads=(UPLOAD,))
    subject = applicant(office)
    shown = services.to_sign(subject, number)
    assert {paper.kind for paper in shown.papers} == {"application", "material"}
    assert number in shown.zh
    assert number in shown.en
    signed = sign_all(subject, number)
    assert len(signed) == len(shown.papers) == 2
    assert sign_all(subject, number) == ()
    decided = [b.item for b in office.case(number).branches.values() if b.stage == "granted"]
    assert decided
    assert notices.ensure(number) == ()
    witnessed()
    files = files_of(number)
    report = verify.check(files)
    told = "\n".join(report.proved)
    person = parties.pseudonym(subject.person_id, "signatures")
    assert f"applicant / 申请人签名 {person}: documents/01-birth-certificate.pdf" in told
    assert f"applicant / 申请人签名 {person}: documents/application-001.json" in told
    assert shown.zh in told
    for item in decided:
        assert f"documents/decision-{item}.pdf" in told
    assert told.count("seal / 电子印章") == Notice.objects.filter(case=number).count()
    with zipfile.ZipFile(io.BytesIO(bundling.bundle(number))) as packed:
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
    assert f"申请人签名 {person}" in done.stdout
    assert json.loads(files["documents/application-001.json"])["life_event"] == "newborn"
    (first,) = {row.suite for row in SigningKey.objects.all()}
    assert first == by


# --- who may sign --------------------------------------------------------------------------------


def test_one_factor_is_not_enough_and_the_refusal_is_told(office: Office, quiet: None) -> None:
    number = office.submit(uploads=(UPLOAD,))
    with pytest.raises(StepUpNeeded) as needed:
        sign_all(applicant(office, level=1), number)
    assert needed.value.level == 2
    denied = trail.history(f"user:{applicant(office).user_id}")[-1]
    assert (denied.type, denied.data["action"]) == ("tongban.access.denied.v1", "case.sign")
    assert not Signature.objects.exists()


def test_nobody_else_signs(office: Office, quiet: None) -> None:
    number = office.submit(uploads=(UPLOAD,))
    mine = applicant(office)
    behalf = Behalf("d1", "agent", mine.person_id, frozenset({"case.read"}), frozenset({"*"}))
    agent = replace(office.applicant("newborn", 1), person_id=mine.person_id, behalf=behalf)
    for other, refused in (
        (office.applicant("newborn", 1), CaseUnknown),
        (office.official(HEALTH, "clerk"), NotAllowed),
        (agent, NotAllowed),
    ):
        with pytest.raises(refused):
            sign_all(other, number)
    assert not SigningKey.objects.exists()


def test_what_the_case_does_not_have_is_not_signed(office: Office, quiet: None) -> None:
    number = office.submit(uploads=(UPLOAD,))
    with pytest.raises(SubmissionInvalid) as wrong:
        services.sign(applicant(office), number, ["sha-256:" + "0" * 64])
    assert [*wrong.value.fields] == ["sha-256:" + "0" * 64]
    assert services.sign(applicant(office), number, []) == ()


def test_the_trail_says_how_surely_the_signer_was_known(office: Office, quiet: None) -> None:
    number = office.submit(uploads=(UPLOAD,))
    sign_all(applicant(office), number)
    events = trail.history(f"cases:papers:{number}")
    assert {event.type for event in events} == {"tongban.cases.signed.v1"}
    for event in events:
        assert (event.data["level"], event.data["proof"]) == (2, "event:0190")
        assert event.actor == applicant(office).user_id
        assert event.on_behalf_of == applicant(office).person_id
    assert trail.verify(f"cases:papers:{number}") is None


def test_in_two_windows_at_once_each_document_is_signed_once(any_office: Office) -> None:
    number = any_office.submit(uploads=(UPLOAD,))
    subject = applicant(any_office)
    told = any_office.at_once(*(lambda: sign_all(subject, number) for _ in range(2)))
    assert not [one for one in told if isinstance(one, Exception)]
    assert Signature.objects.filter(case=number).count() == 2
    assert len(trail.history(f"cases:papers:{number}")) == 2
    assert SigningKey.objects.count() == 1


def test_a_retired_key_signs_nothing_more_and_the_next_one_does(
    office: Office, quiet: None
) -> None:
    number = office.submit(uploads=(UPLOAD,))
    subject = applicant(office)
    papers_ = services.to_sign(subject, number).papers
    (one,) = services.sign(subject, number, [papers_[0].digest])
    assert signers.retire(subject.person_id, actor="test", reason="telephone lost") == 1
    (two,) = services.sign(subject, number, [papers_[1].digest])
    assert one.signed_by != two.signed_by
    witnessed()
    assert "\n".join(verify.check(files_of(number)).proved).count("申请人签名") == 2


def test_the_secret_of_signing_keys_is_not_another_one(
    office: Office, quiet: None, settings
) -> None:
    number = office.submit(uploads=(UPLOAD,))
    subject = applicant(office)
    services.sign(subject, number, [services.to_sign(subject, number).papers[0].digest])
    (settings.HOME / "keys" / "signers.seed").write_text("07" * 32)
    with pytest.raises(CaseRefused, match="put it back"):
        sign_all(subject, number)


# --- an outside service --------------------------------------------------------------------------


class National:
    """Signs elsewhere, each person with a key of its own; ``mood`` says how it fails."""

    name = "national"
    mood, secret = "", 41
    asked: ClassVar[list[signers.Signatory]] = []

    def _signer(self) -> Signer:
        return suite("gm").signer(bytes(31) + bytes([self.secret]))

    def key(self, who: signers.Signatory) -> tuple[str, bytes]:
        self.asked.append(who)
        if self.mood == "down":
            raise OSError("no route")
        return ("gm", b"short") if self.mood == "bad key" else ("gm", self._signer().public)

    def sign(self, who: signers.Signatory, message: bytes) -> bytes:
        signed = self._signer().sign(message)
        return bytes(64) if self.mood == "bad signature" else signed


@pytest.fixture
def national(settings, monkeypatch) -> type[National]:
    settings.SIGNING_SERVICES = [f"{__name__}.National"]
    monkeypatch.setattr(signers, "import_string", lambda _: National)
    for name in ("mood", "secret"):
        monkeypatch.setattr(National, name, getattr(National, name))
    return National


def test_an_outside_service_signs_in_its_own_suite_and_the_bundle_proves_it(
    office: Office, quiet: None, national: type[National]
) -> None:
    number = office.submit(uploads=(UPLOAD,))
    subject = applicant(office)
    asked = services.to_sign(subject, number)
    assert asked.services == ("national",)
    services.sign(subject, number, [asked.papers[0].digest], "national")
    assert national.asked[-1].id_number == parties.id_number(subject.person_id)
    national.secret = 42  # it gives the person another key
    services.sign(subject, number, [asked.papers[1].digest], "national")
    rows = SigningKey.objects.order_by("number")
    assert [(row.suite, row.service, row.ended is None) for row in rows] == [
        ("gm", "national", False),
        ("gm", "national", True),
    ]
    witnessed()
    assert "\n".join(verify.check(files_of(number)).proved).count("申请人签名") == 2


@pytest.mark.parametrize("mood", ["down", "bad key", "bad signature"])
def test_what_an_outside_service_gets_wrong_is_not_kept(
    office: Office, quiet: None, national: type[National], mood: str
) -> None:
    number = office.submit(uploads=(UPLOAD,))
    national.mood = mood
    digests = [one.digest for one in services.to_sign(applicant(office), number).papers]
    with pytest.raises(CaseRefused, match="national"):
        services.sign(applicant(office), number, digests, "national")
    with pytest.raises(CaseRefused, match="no signing service"):
        services.sign(applicant(office), number, digests, "other")
    assert not Signature.objects.exists()


# --- seals and notices ---------------------------------------------------------------------------


def decided(office: Office, number: str) -> str:
    """Give an item of the case that was granted."""
    return next(b.item for b in office.case(number).branches.values() if b.stage == "granted")


def department_of(number: str, item: str) -> str:
    return queries.load(number).ground.definitions[item].department


def judged(pdf: bytes):
    """Let pyHanko judge the seal of a PDF, its certificate trusted."""
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    trusted = ValidationContext(
        trust_roots=[signature.signer_cert], moment=clock.now() + timedelta(minutes=1)
    )
    return validate_pdf_signature(signature, trusted), signature


def test_a_notice_says_what_was_decided_and_bears_the_departments_seal(
    office: Office, quiet: None, tmp_path: Path
) -> None:
    number = office.submit()
    item = decided(office, number)
    department = department_of(number, item)
    with pytest.raises(notices.NoticeNotMade, match="tongban seal make"):
        notices.make(number, item)
    row = seals.make(department, actor="test")
    made = bytes(notices.make(number, item).content)
    assert bytes(notices.make(number, item).content) == made
    found, signature = judged(made)
    assert (found.intact, found.valid, found.trusted) == (True, True, True)
    assert found.coverage.name == "ENTIRE_FILE"
    assert found.signer_reported_dt == clock.now()
    der = signature.signer_cert.dump()
    assert hashlib.sha256(der).hexdigest() == keyring.fingerprint(row.certificate)
    name = parties.department_name(department, "zh")
    assert signature.signer_cert.subject.native["organization_name"] == name
    text = text_of(made)
    branch = queries.branch_view(*_loaded(number, item), "zh")
    for part in ("准予决定书", number, name, branch["name"], *branch["reasons"]):
        assert part in text, part
    bent = bytearray(made)
    bent[made.index(b"/Title") - 3] ^= 1
    assert not judged(bytes(bent))[0].intact
    assert openssl_finds_good(made, signature, tmp_path)


def _loaded(number: str, item: str):
    loaded = queries.load(number)
    return loaded.case, loaded.case.branches[item], loaded.ground


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    page = document[0]
    words = page.get_textpage()
    told = str(words.get_text_range()).replace("\r\n", "")
    words.close()
    page.close()
    document.close()
    return told


def openssl_finds_good(pdf: bytes, signature, folder: Path) -> bool:
    """Ask openssl about the CMS in a PDF, over the bytes that it covers."""
    start, length, later, rest = signature.byte_range
    (folder / "covered").write_bytes(pdf[start : start + length] + pdf[later : later + rest])
    (folder / "cms.der").write_bytes(signature.pkcs7_content)
    done = subprocess.run(
        [
            "openssl",
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            "cms.der",
            "-content",
            "covered",
            "-noverify",
            "-out",
            "same",
        ],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode == 0


def test_a_refusal_tells_its_reasons_and_remedies(office: Office, quiet: None) -> None:
    office.write("health", "UPDATE CSYXXX SET SFBSCS = 0")  # born elsewhere: an invoice is wanted
    invoice = replace(UPLOAD, material="hospital-invoice-elsewhere")
    number = office.submit()
    services.answer(applicant(office), number, {}, (invoice,))
    branch = next(b for b in office.case(number).branches.values() if b.stage == "examining")
    seals.make_missing(parties.departments(), actor="test")
    with pytest.raises(CaseRefused, match="not decided"):
        notices.make(number, branch.item)
    department = department_of(number, branch.item)
    clerk = office.official(department, "clerk")
    services.accept(clerk, number, branch.item, accept=False, reason="证明与登记不符")
    text = text_of(bytes(notices.make(number, branch.item).content))
    for part in ("不予受理决定书", "证明与登记不符", "六十日", "六个月"):
        assert part in text


def test_the_worker_makes_the_notices_of_what_was_decided(office: Office, quiet: None) -> None:
    number = office.submit()
    granted = [b.item for b in office.case(number).branches.values() if b.stage == "granted"]
    without = department_of(number, granted[0])
    seals.make_missing((d for d in parties.departments() if d != without), actor="test")
    jobs.run_until_idle([relay.deliver])
    made = {*Notice.objects.filter(case=number).values_list("item", flat=True)}
    assert made == {item for item in granted if department_of(number, item) != without}
    assert jobs.dead_letters() == ()
    seals.make(without, actor="test")
    assert notices.ensure(number) == ()
    told = [event.item for event in trail.history(f"cases:papers:{number}")]
    assert sorted(told) == sorted(granted)


def test_a_city_sets_its_notices_by_a_template_of_its_own(
    office: Office, quiet: None, settings, tmp_path: Path
) -> None:
    number = office.submit()
    item = decided(office, number)
    seals.make(department_of(number, item), actor="test")
    pack = tmp_path / "packs" / "city"
    (pack / "faces").mkdir(parents=True)
    (pack / "pack.yaml").write_text("slug: city\n")
    drawn = "#set text(font: json(bytes(sys.inputs.data)).fonts)\n本市决定书"
    (pack / "faces" / "decision.typ").write_text(drawn, encoding="utf-8")
    settings.PACKS = [pack.parent]
    assert "本市决定书" in text_of(bytes(notices.make(number, item).content))


def test_an_ended_seal_seals_nothing_and_what_it_sealed_stands(
    office: Office, quiet: None, settings
) -> None:
    number = office.submit()
    item = decided(office, number)
    department = department_of(number, item)
    row = seals.make(department, actor="test")
    notices.make(number, item)
    before = {path.name for path in (settings.HOME / "keys").glob("seal-*")}
    assert before == {f"seal-{department}-1.std", f"seal-{department}-1.p256"}
    seals.end(department, actor="test", reason="lost")
    assert not list((settings.HOME / "keys").glob("seal-*"))
    with pytest.raises(seals.SealRefused):
        seals.held(department)
    assert seals.make_missing([department], actor="test") == ()
    again = seals.make(department, actor="test")
    assert (again.number, again.pk != row.pk) == (2, True)
    witnessed()
    told = "\n".join(verify.check(files_of(number)).proved)
    assert f"documents/decision-{item}.pdf" in told
    assert row.pk in told


def test_a_seal_with_another_key_file_is_not_used(office: Office, quiet: None, settings) -> None:
    seals.make(HEALTH, actor="test")
    path = settings.HOME / "keys" / f"seal-{HEALTH}-1.p256"
    held = path.read_text()
    path.write_text("07" * 32)
    with pytest.raises(seals.SealRefused, match="put them back"):
        seals.held(HEALTH)
    path.unlink()
    with pytest.raises(seals.SealRefused, match="put them back"):
        seals.held(HEALTH)
    assert not path.exists()
    path.write_text(held)
    path.chmod(0o600)
    assert seals.held(HEALTH)


def test_an_authority_certifies_a_seal(office: Office, quiet: None, tmp_path: Path) -> None:
    def run(*words: str, fails: bool = False) -> str:
        told = CliRunner().invoke(seals_cli.seal, words)
        assert (told.exit_code != 0) is fails, told.output
        return told.output

    run("request", HEALTH, fails=True)
    run("make", "nobody", fails=True)
    run("make", HEALTH)
    run("make", HEALTH, fails=True)
    (tmp_path / "seal.csr").write_text(run("request", HEALTH))

    def openssl(*words: str) -> None:
        done = subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    new = "req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=Authority -keyout ca.key"
    openssl(*new.split(), "-out", "ca.pem")
    sign_ = "x509 -req -in seal.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out"
    openssl(*sign_.split(), "seal.pem")
    certificate = x509.load_pem_x509_certificate((tmp_path / "seal.pem").read_bytes())
    for name in ("ca.pem", "seal.csr"):
        run("certify", HEALTH, str(tmp_path / name), fails=True)
    office.clock.freeze(certificate.not_valid_after_utc + timedelta(days=1))
    run("certify", HEALTH, str(tmp_path / "seal.pem"), fails=True)
    office.clock.freeze(certificate.not_valid_before_utc + timedelta(days=1))
    told = run("certify", HEALTH, str(tmp_path / "seal.pem"))
    assert certificate.fingerprint(hashes.SHA256()).hex() in told
    row = seals.held(HEALTH).row
    types = [event.type.split(".")[2] for event in trail.history(f"evidence:key:{row.pk}")]
    assert types == ["key_begun", "key_certified"]
    (shown,) = Client().get("/evidence/log/seals").json()["seals"]
    assert shown["key"] == row.pk
    assert shown["certificate_sha256"] == certificate.fingerprint(hashes.SHA256()).hex()
    assert row.pk in run("list")
    assert "lost" in run("end", HEALTH, "--reason", "lost")
    run("end", HEALTH, "--reason", "lost", fails=True)
    assert Client().get("/evidence/log/seals").json()["seals"][0]["reason"] == "lost"


# --- the archive, and the command line -----------------------------------------------------------


def test_the_archive_holds_notices_and_says_who_signed(
    office: Office, quiet: None, tmp_path: Path
) -> None:
    number = office.submit("enterprise-start", company__seal_set="basic")
    seals.make_missing(parties.departments(), actor="test")
    with pytest.raises(NotYetProved):
        archiving.archive(number)
    witnessed()
    row = archiving.archive(number)
    files = verify.read_files(tmp_path / "archive" / row.place)
    described = json.loads(files["archive/metadata.json"])
    count = len(office.case(number).branches)
    assert len(described["签名"]) == count
    assert sum(name.startswith("documents/decision-") for name in files) == count
    assert files["archive/index.html"].decode().count("电子印章 / seal") == count
    assert "\n".join(verify.check(files).proved).count("seal / 电子印章") == count


def test_without_seals_a_case_is_archived_all_the_same(office: Office, quiet: None, caplog) -> None:
    notices._say_once.cache_clear()
    number = office.submit("enterprise-start", company__seal_set="basic")
    witnessed()
    assert archiving.archive(number)
    assert "has no seal" in caplog.text
    caplog.clear()
    assert notices.ensure(number)  # said already, and not at each decision again
    assert caplog.text == ""


def test_a_submission_is_signed_and_its_documents_are_written_by_command(
    office: Office, quiet: None, tmp_path: Path
) -> None:
    number = office.submit(uploads=(UPLOAD,))
    seals.make_missing(parties.departments(), actor="test")
    person = parties.id_number(applicant(office).person_id)

    def run(*words: str, fails: bool = False) -> str:
        told = CliRunner().invoke(cli.case, words)
        assert (told.exit_code != 0) is fails, told.output
        return told.output

    run("sign", number, "--person", "none", fails=True)
    run("sign", "20261123-AAAAAAAAAA", "--person", person, fails=True)
    assert "2 signed" in run("sign", number, "--person", person)
    assert "0 signed" in run("sign", number, "--person", person)
    proofs = {event.data["proof"] for event in trail.history(f"cases:papers:{number}")}
    assert proofs == {"command"}
    told = run("documents", number, "-o", str(tmp_path / "papers"))
    assert told.count("applicant ") >= 2
    written = {path.name for path in (tmp_path / "papers").iterdir()}
    assert f"decision-{decided(office, number)}.pdf" in written
    assert (tmp_path / "papers" / "01-birth-certificate.pdf").read_bytes() == PAPER
    run("documents", "none", fails=True)
