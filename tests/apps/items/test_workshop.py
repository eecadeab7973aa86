"""The workshop: drafts over the files of a pack, judged and published as packs are."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.items import queries as items
from tongban.apps.items.workshop import archives, queries, services, shelves
from tongban.apps.items.workshop.domain import (
    Kept,
    differences,
    digest,
    editable,
    overlaid,
)
from tongban.apps.items.workshop.errors import (
    DraftClosed,
    DraftNotReady,
    DraftUnknown,
    EditedMeanwhile,
    WorkshopDenied,
    WorkshopRefused,
)
from tongban.infra.access.domain import Subject
from tongban.infra.packs import PackInvalid
from tongban.infra.trail import queries as trail

ITEM = "items/vaccination-certificate.yaml"
GUIDE = "guides/newborn.yaml"


@pytest.fixture
def publisher(office: Office) -> Subject:
    office.appoint("data-bureau", "publisher", "data.publisher")
    return office.official("data-bureau", "publisher")


@pytest.fixture
def number(publisher: Subject) -> str:
    return services.open_draft(publisher, "sample", "接种证承诺时限")


def change(who: Subject, number: str, path: str, old: str, new: str) -> str:
    found = queries.text_of(who, number, path)
    assert found.text is not None
    assert old in found.text
    return services.write(who, number, path, found.text.replace(old, new, 1), found.digest)


def raised(who: Subject, number: str) -> None:
    while unraised := queries.effect(who, number).unraised:
        services.raise_version(who, number, unraised[0].ready.kind, unraised[0].ready.slug)


def test_a_draft_is_published_as_new_versions_and_stays_in_force(
    publisher: Subject, number: str
) -> None:
    was = items.item("vaccination-certificate")
    change(publisher, number, ITEM, "promised_days: ", "promised_days: 1")
    found = queries.effect(publisher, number)
    assert not found.ready
    named = {(one.ready.kind, one.ready.slug) for one in found.unraised}
    assert ("item", "vaccination-certificate") in named
    with pytest.raises(DraftNotReady) as refused:
        services.publish(publisher, number)
    assert ITEM in str(refused.value.problems[0])
    raised(publisher, number)
    assert queries.effect(publisher, number).ready
    made = services.publish(publisher, number)
    assert ("item", "vaccination-certificate", was.version + 1) in made.published
    now = items.item("vaccination-certificate")
    assert now.version == was.version + 1
    assert items.item("vaccination-certificate", was.version) == was
    # whoever sets up again publishes nothing else, and the next draft begins from here
    assert shelves.in_force()["sample"][ITEM] != shelves.in_folders()["sample"][ITEM]
    other = services.open_draft(publisher, "sample", "再改")
    again = queries.text_of(publisher, other, ITEM)
    assert "promised_days: 1" in (again.text or "")
    assert not again.changed
    told = trail.history("items:workshop:sample")
    assert told[-1].data["files"][ITEM] == again.digest
    with pytest.raises(DraftClosed):
        change(publisher, number, ITEM, "promised", "promised")


def test_two_editors_notice_each_other(publisher: Subject, number: str) -> None:
    seen = queries.text_of(publisher, number, ITEM)
    services.write(publisher, number, ITEM, "a: 1\n", seen.digest)
    with pytest.raises(EditedMeanwhile) as met:
        services.write(publisher, number, ITEM, "a: 2\n", seen.digest)
    assert met.value.text == "a: 1\n"
    assert services.undo(publisher, number, ITEM)
    assert queries.text_of(publisher, number, ITEM) == seen
    assert not services.undo(publisher, number, ITEM)


def test_two_drafts_notice_each_other(publisher: Subject, number: str) -> None:
    second = services.open_draft(publisher, "sample", "另一稿")
    for draft, days in ((number, "1"), (second, "2")):
        change(publisher, draft, ITEM, "promised_days: ", f"promised_days: {days}")
        raised(publisher, draft)
    services.publish(publisher, number)
    late = [p for p in queries.findings(publisher, second) if "another draft" in p.message]
    assert [p.file for p in late if p.file.endswith(ITEM)] == [f"sample/{ITEM}"]
    with pytest.raises(DraftNotReady):
        services.publish(publisher, second)
    for one in late:
        services.take_over(publisher, second, one.file.removeprefix("sample/"))
    raised(publisher, second)
    services.publish(publisher, second)
    assert items.item("vaccination-certificate").version == 3


def test_what_is_wrong_is_told_by_file_and_line_and_nothing_is_published(
    publisher: Subject, number: str
) -> None:
    before = items.state()
    change(publisher, number, ITEM, "flow: ", "flow: no-such-")
    services.write(publisher, number, "items/new.yaml", "slug: yes\n", "")
    found = queries.findings(publisher, number)
    assert any(one.file == "sample/items/new.yaml" and one.line == 1 for one in found)
    with pytest.raises(DraftNotReady):
        services.publish(publisher, number)
    assert items.state() == before
    services.remove(publisher, number, "items/new.yaml", digest("slug: yes\n"))
    states = {one.path: one.state for one in queries.files(publisher, number)}
    assert states[ITEM] == "changed"
    assert any("no-such-" in one.message for one in queries.findings(publisher, number))


def test_test_cases_alone_are_published_and_nothing_at_all_is_not(
    publisher: Subject, number: str
) -> None:
    with pytest.raises(WorkshopRefused):
        services.publish(publisher, number)
    path = "rules/vaccination-certificate.cases.yaml"
    change(publisher, number, path, "cases:", "# looked at again\ncases:")
    assert services.publish(publisher, number).published == ()
    assert b"# looked at again" in shelves.in_force()["sample"][path]


def test_only_publishers_draft_and_only_what_the_workshop_edits(
    office: Office, publisher: Subject, number: str
) -> None:
    clerk = office.official("medical-insurance", "clerk")
    with pytest.raises(WorkshopDenied):
        services.open_draft(clerk, "sample", "x")
    with pytest.raises(DraftUnknown):
        queries.draft(clerk, number)
    assert queries.drafts(clerk) == ()
    for path in ("pack.yaml", "../items/x.yaml", "items/../../x.yaml", "locale/ug.yaml"):
        with pytest.raises(WorkshopRefused):
            services.write(publisher, number, path, "a: 1\n", "")
    with pytest.raises(WorkshopRefused):
        services.open_draft(publisher, "nowhere", "x")


def test_a_publisher_of_a_department_publishes_its_own_items_only(office: Office) -> None:
    office.appoint("health", "publisher", "health.publisher")
    health = office.official("health", "publisher")
    for path, mine in ((ITEM, True), ("items/social-security-card.yaml", False)):
        number = services.open_draft(health, "sample", "x")
        change(health, number, path, "promised_days: ", "promised_days: 1")
        unraised = queries.effect(health, number).unraised
        for one in unraised:
            if one.ready.kind == "item":
                services.raise_version(health, number, "item", one.ready.slug)
        if mine:  # its life event is the operator's to raise
            with pytest.raises(DraftNotReady):
                services.publish(health, number)
        else:
            with pytest.raises(WorkshopDenied):
                services.publish(health, number)


def test_what_goes_out_comes_back_and_bombs_do_not(publisher: Subject, number: str) -> None:
    change(publisher, number, ITEM, "promised_days: ", "promised_days: 1")
    raw = archives.draft_exported(publisher, number)
    assert raw == archives.draft_exported(publisher, number)
    again, many = archives.imported(publisher, raw, "带回来的")
    assert many == 1
    assert queries.changes(publisher, again) == queries.changes(publisher, number)
    with zipfile.ZipFile(io.BytesIO(archives.exported("base"))) as archive:
        assert "base/divisions.csv.gz" in archive.namelist()
    for files in (
        {"sample/items/x.yaml": "a" * 2_000_000},
        {"sample/items/x.yaml": "a", "other/items/x.yaml": "a"},
        {f"sample/items/x{n}.yaml": "a" for n in range(2100)},
        {f"sample/items/x{n}.yaml": "a" * 900_000 for n in range(40)},
    ):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        with pytest.raises(WorkshopRefused):
            archives.imported(publisher, made.getvalue(), "x")
    with pytest.raises(WorkshopRefused):
        archives.imported(publisher, b"PK no zip", "x")


def test_changes_name_values_and_lines(publisher: Subject, number: str) -> None:
    change(publisher, number, ITEM, "promised_days: ", "promised_days: 1")
    (one,) = queries.changes(publisher, number)
    assert [d.place for d in one.values] == [("promised_days",)]
    assert {sign for sign, _ in one.lines} >= {"+", "-"}
    services.discard(publisher, number)
    assert queries.draft(publisher, number).closed == "discarded"


_texts = st.dictionaries(
    st.sampled_from(["items/a.yaml", "items/b.yaml", "rules/c.dmn"]), st.binary(max_size=3)
)


@given(_texts, _texts)
def test_an_overlay_of_an_unchanged_folder_gives_what_was_published(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    ascii_ = {path: raw.hex().encode() for path, raw in after.items()}
    kept = {
        path: Kept(
            "p", path, ascii_[path].decode() if path in ascii_ else None, digest(before.get(path))
        )
        for path in {*before, *ascii_}
    }
    assert overlaid("p", before, kept) == (ascii_, [])
    # a folder that took the texts over is settled
    assert overlaid("p", ascii_, kept) == (ascii_, [])
    spoiled = {path: raw + b"!" for path, raw in before.items()}
    wrong = [path for path in before if spoiled[path] != ascii_.get(path)]
    assert len(overlaid("p", spoiled, kept)[1]) >= len(wrong)


_trees = st.recursive(
    st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(_trees)
def test_nothing_differs_from_itself(data: object) -> None:
    assert list(differences(data, data)) == []


def test_paths_that_lead_elsewhere_are_not_edited() -> None:
    assert not any(map(editable, ("items/.yaml", "items/x.txt", "/items/x.yaml", "flows/x.yaml")))


def test_a_folder_that_changed_under_a_publication_is_told(
    publisher: Subject, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(publisher, number, ITEM, "promised_days: ", "promised_days: 1")
    raised(publisher, number)
    services.publish(publisher, number)
    there = shelves.in_folders()
    third = {**there, "sample": {**there["sample"], ITEM: b"slug: third\n"}}
    monkeypatch.setattr(shelves, "in_folders", lambda: third)
    with pytest.raises(PackInvalid, match="changed after another text"):
        shelves.in_force()
