"""What sealing costs: a newborn case with it and without it, a value, and a change of key.

Cases alternate in one process between sealed and not sealed, on SQLite with synchronous=FULL, in
each suite; "not sealed" writes the plain text in the place of the ciphertext and pays for nothing
else. The peer of a value is the bare cipher of ``cryptography`` under one key, without place or
writing. SM2 beside ``gmalg`` is measured by ``suites``.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from benchmarks.common import Row, best_of
from tongban.kernel.sealing import DataKey, place

FAMILIES = 80
VALUE = b"\x5a" * 1024
AT = place("cases_case", "state", "20261126-ABCDEFGHJK")
NONCE = bytes(12)
_PLAIN = b"~not sealed~"  # longer than a nonce that begins so by chance


def run() -> list[Row]:
    """Measure each suite in a process of its own, on a fresh installation."""
    rows = []
    for suite in ("std", "gm"):
        with tempfile.TemporaryDirectory() as home:
            found = _measured(suite, Path(home))
        note = f"median of {found['cases']:.0f} each, in turns"
        for what, unit in (("a newborn case", "ms"), ("its sealed values", "KiB")):
            name = what.rpartition(" ")[2]
            ours, peer = found[f"{name}_sealed"], found[f"{name}_plain"]
            rows.append(Row(f"{suite}: {what}", ours, peer, "not sealed", unit, "less", note))
        rows.append(
            Row(
                f"{suite}: rows sealed anew in a change of key",
                found["anew_sealed"],
                found["anew_plain"],
                "the same updates, not sealed",
                "1/s",
                "more",
                "the pauses for other writers left out",
            )
        )
        rows += _values(suite)
    return rows


def _values(suite: str) -> Iterator[Row]:
    key = DataKey(1, suite, b"\x07" * 32)
    written = key.seal(VALUE, AT, nonce=NONCE)
    bare = AESGCM(b"\x07" * 32) if suite == "std" else _BareSM4(b"\x07" * 16)
    plain = bare.encrypt(NONCE, VALUE, AT)
    for what, ours, peer in (
        ("seal", lambda: key.seal(VALUE, AT, nonce=NONCE), lambda: bare.encrypt(NONCE, VALUE, AT)),
        ("open", lambda: key.open(written, AT), lambda: bare.decrypt(NONCE, plain, AT)),
    ):
        rates = _rate(ours), _rate(peer)
        name = "bare cipher, one key"
        yield Row(f"{suite}: {what} a value of 1 KiB", *rates, name, "1/s", "more", "one thread")


class _BareSM4:
    def __init__(self, key: bytes) -> None:
        self._cipher = SM4(key)

    def encrypt(self, nonce: bytes, plain: bytes, at: bytes) -> bytes:
        made = Cipher(self._cipher, GCM(nonce)).encryptor()
        made.authenticate_additional_data(at)
        return made.update(plain) + made.finalize() + made.tag

    def decrypt(self, nonce: bytes, sealed: bytes, at: bytes) -> bytes:
        opened = Cipher(self._cipher, GCM(nonce, sealed[-16:])).decryptor()
        opened.authenticate_additional_data(at)
        return opened.update(sealed[:-16]) + opened.finalize()


def _rate(action: Callable[[], object], times: int = 2000) -> float:
    def many() -> None:
        for _ in range(times):
            action()

    return times / best_of(3, many)


def _measured(suite: str, home: Path) -> dict[str, float]:
    environment = {
        **os.environ,
        "TONGBAN_HOME": str(home),
        "TONGBAN_DATABASE": f"sqlite:///{home / 'tongban.sqlite3'}",
        "TONGBAN_SUITE": suite,
        "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
    }
    tongban = [sys.executable, "-c", "from tongban.cli import main; main()"]
    for words in (["setup"], ["sample", "--people", "4000", "--newborns", str(FAMILIES + 2)]):
        subprocess.run([*tongban, *words], env=environment, check=True, capture_output=True)
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.secrecy"],
        env=environment,
        cwd=Path(__file__).parents[1],
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, float] = json.loads(told.stdout)
    return found


@contextmanager
def _not_sealed() -> Iterator[None]:
    """Let values be written plain behind the head of a sealed one, and read again."""
    seal, mac = DataKey._seal, DataKey.seal  # noqa: SLF001
    DataKey._seal = lambda _, plain, *__: _PLAIN + plain  # type: ignore[method-assign]  # noqa: SLF001
    DataKey.seal = lambda key, plain, at, *, nonce: key.seal_bytes(plain, at, nonce=nonce)  # type: ignore[method-assign]
    try:
        yield
    finally:
        DataKey._seal, DataKey.seal = seal, mac  # type: ignore[method-assign]  # noqa: SLF001


def _read_both() -> None:
    """Teach this process to read what `_not_sealed` wrote, beside what is sealed."""
    open_text, open_bytes = DataKey.open, DataKey._open  # noqa: SLF001

    def text(key: DataKey, written: bytes, at: bytes) -> bytes:
        body = key._body(written)  # noqa: SLF001
        return body[len(_PLAIN) :] if body.startswith(_PLAIN) else open_text(key, written, at)

    def raw(key: DataKey, body: bytes, at: bytes) -> bytes:
        return body[len(_PLAIN) :] if body.startswith(_PLAIN) else open_bytes(key, body, at)

    DataKey.open, DataKey._open = text, raw  # type: ignore[method-assign]  # noqa: SLF001


def measure() -> dict[str, float]:
    """Give medians of milliseconds and sizes of a case, and rates of rows sealed anew."""
    # the models load once Django is set up, and that needs this process's own environment
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from tongban.apps.cases import services  # noqa: PLC0415
    from tongban.apps.exchange.sample import MANIFEST  # noqa: PLC0415
    from tongban.apps.parties import queries as parties  # noqa: PLC0415
    from tongban.apps.parties import services as people  # noqa: PLC0415
    from tongban.infra.packs import shipped_packs  # noqa: PLC0415
    from tongban.infra.secrecy import services as secrecy  # noqa: PLC0415

    _read_both()
    answers = json.loads((shipped_packs() / "sample" / "demo.json").read_text(encoding="utf-8"))
    manifest = json.loads((settings.DEPARTMENT_STORES / MANIFEST).read_text(encoding="utf-8"))
    mothers = [known["mother.id_number"] for known in manifest["cast"]["newborn"]]
    submission = services.Submission("newborn", answers["newborn"], consent=True)

    def apply(number: str) -> str:
        subject = parties.subject_of(people.register_person(f"b-{number}", "市民", number))
        return services.submit(subject, submission)

    apply(mothers.pop())  # warms what a serving process has warm
    took: dict[str, list[float]] = {"sealed": [], "plain": []}
    cases: dict[str, list[str]] = {"sealed": [], "plain": []}
    for place_, number in enumerate(mothers[:FAMILIES]):
        how = "plain" if place_ % 2 else "sealed"
        began = time.perf_counter()
        if how == "plain":
            with _not_sealed():
                case = apply(number)
        else:
            case = apply(number)
        took[how].append(1000 * (time.perf_counter() - began))
        cases[how].append(case)
    found = {f"case_{how}": statistics.median(times) for how, times in took.items()}
    found["cases"] = len(took["sealed"])
    for how, numbers in cases.items():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT SUM(LENGTH(data)) FROM trail_payload p JOIN trail_event e "
                f"ON e.id = p.event_id WHERE e.chain IN ({', '.join(['%s'] * len(numbers))})",
                numbers,
            )
            payloads = cursor.fetchone()[0]
            cursor.execute(
                f"SELECT SUM(LENGTH(state)) FROM cases_case WHERE number IN "
                f"({', '.join(['%s'] * len(numbers))})",
                numbers,
            )
            found[f"values_{how}"] = (payloads + cursor.fetchone()[0]) / len(numbers) / 1024
    secrecy._BREATH_S = {connection.vendor: 0.0}  # noqa: SLF001
    for how in ("sealed", "plain"):
        secrecy.begin_rotation("benchmark")
        began = time.perf_counter()
        if how == "plain":
            with _not_sealed():
                done = secrecy.seal_rows()
        else:
            done = secrecy.seal_rows()
        rows = sum(progress.done for progress in done)
        found[f"anew_{how}"] = rows / (time.perf_counter() - began)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM secrecy_key WHERE state = 'ending'")
    return found


if __name__ == "__main__":
    django.setup()
    json.dump(measure(), sys.stdout)
