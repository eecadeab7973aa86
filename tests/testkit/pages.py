"""Pages that quote commands with their output, read and run as a newcomer does."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BLOCK = re.compile(
    r"(?:^`(?P<path>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
MARK = "--- said, and ended with "


def steps(body: str) -> Iterator[tuple[str, str]]:
    """Give each command of a console block with the output quoted below it."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.strip("\n")


def fits(said: str, quoted: str) -> bool:
    """Say whether an output is what a page quotes, where ``…`` stands for anything."""
    pattern = r"[\s\S]*?".join(map(re.escape, quoted.split("…")))
    return re.fullmatch(pattern, said) is not None


class Shell:
    """One shell for the whole page, as a newcomer has it."""

    def __init__(self, home: Path) -> None:
        bin_ = Path(sys.executable).parent
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TONGBAN_", "DJANGO_"))}
        self._process = subprocess.Popen(
            ["/bin/bash"],
            cwd=home,
            env=kept | {"HOME": str(home), "PATH": f"{bin_}:{os.environ['PATH']}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def run(self, command: str) -> str:
        """Run a command and give what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f'{command}\nprintf "\\n{MARK}\\n"\n')
        self._process.stdin.flush()
        said = []
        for line in self._process.stdout:
            if line.startswith(MARK):
                return "".join(said).strip("\n")
            said.append(line)
        raise AssertionError(f"the shell ended at: {command}\n{''.join(said)}")

    def close(self) -> None:
        """End the shell."""
        self._process.communicate()
