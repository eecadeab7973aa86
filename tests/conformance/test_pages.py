"""The pages name only what exists: files behind links, commands, their options, make targets."""

import re
from pathlib import Path

import click
import pytest

from tongban.cli import main

ROOT = Path(__file__).resolve().parents[2]
TOP = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md")
PAGES = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(
    r"(?:^(?:\$ |\.venv/bin/)?|`|=\$\()tongban +([a-z][^`\n#|]*?)(?=`|\s{2,}|$|\n|#|\|)",
    re.MULTILINE,
)


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_and_option_exists(page: Path) -> None:
    for line in COMMAND.findall(page.read_text(encoding="utf-8")):
        resolve(line.split())


def resolve(words: list[str]) -> None:
    """Walk the words down the groups; every option must be one of the command that is reached."""
    context = click.Context(main)
    command: click.Command = main
    while words and isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]!r} in tongban {words}"
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{command.name} has no {word}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets
