"""The registry: a department describes its own data, every published state stays, packs come in."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from testkit.packs import edited, write_packs
from testkit.registry import POLICE, given, official, town
from tongban.apps.exchange import reading
from tongban.apps.exchange.catalogue import errors, queries, services
from tongban.apps.exchange.domain import records, registry
from tongban.apps.exchange.domain.registry import EntryInvalid
from tongban.apps.exchange.events import resource_chain
from tongban.apps.exchange.models import Resource, ResourceVersion
from tongban.infra.packs import PackInvalid, read_packs
from tongban.infra.trail import queries as trail


@pytest.fixture
def city(tmp_path: Path, settings: Any, clock: Any, db: None) -> Path:
    settings.HOME = tmp_path / "home"
    town(tmp_path / "packs")
    return tmp_path


def faults(**changed: Any) -> set[str]:
    found = registry.faults({**given(**changed), "department": POLICE})
    return {fault.place for fault in found}


class TestWhatARecordMayHold:
    @pytest.mark.parametrize(
        ("changed", "place"),
        [
            ({"slug": "Permits"}, "slug"),
            ({"slug": "h-0123"}, "slug"),
            ({"code": "409003/1"}, "code"),
            ({"name": {"zh": "", "en": "dogs"}}, "name.zh"),
            ({"name": {"zh": "犬\x07", "en": ""}}, "name.zh"),
            ({"sharing": "sometimes"}, "sharing"),
            ({"sharing": "none"}, "condition"),
            ({"open": "unconditional"}, "open"),
            ({"classification": "L2"}, "classification"),
            ({"base_library": "dogs"}, "base_library"),
            ({"update_cycle": "often"}, "update_cycle"),
            ({"quality": {"completeness": 101}}, "quality.completeness"),
            ({"quality": {"beauty": 1}}, "quality.beauty"),
            ({"published_on": "2026-02-30"}, "published_on"),
            ({"related": ["x"]}, "related.0"),
            ({"items": []}, "items"),
        ],
    )
    def test_a_fault_is_named_by_its_place(self, changed: dict[str, Any], place: str) -> None:
        assert place in faults(region="330100", **changed)

    @pytest.mark.parametrize(
        ("changed", "place"),
        [
            ({"name": "Id"}, "items.0.name"),
            ({"label": {}}, "items.0.label"),
            ({"type": "uuid"}, "items.0.type"),
            ({"classification": "L5"}, "items.0.classification"),
            ({"mask": "hide"}, "items.0.mask"),
            ({"type": "date", "mask": "keep:1,1"}, "items.0.mask"),
            ({"key": False}, "items"),
        ],
    )
    def test_a_fault_of_an_item_is_named_by_its_place(
        self, changed: dict[str, Any], place: str
    ) -> None:
        items = given()["items"]
        assert place in faults(region="330100", items=[items[0] | changed, *items[1:]])

    def test_all_faults_are_told_at_once(self) -> None:
        assert faults() == {"region"}
        assert {"code", "sharing", "region"} <= faults(code="x", sharing="y")

    def test_what_is_written_out_reads_back_the_same(self) -> None:
        entry = registry.read(
            given(
                region="330100",
                department=POLICE,
                classes=["公安", "治安"],
                related=["309001/000001"],
                published_on="2026-01-02",
                source_item="dog-permit",
            )
        )
        assert registry.read(records.plain(entry)) == entry
        assert entry.classification == "L4"
        assert entry.level == "city"


class TestAnOfficialsWay:
    def test_who_describes_a_resource_does_not_publish_it(self, city: Path) -> None:
        clerk, approver = official("police", "clerk"), official("police", "approver")
        made = services.register(clerk, given())
        assert (made.state, made.version) == ("draft", 0)
        with pytest.raises(errors.ResourceDenied):
            services.publish(clerk, "permits")
        with pytest.raises(errors.ResourceDenied):
            services.register(approver, given(slug="other"))
        published = services.publish(approver, "permits")
        assert (published.state, published.version) == ("published", 1)
        assert str(published.entry.published_on) == "2026-11-23"
        assert published.origin.iri == "urn:tongban:CN-330100:permits"

    def test_nobody_registers_for_another_department(self, city: Path) -> None:
        with pytest.raises(errors.ResourceDenied):
            services.register(official("health", "clerk"), given())
        assert not Resource.objects.filter(slug="permits").exists()

    def test_an_unknown_department_and_other_faults_are_told_together(self, city: Path) -> None:
        with pytest.raises(EntryInvalid) as wrong:
            services.register(official("police", "clerk"), given(department="polise", code="x"))
        assert {fault.place for fault in wrong.value.faults} == {"department", "code"}

    def test_a_published_change_is_a_new_version_and_the_old_one_stays(self, city: Path) -> None:
        approver = official("police", "approver")
        services.register(official("police", "clerk"), given())
        services.publish(approver, "permits")
        changed = given(name={"zh": "犬只登记", "en": "dogs"})
        assert services.change(approver, "permits", changed, 1).version == 2
        kept = queries.versions("permits")
        assert [one["content"]["name"]["zh"] for one in kept] == ["犬只准养登记信息", "犬只登记"]
        with pytest.raises(errors.ResourceMoved):
            services.change(approver, "permits", given(), 1)

    def test_the_same_again_makes_no_version(self, city: Path) -> None:
        approver = official("police", "approver")
        services.register(official("police", "clerk"), given())
        services.publish(approver, "permits")
        assert services.change(approver, "permits", given(), 1).version == 1

    def test_every_step_is_told(self, city: Path) -> None:
        approver = official("police", "approver")
        services.register(official("police", "clerk"), given())
        services.publish(approver, "permits")
        services.withdraw(approver, "permits", "系统停用")
        told = trail.history(resource_chain("permits"))
        assert [event.type.rpartition("resource_")[2] for event in told] == [
            "registered.v1",
            "published.v1",
            "withdrawn.v1",
        ]
        assert told[-1].reason == "系统停用"
        with pytest.raises(errors.ResourceRefused):
            services.withdraw(approver, "permits", "再次")

    def test_a_version_cannot_be_rewritten(self, city: Path) -> None:
        version = ResourceVersion.objects.first()
        assert version is not None
        version.content = "{}"
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            version.save()


class TestPacks:
    def test_contracts_are_registered_and_published(self, city: Path) -> None:
        found = queries.get("births")
        assert (found.state, found.version, found.source) == ("published", 1, "pack")
        assert found.entry.condition == records.UNDER_A_GRANT
        names = {item.name: item for item in found.entry.items}
        assert names["mother_id_number"].key
        assert names["live_birth"].lead
        assert names["weight_g"].label.zh == "体重"

    def test_publishing_again_makes_no_version(self, city: Path) -> None:
        town(city / "packs")
        assert ResourceVersion.objects.count() == Resource.objects.count() == 3

    def test_a_changed_contract_is_a_new_version(self, city: Path) -> None:
        town(city / "more", edited("town/contracts/births.yaml", "zh: 出生,", "zh: 出生医学,"))
        assert queries.get("births").version == 2
        assert queries.get("elders").version == 1

    def test_nobody_changes_here_what_a_pack_says(self, city: Path) -> None:
        with pytest.raises(errors.ResourceRefused, match="pack"):
            services.withdraw(official("health", "approver"), "births", "?")

    def test_metadata_of_a_contract_that_does_not_hold_is_told_with_its_line(
        self, tmp_path: Path
    ) -> None:
        changed = edited(
            "town/contracts/births.yaml",
            "sharing: conditional",
            "sharing: conditional\nclassification: L1",
        )
        with pytest.raises(PackInvalid, match=r"births.yaml:9: classification is lower than L2"):
            reading.load_catalogue(read_packs(write_packs(tmp_path, changed)))

    def test_the_sample_city_says_everything_the_guide_asks(self, office: Any) -> None:
        rows = Resource.objects.filter(source="pack")
        assert rows.count() == 17
        for row in rows:
            filled = (row.abstract_zh, row.abstract_en, row.classes, row.base_library, row.quality)
            assert all(filled), row.slug
            assert row.condition_zh or row.sharing == "unconditional"
            content = json.loads(row.versions.get().content)
            assert content["region"] == "330100"
