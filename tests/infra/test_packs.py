"""A region pack is read whole or not at all, and every fault is told with file, line and mend."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tongban.infra.packs import (
    PackInvalid,
    find_packs,
    read_document,
    read_pack,
    read_packs,
    shipped_packs,
)

HEAD = "schema: tongban/pack/1\nslug: {slug}\nname: {{zh: 包, en: pack}}\nregion: '330100'\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def pack(folder: Path, slug: str = "town", extends: str = "", **files: str) -> Path:
    head = HEAD.format(slug=slug) + (f"extends: [{extends}]\n" if extends else "")
    return write(folder / slug, {"pack.yaml": head} | files)


def read(tmp_path: Path, text: str) -> object:
    (tmp_path / "x.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    return read_document(tmp_path / "x.yaml", "town/x.yaml").data


def test_a_value_remembers_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a:\n  - b: 1\n    c: two\n", encoding="utf-8")
    document = read_document(tmp_path / "x.yaml", "x.yaml")
    assert document.data == {"a": [{"b": 1, "c": "two"}]}
    assert document.line("a", 0, "c") == 3
    assert document.line("a", 0, "absent") == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "x.yaml:1: the file is empty"),
        ("a: 1\na: 2\n", "x.yaml:2: the key 'a' comes twice; remove one of them"),
        ("a: &x [1]\nb: *x\n", "x.yaml:1: an anchor or alias; write the value out"),
        ("a: !!python/object:os.system {}\n", "x.yaml:1: the tag"),
        ("a:\n\tb: 1\n", "x.yaml:2: a tab; use spaces"),
        ("a: yes\n", 'x.yaml:1: yes could be read in two ways; write "yes" if it is text'),
        ("a: 01\n", "x.yaml:1: 01 could be read in two ways"),
        ("a: 1.5\n", "x.yaml:1: 1.5 could be read in two ways"),
        ("a: 12:30\n", "x.yaml:1: 12:30 could be read in two ways"),
        ("a: [1\n", "x.yaml:2: not YAML"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: a second document"),
        ("? [a]\n: 1\n", "x.yaml:1: a key that is no plain text"),
        ("[" * 40 + "]" * 40, "x.yaml:1: nested too deep"),
        ("a: \ud800\n", "x.yaml:1: not UTF-8"),
        ("a: \x07\n", "x.yaml:1: not YAML"),
    ],
)
def test_what_hides_or_multiplies_meaning_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PackInvalid) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)
    assert str(caught.value).startswith("PackInvalid: town/")


def test_dates_and_quoted_digits_are_text(tmp_path: Path) -> None:
    text = "{a: 2026-01-31, b: '01', c: -5, d: true, e: null, f: 古丽·买买提}"
    assert read(tmp_path, text) == {
        "a": "2026-01-31",
        "b": "01",
        "c": -5,
        "d": True,
        "e": None,
        "f": "古丽·买买提",
    }


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
).filter(lambda data: data is not None)


@given(plain)
def test_data_written_by_another_library_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_style='"', sort_keys=False)
    text = text.replace("!!null ", "").replace("!!bool ", "").replace("!!int ", "")
    path = tmp_path_factory.mktemp("y") / "x.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_document(path, "x.yaml").data == _quoted(data)


def _quoted(data: object) -> object:
    """What the other library writes in quotes is text to us."""
    match data:
        case dict():
            return {key: _quoted(value) for key, value in data.items()}
        case list():
            return [_quoted(value) for value in data]
        case str():
            return data
        case None:
            return "null"
        case bool():
            return str(data).lower()
        case _:
            return str(data)


@given(st.text("ab:-[]{},'\"#&*!|> \n0", max_size=40))
def test_no_text_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("y") / "x.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        document = read_document(path, "x.yaml")
    except PackInvalid as refused:
        assert refused.problems[0].line >= 1  # noqa: PT017
    else:
        assert document.line() == document.lines[()]


def test_all_problems_of_a_pack_are_told_at_once(tmp_path: Path) -> None:
    folder = pack(
        tmp_path,
        **{
            "facts.yaml": "schema: tongban/facts/1\nroles:\n  child: {kind: person}\n",
            "grants.yaml": "schema: tongban/grants/1\ngrants: []\ngrant: []\n",
            "items/x.yaml": "schema: tongban/item/2\nslug: other\n",
            "itmes/z.yaml": "a: 1\n",
            "departments.yaml": "a: [\n",
        },
    )
    with pytest.raises(PackInvalid) as caught:
        read_pack(folder)
    told = str(caught.value)
    assert "town/facts.yaml:3: roles.child lacks label; add what is missing" in told
    assert "town/grants.yaml:3: unknown key 'grant' in the file; use one of grants, schema" in told
    assert "town/items/x.yaml:1: schema is 'tongban/item/2'; use one of tongban/item/1" in told
    assert "town/itmes/z.yaml:1: no file of a pack has this name" in told
    assert "town/departments.yaml:2: not YAML" in told


def test_a_file_is_named_as_its_slug(tmp_path: Path) -> None:
    text = (
        "schema: tongban/licence-kind/1\nslug: card\nname: {zh: 卡, en: card}\nauthority: police\n"
        "type_code: '001'\nholder: child\ncontent: [child.name]\nvalid: forever\n"
    )
    with pytest.raises(PackInvalid, match=r"licences/book\.yaml:2: the slug is card; name it"):
        read_pack(pack(tmp_path, **{"licences/book.yaml": text}))


def test_a_link_out_of_the_pack_is_refused(tmp_path: Path) -> None:
    folder = pack(tmp_path)
    outside = tmp_path / "facts.yaml"
    outside.write_text("schema: tongban/facts/1\n", encoding="utf-8")
    (folder / "facts.yaml").symlink_to(outside)
    with pytest.raises(PackInvalid, match="leads out of the pack"):
        read_pack(folder)


def test_a_pack_comes_after_those_it_extends(tmp_path: Path) -> None:
    folders = [pack(tmp_path, "a", "b"), pack(tmp_path, "b", "c"), pack(tmp_path, "c")]
    assert [found.slug for found in read_packs(folders)] == ["c", "b", "a"]
    with pytest.raises(PackInvalid, match="extends c, which is absent"):
        read_packs(folders[:2])
    with pytest.raises(PackInvalid, match="a second pack called c"):
        read_packs([*folders, pack(tmp_path / "again", "c")])


def test_packs_are_found_beside_the_shipped_ones(tmp_path: Path) -> None:
    town = pack(tmp_path)
    found = find_packs([tmp_path])
    assert found[-1] == town
    assert shipped_packs() / "base" in found
