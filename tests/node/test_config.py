"""The node's configuration: what init writes is read, and what is wrong is named with its mend."""

import json
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from testkit.nodes import BUREAU, HEALTH, INSTANCE, control_key
from tongban.kernel.suites import suite
from tongban.node import config as reading
from tongban.node.config import ConfigInvalid, read_config
from tongban.node.making import NewNode, make_node

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operate" / "node.md"
PROVIDER = """
[providers.births]
kind = "sqlite"
file = "health.sqlite"
table = "births"
key = ["number"]
fields = { number = "no" }
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Give a configuration as init writes it, with the control plane's key pinned."""
    path = make_node(tmp_path / "node", NewNode("health", INSTANCE, (HEALTH,))).config
    pinned = "".join(f'{name} = "{value}"\n' for name, value in control_key().items())
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{PROVIDER}\n[[control.keys]]\n{pinned}")
    return path


@pytest.mark.parametrize("name", ["std", "gm"])
def test_what_init_writes_is_a_node(tmp_path: Path, name: str) -> None:
    """Keys only its owner reads, a card that holds no secret, a key id that names the suite."""
    found = make_node(tmp_path / "n", NewNode("health", INSTANCE, (HEALTH, BUREAU), name))
    keys = sorted((tmp_path / "n" / "keys").iterdir())
    assert [key.name for key in keys] == [
        "cursors.key", "records.key", "signing.key", "subjects.key",
    ]  # fmt: skip
    secrets = [*keys, tmp_path / "n" / "tokens" / "tongban.token"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secrets)
    text = found.config.read_text(encoding="utf-8") + found.card.read_text(encoding="utf-8")
    for path in secrets:
        assert path.read_text(encoding="ascii").strip() not in text
    card = json.loads(found.card.read_bytes())
    signer = suite(name).signer(bytes.fromhex((tmp_path / "n/keys/signing.key").read_text()))
    assert card["keys"] == [{"suite": name, "public": signer.public.hex()}]
    assert found.keyid.startswith(f"{HEALTH}/{name}/")


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    """A second time in the same folder is refused, and the keys stay."""
    new = NewNode("health", INSTANCE, (HEALTH,))
    make_node(tmp_path, new)
    before = (tmp_path / "keys" / "signing.key").read_text()
    with pytest.raises(ConfigInvalid, match="another folder"):
        make_node(tmp_path, new)
    assert (tmp_path / "keys" / "signing.key").read_text() == before


def test_a_whole_configuration_is_read(made: Path) -> None:
    """Paths are relative to its folder; a provider serves the member's own service."""
    config = read_config(made)
    assert config.store == made.parent / "state" / "log.sqlite3"
    assert str(config.service("births")) == f"{INSTANCE}/GOV/{HEALTH}/data/births"
    assert list(config.settings()) == [f"{INSTANCE}/GOV/{HEALTH}/data/births"]
    assert config.identity().keyid.startswith(HEALTH)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "health"', "", "id: is missing"),
        ('instance = "CN-330100"', 'instance = "330100"', "write CN- and six digits"),
        (HEALTH, HEALTH[:-1] + "A", "members"),
        ("workers = 1 ", "workers = 0 ", "workers: is 0"),
        ("workers = 1 ", 'workers = "2" ', "workers: is no whole number"),
        ("workers = 1 ", "worker = 1 ", "worker: is not known"),
        ('suite = "std" ', 'suite = "rsa" ', "keys.suite"),
        ('listen = "127.0.0.1:7001"', 'listen = "7001"', "outer.listen"),
        ('listen = "127.0.0.1:7001"', 'listen = "a:99999"', "outer.listen"),
        ('listen = "127.0.0.1:7001"', 'listen = "a:1"\ncertificate = "x"', "go together"),
        ('url = "http://127.0.0.1:8000"', "", "needs one source"),
        ('url = "http://127.0.0.1:8000"', 'url = "ftp://x"', "control.url"),
        ("[[control.keys]]\nid", "[[control.other]]\nid", "no key is pinned"),
        ('public = "', 'public = "00', "control.keys[0].public"),
        ("token_sha256 = ", 'token_sha256 = "x" # ', "token_sha256"),
        (f"{HEALTH}/tongban", f"{BUREAU}/tongban", "no subsystem of this node"),
        ("every_rows = 1000", "every_rows = -1", "log.every_rows"),
        ("[log]", "[log", "no TOML"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(made: Path, old: str, new: str, told: str) -> None:
    """With what to do about it."""
    text = made.read_text(encoding="utf-8")
    assert old in text
    made.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigInvalid) as wrong:
        read_config(made)
    assert told in str(wrong.value)
    assert str(wrong.value).count(";") >= 1


