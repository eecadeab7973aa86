"""Subject keys of nodes (标记密钥): by which a node's log marks whom a call was about.

The control plane keeps each in a file of its own (0600), as ``suite hex``, to answer who looked at
whom: without a node's key its marks name nobody.
"""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tongban.ports.files import write_once, write_whole

_BYTES = 32


def keep(node: str, suite_name: str, key: bytes) -> None:
    """Keep the subject key that a node handed in, in place of one from before. Raises OSError."""
    write_whole(_place(node), _text(suite_name, key), 0o600)


def own(node: str, suite_name: str) -> bytes:
    """Give the subject key of a node inside this process, and make it where there is none.

    Of several that make it at once all take the first: marks under another could not be found.
    Raises OSError.
    """
    path = _place(node)
    if not path.exists():
        with contextlib.suppress(FileExistsError):
            write_once(path, _text(suite_name, secrets.token_bytes(_BYTES)), 0o600)
    return _read(path)[1]


def every() -> Iterator[tuple[str, bytes]]:
    """Give suite and key of every node whose key is kept."""
    for path in sorted(_folder().glob("[!.]*")):  # no draft of a file
        yield _read(path)


def _folder() -> Path:
    return Path(settings.HOME) / "keys" / "subjects"


def _place(node: str) -> Path:
    _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    return _folder() / node


def _text(suite_name: str, key: bytes) -> bytes:
    return f"{suite_name} {key.hex()}".encode("ascii")


def _read(path: Path) -> tuple[str, bytes]:
    name, _, text = path.read_text(encoding="ascii").partition(" ")
    return name, bytes.fromhex(text)
