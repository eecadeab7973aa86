"""Makes the network: the city and its departments' stores, the nodes, and who answers for what."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tongban.node.making import NewNode, make_node
from tongban.witness.config import make_witness

from .plan import Place, Plan
from .running import Network

IN_POSTGRES = "police"
_CHECKPOINT_EVERY = "5.0"


def has_driver() -> bool:
    """Say whether PostgreSQL can be talked to: its driver is an extra."""
    return find_spec("psycopg") is not None


def make_city(network: Network) -> None:
    """Set the control plane up and make the sample city, a store a department."""
    network.run("setup")
    network.run("sample", "--people", str(network.plan.people))


def make_nodes(network: Network) -> dict[str, str]:
    """Make and register every node; give, by department, what its records lie in."""
    pinned = network.run("exchange", "node", "control-key")
    lie_in: dict[str, str] = {}
    for place in network.plan.nodes.values():
        made = make_node(
            place.folder,
            NewNode(
                place.id,
                network.plan.catalogue.governance.instance,
                place.members,
                network.plan.suite,
                outer=f"127.0.0.1:{place.outer}",
                inner=f"127.0.0.1:{place.inner}",
                control=network.plan.control_url,
            ),
        )
        told = [pinned]
        for department in place.departments:
            source = network.plan.control / "departments" / f"{department}.sqlite"
            if not source.exists():
                continue
            store, url = place.folder / "stores" / source.name, ""
            store.parent.mkdir(exist_ok=True)
            shutil.move(source, store)
            if network.database and department == IN_POSTGRES:
                url = _move_to_postgres(store, network.database)
            lie_in[department] = "PostgreSQL" if url else "SQLite"
            told += _providers(network.plan, department, store, url)
        if network.nats:
            told.append(f'[events]\nnats = ["{network.nats}"]\n')
        _configure(place, "\n".join(told))
        subjects = str(place.folder / "keys" / "subjects.key")
        network.run(
            *("exchange", "node", "add", place.id),
            *("--card", str(made.card), "--subject-key", subjects),
        )
    return lie_in


def make_witnesses(network: Network) -> None:
    """Make a court's, a notary's and an auditor's witness, two of whom must sign (见证人)."""
    plan = network.plan
    log = network.run("evidence", "key").strip()
    told = [f"log {log}"]
    for name, port in plan.witnesses.items():
        place = f"127.0.0.1:{port}"
        made = make_witness(
            plan.folder / name, f"{name}.example/witness", plan.suite, place, (log,)
        )
        told.append(f"witness {name} {made.key} http://{place}")
    told += [f"group most 2 {' '.join(plan.witnesses)}", "quorum most"]
    plan.policy.write_text("".join(f"{line}\n" for line in told), encoding="utf-8")


def _configure(place: Place, more: str) -> None:
    """Add to a node's configuration; let it sign checkpoints so often that a short run has some."""
    text = place.config.read_text(encoding="utf-8")
    often = text.replace("every_seconds = 60.0", f"every_seconds = {_CHECKPOINT_EVERY}")
    place.config.write_text(f"{often}\n{more}", encoding="utf-8")


def _providers(plan: Plan, department: str, store: Path, url: str) -> Iterator[str]:
    """Name the table behind each service of a department, as an engineer there would."""
    in_file = f'kind = "sqlite"\nfile = "stores/{store.name}"'
    where = f'kind = "postgresql"\ndsn = "{url}"' if url else in_file
    for slug, contract in sorted(plan.catalogue.contracts.items()):
        if contract.resource.department != department or contract.sharing == "none":
            continue
        fields = ", ".join(f'{name} = "{column}"' for name, column in contract.columns.items())
        keys = ", ".join(f'"{name}"' for name in contract.resource.key)
        yield (
            f'[providers.{slug}]\nservice = "{plan.service(slug)}"\n{where}\n'
            f'table = "{contract.table}"\nkey = [{keys}]\nfields = {{ {fields} }}\n'
        )


def _move_to_postgres(store: Path, server: str) -> str:
    """Move a department's tables into a database of its own; give the URL that may only read."""
    driver: Any = import_module("psycopg")
    place = server.rpartition("/")[0]
    with driver.connect(server, autocommit=True) as link:
        link.execute("CREATE DATABASE police")
        link.execute("CREATE ROLE police_node LOGIN")
    url = f"{place}/police"
    with closing(sqlite3.connect(store)) as source, driver.connect(url) as link:
        named = source.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in named:
            _copy(source, link, table)
        link.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO police_node")
    store.unlink()
    return url.replace("tongban@", "police_node@")


def _copy(source: sqlite3.Connection, link: Any, table: str) -> None:
    columns = source.execute(f'PRAGMA table_info("{table}")').fetchall()
    kinds = {"INTEGER": "bigint", "REAL": "double precision"}
    made = ", ".join(f'"{c[1]}" {kinds.get(c[2].upper(), "text")}' for c in columns)
    link.execute(f'CREATE TABLE "{table}" ({made})')
    with link.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
        for row in source.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name of our own
            copy.write_row(row)
    link.execute(f'CREATE INDEX ON "{table}" ("{columns[0][1]}")')


def write_addresses(network: Network, path: Path, **more: str) -> None:
    """Write where everything is, as lines that a shell reads (mode 0600)."""
    lines = {"CONTROL": network.plan.control_url, **more}
    for place in network.plan.nodes.values():
        name = place.id.upper().replace("-", "_")
        lines[f"{name}_OUTER"] = f"http://127.0.0.1:{place.outer}"
        lines[f"{name}_INNER"] = f"127.0.0.1:{place.inner}"
    lines |= network.settings
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}='{value}'\n" for name, value in lines.items())