def test_a_key_that_others_may_read_is_refused(made: Path) -> None:
    """It must be changed, not only closed."""
    path = made.parent / "keys" / "signing.key"
    path.chmod(0o640)
    with pytest.raises(ConfigInvalid, match="change the key"):
        read_config(made).identity()
    path.chmod(0o600)
    path.write_text("no hex", encoding="ascii")
    with pytest.raises(ConfigInvalid, match="no hex"):
        read_config(made).identity()
    path.unlink()
    with pytest.raises(ConfigInvalid, match="node init"):
        read_config(made).identity()


def test_a_service_of_somebody_else_is_not_served(made: Path) -> None:
    """A node answers for its members alone."""
    other = f'service = "{INSTANCE}/GOV/{BUREAU}/data/births"\nkind = "sqlite"'
    made.write_text(made.read_text().replace('kind = "sqlite"\nfile = "h', other + '\nfile = "h'))
    with pytest.raises(ConfigInvalid, match="no service of a member"):
        read_config(made).settings()


def table_of_options() -> dict[str, str]:
    """Give the defaults of the page for operators by the keys of the file, as it shows them."""
    table = re.search(r"^## Options\n(.*?)^## ", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert table is not None
    rows = re.findall(r"^\| `([a-z_0-9.]+)` \| ([^|]+) \|", table[1], re.MULTILINE)
    return {key: default.strip().strip("`") for key, default in rows}


def as_shown(default: Any) -> str:
    """Write a default as the page does; what has none is needed."""
    if default is None or default == "":
        return "needed" if default is None else "none"
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_page_for_operators_has_every_option_with_its_default(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reader of the file asks for is noted as it reads; the page must say the same."""
    read: dict[str, str] = {}
    take, path_or_none = reading._Table.take, reading._Table.path_or_none

    def noting(table: Any, key: str, kind: Any, default: Any = None) -> Any:
        read.setdefault(re.sub(r"\[\d+\]", "", table.at(key)), as_shown(default))
        return take(table, key, kind, default)

    def noting_optional(table: Any, key: str) -> Path | None:
        read[re.sub(r"\[\d+\]", "", table.at(key))] = "none"
        return path_or_none(table, key)

    monkeypatch.setattr(reading._Table, "take", noting)
    monkeypatch.setattr(reading._Table, "path_or_none", noting_optional)
    read_config(made)
    tables = {"control.keys", "clients"}  # their members stand in the page, one by one
    assert table_of_options() == {key: value for key, value in read.items() if key not in tables}


def test_what_the_page_for_operators_shows_is_read(made: Path) -> None:
    """Each block of TOML, added to what init wrote."""
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert blocks
    bare = made.read_text(encoding="utf-8")
    for block in blocks:
        shown = tomllib.loads(block)
        text = bare
        for table in shown:  # a table is written once: what init wrote of it gives way
            text = re.sub(rf"(?ms)^\[{table}\].*?(?=^\[|\Z)", "", text)
        made.write_text(f"{text}\n{block}", encoding="utf-8")
        read_config(made)
