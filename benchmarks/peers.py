"""Peers live apart: each in its own environment and its own process, never in ours.

A peer script under ``peers_src`` reads JSON on its input and prints JSON on its output.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def peer_python(name: str, packages: list[str]) -> Path:
    """Make ``.venv-peers/<name>`` with these packages once; give its Python."""
    home = ROOT / ".venv-peers" / name
    python, done = home / "bin" / "python", home / "installed.txt"
    wanted = "\n".join(packages)
    if done.exists() and done.read_text() == wanted:
        return python
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--clear", "--python", sys.executable, home], check=True)
    subprocess.run([*uv, "pip", "install", "-q", "--python", python, *packages], check=True)
    done.write_text(wanted)
    return python


def ask_peer(python: Path, script: str, question: Any) -> Any:
    """Run a script of ``peers_src`` with JSON in and JSON out."""
    done = subprocess.run(
        [python, ROOT / "benchmarks" / "peers_src" / script],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"peer {script} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
