"""Signing and checking 600 bytes, the size of a call, in both suites beside the bare library.

The peer of std is Ed25519 of ``cryptography`` with a key read once; of gm it is ``gmalg``, in plain
Python, which is what one would take who does not want a compiled library.
"""

from collections.abc import Callable

import gmalg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.common import Row, best_of
from tongban.kernel.suites import suite

MESSAGE = b"\x5a" * 600
SECRET = bytes(31) + b"\x07"


def _rate(times: int, action: Callable[[], object]) -> float:
    def many() -> None:
        for _ in range(times):
            action()

    return times / best_of(3, many)


def run() -> list[Row]:
    """Measure both suites."""
    rows = []
    bare = Ed25519PrivateKey.from_private_bytes(SECRET)
    bare_public, bare_told = bare.public_key(), bare.sign(MESSAGE)
    std, gm = suite("std"), suite("gm")
    signer = std.signer(SECRET)
    verifier, told = std.verifier(signer.public), signer.sign(MESSAGE)
    name = "cryptography, bare"
    for what, ours, peer in (
        ("sign", lambda: signer.sign(MESSAGE), lambda: bare.sign(MESSAGE)),
        (
            "verify",
            lambda: verifier.verify(MESSAGE, told),
            lambda: bare_public.verify(bare_told, MESSAGE),
        ),
    ):
        rates = _rate(2000, ours), _rate(2000, peer)
        rows.append(Row(f"std {what}, Ed25519", *rates, name, "1/s", "more", "one thread"))
    national = gm.signer(SECRET)
    checker, signed = gm.verifier(national.public), national.sign(MESSAGE)
    oracle = gmalg.SM2(SECRET, b"1234567812345678", b"\x04" + national.public)
    halves = signed[:32], signed[32:]
    for what, ours, peer in (
        ("sign", lambda: national.sign(MESSAGE), lambda: oracle.sign(MESSAGE)),
        (
            "verify",
            lambda: checker.verify(MESSAGE, signed),
            lambda: oracle.verify(MESSAGE, *halves),
        ),
    ):
        rates = _rate(600, ours), _rate(12, peer)
        rows.append(Row(f"gm {what}, SM2 with SM3", *rates, "gmalg", "1/s", "more", "one thread"))
    rows.append(
        Row(
            "SM3 beside SHA-256",
            _rate(20_000, lambda: gm.digest(MESSAGE)),
            _rate(20_000, lambda: std.digest(MESSAGE)),
            "SHA-256 of hashlib",
            "1/s",
            "more",
            "600 bytes",
        )
    )
    return rows
