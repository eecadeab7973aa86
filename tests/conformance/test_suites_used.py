"""Which suite is used comes from a setting or a key; what is fixed stands on the page, and why."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tongban"
PAGE = ROOT / "docs" / "standards" / "cryptography.md"
FIXED = re.compile(
    r"\bimport hashlib|from hashlib|hashlib\.|salted_hmac|\bhmac\.(?:new|digest|HMAC)\b"
    r"|AESSIV|AESGCM|Ed25519P|ChaCha20|hazmat\.primitives"
)
NAMED = re.compile(r"""\bsuite\(["'](std|gm)["']\)""")


def sources() -> dict[str, str]:
    """Give every source file outside the suites themselves, its doctests left out."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        name = str(path.relative_to(ROOT))
        if not name.startswith("src/tongban/kernel/suites/"):
            text = path.read_text(encoding="utf-8")
            found[name] = re.sub(r"^\s*(>>>|\.\.\.).*$", "", text, flags=re.MULTILINE)
    return found


def told() -> set[str]:
    _, _, after = PAGE.read_text(encoding="utf-8").partition("## Where no suite is asked")
    return set(re.findall(r"`(src/[^`]+)`", after.partition("\n## ")[0]))


def test_every_fixed_digest_cipher_and_suite_stands_on_the_page() -> None:
    """Take the suite from settings.SUITE or from the key; or say on the page why not."""
    texts = sources().items()
    assert {name for name, text in texts if FIXED.search(text) or NAMED.search(text)} == told()
