"""Licences of 20 hidden claims: issued, shown, verified, beside ``sd-jwt``; and a revocation seen.

Both sides have the same claims and P-256 keys (ES256); rates are a CPU second of one thread.
"Shown" is all 20 claims with the holder's proof. A revocation is that of a real installation: who
verifies elsewhere, with a fresh copy of the status list, looks until the licence is seen to end.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.common import Row
from benchmarks.peers import ask_peer, peer_python
from tongban.kernel import sdjwt
from tongban.kernel.sdjwt import Binding, SecretKey
from tongban.kernel.suites import suite

PACKAGES = ["sd-jwt==0.10.4"]
TIMES = 300
TARGET = 2_000.0
VISIBLE = 60.0
NOW = 1_800_000_000
ISSUER = "https://tongban.example"
HIDDEN = {f"claim_{number:02}": f"内容 {number}" for number in range(20)}
CLEAR = {"vct": f"{ISSUER}/licences/kinds/x/1", "iss": ISSUER, "iat": NOW}
WANTED = Binding("https://shop.example", "n-0S6_WzA2Mj")
SECRETS = (bytes(31) + b"\x07", bytes(31) + b"\x09")


def run() -> list[Row]:
    """Measure both suites, the package, and a revocation."""
    ours = _rates(*(sdjwt.p256_key(secret) for secret in SECRETS))
    national = _rates(*(sdjwt.key_of_suite(suite("gm").signer(s), "gm") for s in SECRETS))
    peer = _peer()
    home = _installation()

    def row(what: str, key: str) -> Row:
        return Row(what, ours[key], peer[key], "sd-jwt", "1/cpu-s", "more", "20 claims")

    def target(what: str, found: float, note: str) -> Row:
        return Row(what, found, TARGET, "own target", "1/cpu-s", "more", note)

    return [
        row("licences issued", "issue"),
        row("licences shown, with proof", "present"),
        row("licences verified, with proof", "verify"),
        row("licences verified, no proof", "bare"),
        target("licences verified, no proof", ours["bare"], "kernel"),
        target("licences verified with their state", home["verified"], "list at hand, no proof"),
        Row("gm: issued", national["issue"], ours["issue"], "std", "1/cpu-s", "more"),
        Row(
            "gm: verified, with proof", national["verify"], ours["verify"], "std", "1/cpu-s", "more"
        ),
        Row(
            "licences issued in their decision",
            home["issued"],
            ours["issue"],
            "signing alone",
            "1/cpu-s",
            "more",
            "rows, event, durable one by one",
        ),
        Row(
            "revocation seen elsewhere",
            home["seen"],
            VISIBLE,
            "own target",
            "s",
            "less",
            "worst case: a copy just fetched",
        ),
    ]


def _salts() -> Iterator[bytes]:
    while True:
        yield os.urandom(16)


def _rate(act: Callable[[], object]) -> float:
    """Give how often a CPU second: the machine is shared, and the peer is asked the same way."""
    best = 0.0
    for _ in range(3):
        began = time.process_time()
        for _ in range(TIMES):
            act()
        best = max(best, TIMES / (time.process_time() - began))
    return best


def _rates(issuer: SecretKey, holder: SecretKey) -> dict[str, float]:
    def issue() -> str:
        claims = sdjwt.credential_claims(
            issuer=ISSUER,
            kind=CLEAR["vct"],
            issued=NOW,
            hidden=HIDDEN,
            clear={},
            holder=holder.public,
            status=None,
            expires=None,
        )
        return sdjwt.issue(claims, issuer, _salts()).text

    def present() -> str:
        shown = sdjwt.hold(text).show(HIDDEN)
        told = {"audience": WANTED.audience, "nonce": WANTED.nonce, "now": NOW}
        return sdjwt.bind(shown, holder, **told)

    def verify(shown: str, binding: Binding | None) -> sdjwt.Credential:
        key = issuer.public
        return sdjwt.verify_credential(shown, lambda *_: key, now=NOW, binding=binding)

    text = issue()
    whole = present()
    if verify(whole, WANTED).claims != HIDDEN:
        raise RuntimeError("what was verified is not what was issued")
    return {
        "issue": _rate(issue),
        "present": _rate(present),
        "verify": _rate(lambda: verify(whole, WANTED)),
        "bare": _rate(lambda: verify(text, None)),
    }


def _peer() -> dict[str, float]:
    issuer, holder = (_jwk(secret) for secret in SECRETS)
    question = {
        "issuer": issuer,
        "holder": holder,
        "hidden": HIDDEN,
        "clear": CLEAR,
        "audience": WANTED.audience,
        "nonce": WANTED.nonce,
        "times": TIMES,
    }
    found: dict[str, float] = ask_peer(peer_python("sd-jwt", PACKAGES), "sd_jwt_20.py", question)
    return found


def _jwk(secret: bytes) -> str:
    public = sdjwt.p256_key(secret).public.jwk
    return json.dumps({**public, "d": sdjwt.strict.encode(secret)})


# an installation, in a process of its own


def _installation() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "TONGBAN_HOME": home,
            "TONGBAN_DATABASE": f"sqlite:///{home}/licences.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tongban.config.settings",
        }
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks._licences_home"],
            env=env,
            cwd=Path(__file__).parents[1],
            check=True,
            stdout=subprocess.PIPE,
        )
    found: dict[str, float] = json.loads(told.stdout)
    return found
