"""The house keeps its own rules: migrations, storeys, locks, and nothing of anybody's machine."""

import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from ninja import Schema

from tongban.cli import EXTRAS
from tongban.config.api import api

ROOT = Path(__file__).resolve().parents[2]
APPS = ROOT / "src" / "tongban" / "apps"
# built from parts, so that this file does not hold what it looks for
FORBIDDEN = tuple(
    "".join(parts)
    for parts in (
        (r"(?<![\w.])/", r"(?:root|home/\w+|Users/\w+)/"),
        (r"(?<![\w.~<>-])/", "work", r"/\w"),
        ("/tm", "p/plan"),
        (r"pypi\.", "org"),
        (r"files\.python", r"hosted\.org"),
        (r"(?:pypi|mirrors?|registry|proxy|index)\.", r"[\w-]+\.(?:com|net|org|cn|io)\b"),
        (r"//", r"(?:localhost|127\.0\.0\.1|10\.[\d.]+)(?::\d+)?/(?:simple|pypi|root)"),
        ("BEGIN ", r"(?:RSA |EC |OPENSSH )?PRIVATE KEY"),
    )
)


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nothing says which files are tracked")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_versions_and_digests_and_no_place(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert pinned
    for line in pinned:
        assert re.match(r"[a-z0-9][\w.-]*==[\w.!+]+( ;[^;]+)? \\$", line), line
    for line in lines:
        assert "://" not in line, line
        assert not re.match(r"\s*-", line) or re.match(
            r"\s+--hash=sha256:[0-9a-f]{64}( \\)?$", line
        )
    text = "\n".join(lines)
    assert len(re.findall(r"^[a-z0-9][^\n]*\\\n\s+--hash", text, re.MULTILINE)) == len(pinned)


def schemas(of: type = Schema) -> Iterator[type]:
    for below in of.__subclasses__():
        yield below
        yield from schemas(below)


def test_no_two_schemas_of_the_api_share_a_name() -> None:
    # the OpenAPI document knows a schema by its name alone: of two, one would be documented wrongly
    assert api.get_openapi_schema()["paths"]
    named = Counter(s.__name__ for s in set(schemas()) if s.__module__.startswith("tongban."))
    assert [name for name, count in named.items() if count > 1] == []


@pytest.mark.django_db
def test_every_change_of_a_table_has_its_migration() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert "No changes detected" in out.getvalue()


def test_the_import_rules_name_every_storey_and_every_app() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = {c["containers"][0]: c for c in contracts if c["type"] == "layers"}
    for container in ("tongban", "tongban.apps"):
        folder = ROOT / "src" / Path(*container.split("."))
        named = {
            one.strip(" ()") for layer in layers[container]["layers"] for one in layer.split("|")
        }
        there = {
            path.stem
            for path in folder.iterdir()
            if path.suffix == ".py" or (path / "__init__.py").exists()
        } - {"__init__"}
        assert layers[container]["exhaustive"]
        assert there <= named


def test_nothing_of_anybodys_machine_is_committed() -> None:
    forbidden = re.compile("|".join(FORBIDDEN))
    found = []
    for path in tracked():
        if path.is_symlink() or not path.exists():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(text.splitlines(), start=1)
            if forbidden.search(line)
        ]
    assert found == []


def test_each_library_of_the_extra_is_told_by_its_name() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = told["project"]["optional-dependencies"]["forecast"]
    assert {re.split("[<>=]", one)[0] for one in extra} == {
        name for name, of in EXTRAS.items() if of == "forecast"
    }
