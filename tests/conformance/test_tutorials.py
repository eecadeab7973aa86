"""What the tutorials quote from the region packs is what the packs say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = re.split(
    r"^## ",
    (ROOT / "docs/tutorial/second-life-event.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
)


@pytest.mark.parametrize("section", [s for s in SECTIONS if "```yaml" in s])
def test_the_tutorial_quotes_the_files_as_they_are(section: str) -> None:
    named = re.search(r"`(regions/[^`]+)`", section)
    assert named is not None
    text = "\n".join(p.read_text(encoding="utf-8") for p in sorted(ROOT.glob(named[1])))
    lines = {line.strip().removeprefix("- ") for line in text.splitlines()}
    for block in re.findall(r"```yaml\n(.*?)```", section, flags=re.DOTALL):
        for line in block.splitlines():
            assert line.strip().removeprefix("- ") in lines


def test_every_file_the_tutorial_names_exists() -> None:
    for path in re.findall(r"`(regions/[^`]+)`", "".join(SECTIONS)):
        assert list(ROOT.glob(path)), path
