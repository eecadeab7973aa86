"""A second register of the sample city that says something else than the first."""

from typing import Any

from testkit.office import Office
from tongban.apps.items.services import publish
from tongban.infra.packs import find_packs, read_packs, shipped_packs


def second_register(office: Office, settings: Any) -> None:
    """Let the police keep a copy of marital states, and marriages be checked against it."""
    pack = office.folder / "packs" / "checked"
    (pack / "contracts").mkdir(parents=True)
    write = {
        "pack.yaml": "schema: tongban/pack/1\nslug: checked\nname: {zh: 核对, en: checked}\n"
        'region: "330100"\nextends: [sample]\n',
        "contracts/police-marriages.yaml": "schema: tongban/resource/1\nslug: police-marriages\n"
        'code: "309001/000009"\nname: {zh: 户籍婚姻状况, en: marital status in the register}\n'
        "department: police\nkind: person\nkey: [id_number]\nsharing: conditional\n"
        "store: {table: HYBAK}\nfields:\n  id_number: {column: GMSFHM}\n"
        "  marital_status: {column: HYZK}\n",
        "grants.yaml": "schema: tongban/grants/1\ngrants:\n"
        "  - {item: household-registration, resource: police-marriages,"
        " attributes: [marital_status], basis: statutory,"
        " legal_basis: {title: 中华人民共和国户口登记条例, article: 第七条}}\n",
    }
    text = (shipped_packs() / "sample" / "contracts" / "marriages.yaml").read_text("utf-8")
    write["contracts/marriages.yaml"] = text + "cross_check: true\n"
    for name, content in write.items():
        (pack / name).write_text(content, encoding="utf-8")
    settings.PACKS = [pack.parent]
    publish(read_packs(find_packs(settings.PACKS)), actor="test")
    office.write("police", "CREATE TABLE HYBAK (GMSFHM TEXT, HYZK TEXT)")
    mother = office.cast("newborn")["mother.id_number"]
    office.write("police", "INSERT INTO HYBAK VALUES (?, 'single')", mother)
