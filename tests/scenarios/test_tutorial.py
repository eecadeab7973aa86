"""The tutorial for newcomers is true: its files and commands give the outputs that it quotes."""

from pathlib import Path

import pytest

from testkit.pages import BLOCK, Shell, fits, steps

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial/first-life-event.md"


@pytest.mark.slow
def test_a_newcomer_who_follows_the_page_gets_what_it_says(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = 0
    try:
        for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
            if block["path"]:
                path = tmp_path / "library" / block["path"]
                path.write_text(block["body"], encoding="utf-8")
                continue
            assert block["kind"] == "console", f"nobody runs this block: {block['body']}"
            for command, quoted in steps(block["body"]):
                said = shell.run(command)
                assert fits(said, quoted), f"$ {command}\n{said}\n--- is not:\n{quoted}"
                done += 1
    finally:
        shell.close()
    assert done > 15
