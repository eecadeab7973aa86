"""What the documentation of providers shows works as it stands."""

import re
import tomllib
from pathlib import Path

import pytest

from tongban.node.limits import read_terms
from tongban.node.providers.base import Setting
from tongban.node.providers.guard import Guards, read_guards
from tongban.node.providers.http import Http
from tongban.node.providers.postgresql import Postgresql
from tongban.node.providers.sqlite import Sqlite

PAGE = Path(__file__).resolve().parents[2] / "docs" / "apps" / "providers.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize(
    ("name", "kind"), [("births", Sqlite), ("registrations", Postgresql), ("premises", Http)]
)
def test_each_example_is_a_configuration_without_fault(
    tmp_path: Path, name: str, kind: type[Sqlite | Postgresql | Http]
) -> None:
    (description,) = blocks("yaml")
    (tmp_path / "premises.yaml").write_text(description, encoding="utf-8")
    (tmp_path / "keys").mkdir()
    for file in ("premises.token", "health-db.password"):
        (tmp_path / "keys" / file).write_text("word")
    tables = [tomllib.loads(text).get("providers", {}) for text in blocks("toml")]
    (options,) = [table[name] for table in tables if name in table]
    assert kind.check_config(Setting(name, options, tmp_path, bytes(32))) == []


def test_the_example_of_guards_shows_what_holds_by_default() -> None:
    (guard,) = [found["guard"] for t in blocks("toml") if "guard" in (found := tomllib.loads(t))]
    assert read_guards(Setting("x", {"guard": guard}, Path(), bytes(32))) == Guards()


def test_the_example_of_limits_reads() -> None:
    (limits,) = [found["limits"] for t in blocks("toml") if "limits" in (found := tomllib.loads(t))]
    terms = read_terms(limits)
    assert (len(terms.rates), terms.watches[0].most) == (1, 2000)
