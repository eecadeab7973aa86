"""Writes the sample city into departments' stores: one SQLite file a department (部门库).

Tables and columns are those of the pack's contracts, so a store looks like a department's own. It
refuses to touch a folder that it did not make.
"""

import json
import os
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tongban.apps.exchange.domain import Contract, build
from tongban.apps.exchange.reading import merge
from tongban.apps.parties.sample import City, Register
from tongban.infra.packs import find_packs, read_packs

MANIFEST = "city.json"


class StoresRefused(ValueError):
    """The stores cannot be written as asked; nothing was changed."""


def store_path(folder: Path, department: str) -> Path:
    """Give the file of a department's store, as the node in this process opens it."""
    return folder / f"{department}.sqlite"


def of_sample_city(contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Leave out the contracts of packs that a user added: their departments bring own stores."""
    shipped = build(merge(read_packs(find_packs())), 0).contracts
    return {slug: contract for slug, contract in contracts.items() if slug in shipped}


def write_stores(city: City, folder: Path, contracts: Mapping[str, Contract]) -> None:
    """Write the stores and the manifest (`city.json`) into `folder`, in the place of older ones.

    They are built beside it and moved there when complete. Raises `StoresRefused` if `folder`
    holds anything else, or if a contract and the city do not fit each other.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise StoresRefused(f"{folder}: holds something else than a sample city; name another one")
    by_department: defaultdict[str, list[tuple[Contract, Register]]] = defaultdict(list)
    for slug, contract in contracts.items():
        by_department[contract.resource.department].append((contract, _register(city, slug)))
        missing = sorted(set(contract.columns) - set(city.registers[slug].attributes))
        if missing:
            raise StoresRefused(f"contract {slug}: the sample city has no {missing[0]}; remove it")
    if strangers := sorted(set(city.registers) - set(contracts)):
        raise StoresRefused(f"sample city: no contract for its register {strangers[0]}; write one")

    building = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        for department, tables in by_department.items():
            _write_store(store_path(building, department), tables)
        (building / MANIFEST).write_text(_manifest(city), encoding="utf-8")
        old = building.with_name(building.name + ".old")
        if folder.exists():
            folder.rename(old)
        building.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def read_cast(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Give, by life event or policy, the known facts to start from; the clean ones first.

    Raises `StoresRefused` if there is no sample city.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoresRefused(f"{folder}: no sample city; run: tongban sample") from None
    found: dict[str, list[dict[str, str]]] = manifest["cast"]
    return found


def _register(city: City, slug: str) -> Register:
    found = city.registers.get(slug)
    if found is None:
        raise StoresRefused(f"contract {slug}: the sample city has no such register; remove it")
    return found


def _manifest(city: City) -> str:
    shown = {
        "people": city.people,
        "seed": city.seed,
        "today": city.today.isoformat(),
        "rows": {slug: len(register.rows) for slug, register in city.registers.items()},
        "flaws": city.flaws,
        "cast": city.cast,
    }
    return json.dumps(shown, ensure_ascii=False, indent=1)


def _write_store(path: Path, tables: list[tuple[Contract, Register]]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        # a broken build is thrown away as a whole: no need to wait for the disk
        store.execute("PRAGMA journal_mode = OFF")
        store.execute("PRAGMA synchronous = OFF")
        store.execute("BEGIN")
        for contract, register in tables:
            _write_table(store, contract, register)
        store.execute("COMMIT")


def _write_table(store: sqlite3.Connection, contract: Contract, register: Register) -> None:
    table = _name(contract.table)
    places = [register.attributes.index(attribute) for attribute in contract.columns]
    columns = [
        f"{_name(column)} {'INTEGER' if _is_number(register, place) else 'TEXT'}"
        for column, place in zip(contract.columns.values(), places, strict=True)
    ]
    store.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    rows = register.rows
    if places != list(range(len(register.attributes))):
        rows = [tuple(row[place] for place in places) for row in rows]
    marks = ", ".join("?" * len(columns))
    store.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - names checked
    key = ", ".join(_name(contract.columns[attribute]) for attribute in contract.resource.key)
    # not unique: double records are part of the truth about registers
    store.execute(f"CREATE INDEX {_name(contract.table + '_KEY')} ON {table} ({key})")


def _is_number(register: Register, place: int) -> bool:
    return any(isinstance(row[place], int) for row in register.rows[:1000])


def _name(name: str) -> str:
    if not (name.isascii() and name.replace("_", "").isalnum()):
        raise StoresRefused(f"contract: {name!r} is no name of a table or column; use letters")
    return f'"{name}"'
