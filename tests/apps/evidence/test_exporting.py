"""Tokens of a real time-stamp authority (``openssl ts``); exporters that fail and come again."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from testkit.servers import Fresh
from tongban.apps.evidence import bundles, exporting, queries, services, verify
from tongban.apps.evidence.models import Export, Token
from tongban.infra.trail import queries as trail

from .conftest import tell

CONFIG = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa_cert]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority:
    """A time-stamp authority: openssl behind HTTP; ``mood`` says how it misbehaves."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mood, self.asked = folder, "", 0
        folder.mkdir()
        (folder / "config").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
        self.openssl(
            *make,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-subj",
            "/CN=Root",
            "-config",
            "config",
            "-extensions",
            "ca",
        )
        self.openssl(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "tsa.key",
            "-out",
            "tsa.csr",
            "-subj",
            "/CN=Stamps",
        )
        self.openssl(
            "x509",
            "-req",
            "-in",
            "tsa.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-out",
            "tsa.pem",
            "-extfile",
            "config",
            "-extensions",
            "tsa_cert",
        )

    def openssl(self, *arguments: str) -> bytes:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def answer(self, query: bytes) -> tuple[int, bytes]:
        self.asked += 1
        if self.mood == "down":
            return 503, b""
        if self.mood == "junk":
            return 200, b"junk"
        if self.mood != "replay" or not (self.folder / "answer").exists():
            (self.folder / "query").write_bytes(query)
            self.openssl(
                "ts",
                "-reply",
                "-config",
                "config",
                "-section",
                "one",
                "-queryfile",
                "query",
                "-out",
                "answer",
            )
        return 200, (self.folder / "answer").read_bytes()


@pytest.fixture
def authority(tmp_path: Path, settings) -> Iterator[Authority]:
    one = Authority(tmp_path / "authority")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, told = one.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        settings.EVIDENCE_TIMESTAMPS = f"http://127.0.0.1:{server.server_port}/stamp"
        settings.EVIDENCE_TIMESTAMP_ROOTS = one.folder / "ca.pem"
        yield one
        server.shutdown()
        thread.join()


def publish(count: int = 3) -> None:
    tell(count, start=trail.count())
    services.gather()
    services.witness()


def test_a_token_of_an_authority_goes_into_the_bundle_and_openssl_agrees(
    fresh_sqlite: Fresh, authority: Authority, tmp_path: Path
) -> None:
    assert not exporting.timestamp()
    publish()
    assert exporting.timestamp()
    assert not exporting.timestamp()
    assert authority.asked == 1
    publish()
    # a later checkpoint is not stamped yet: what the stamped one covers is proved by that one
    events = trail.history("case-1")[:3]
    path = tmp_path / "case.zip"
    path.write_bytes(bundles.pack("case-1", events, {}))
    files = verify.read_files(path)
    report = verify.check(files)
    assert report.size == 3
    (command,) = [line for line in report.not_proved if "openssl ts" in line]
    for name in (verify.TOKEN, verify.TOKEN_OVER):
        (authority.folder / name).write_bytes(files[name])
    arguments = command.partition(": openssl ")[2].replace("ROOTS.pem", "ca.pem").split()
    assert b"Verification: OK" in authority.openssl(*arguments)
    assert "timestamp.tsr" not in [*verify.read_files(_packed(tmp_path, trail.history("case-1")))]


def _packed(tmp_path: Path, events) -> Path:
    path = tmp_path / "later.zip"
    path.write_bytes(bundles.pack("case-1", events, {}))
    return path


@pytest.mark.parametrize("mood", ["down", "junk", "replay", "another root", "no roots", "nowhere"])
def test_what_is_no_good_token_is_not_kept(
    fresh_sqlite: Fresh, authority: Authority, settings, tmp_path: Path, caplog, mood: str
) -> None:
    publish()
    if mood == "replay":
        authority.mood = "replay"
        exporting.timestamp()
        publish()
    elif mood == "another root":
        settings.EVIDENCE_TIMESTAMP_ROOTS = Authority(tmp_path / "other").folder / "ca.pem"
    elif mood == "no roots":
        settings.EVIDENCE_TIMESTAMP_ROOTS = tmp_path / "none.pem"
    elif mood == "nowhere":
        settings.EVIDENCE_TIMESTAMPS = "ftp://127.0.0.1/"
    authority.mood = mood
    before = Token.objects.count()
    assert not exporting.timestamp()
    assert Token.objects.count() == before
    assert "NotStamped" in caplog.text
    if mood in {"down", "junk", "replay"}:
        authority.mood = ""
        assert exporting.timestamp()


class Failing:
    name = "failing"

    def export(self, published: queries.Published) -> str:
        raise LookupError("the chain is away")


def test_a_checkpoint_is_exported_once_and_a_failing_exporter_holds_nobody_up(
    fresh_sqlite: Fresh, settings, tmp_path: Path, caplog
) -> None:
    settings.EVIDENCE_FOLDER = tmp_path / "written"
    folder = "tongban.apps.evidence.plugins.folder.Folder"
    settings.EVIDENCE_EXPORTERS = [f"{__name__}.Failing", folder]
    assert exporting.export() == ()
    publish()
    assert exporting.export() == ("folder",)
    assert "the chain is away" in caplog.text
    assert exporting.export() == ()
    written = (tmp_path / "written" / "3.txt").read_bytes()
    found = queries.published()
    assert found is not None
    assert written == found.note
    (row,) = Export.objects.all()
    assert row.receipt.endswith("written/3.txt")
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("UPDATE evidence_export SET receipt = ''")


def test_an_export_cut_short_is_finished_and_another_text_is_not_written_over(
    fresh_sqlite: Fresh, settings, tmp_path: Path, caplog
) -> None:
    settings.EVIDENCE_FOLDER = tmp_path
    settings.EVIDENCE_EXPORTERS = ["tongban.apps.evidence.plugins.folder.Folder"]
    publish()
    found = queries.published()
    assert found is not None
    (tmp_path / "3.txt").write_bytes(found.note)
    assert exporting.export() == ("folder",)
    publish()
    (tmp_path / "6.txt").write_bytes(b"another story\n")
    assert exporting.export() == ()
    assert "folder did not take 6 leaves" in caplog.text
    assert (tmp_path / "6.txt").read_bytes() == b"another story\n"
