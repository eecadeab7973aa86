"""Packs are published whole, proved and frozen; a fault is told by name, file and line."""

from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from testkit.packs import TINY, edited, write_packs
from testkit.servers import Fresh
from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.models import CatalogueVersion
from tongban.apps.items import queries
from tongban.apps.items.models import Published
from tongban.apps.items.services import Publication, publish
from tongban.apps.parties.models import Department
from tongban.infra.packs import PackInvalid, find_packs, read_packs
from tongban.infra.trail import queries as trail
from tongban.kernel.nets import enabled, settle, start

Changes = dict[str, str | None]


def put(tmp_path: Path, *changes: Changes) -> Publication:
    """Publish the tiny city with these changes, each time from a folder of its own."""
    merged = {name: text for change in changes for name, text in change.items()}
    folder = tmp_path / f"packs-{len(list(tmp_path.iterdir()))}"
    return publish(read_packs(write_packs(folder, merged)), actor="installer")


def raised(name: str, **parts: str) -> Changes:
    """Give a definition with version 2, and other changes (old=new)."""
    text = (TINY / name).read_text(encoding="utf-8").replace("version: 1", "version: 2")
    for old, new in parts.items():
        assert old in text
        text = text.replace(old, new)
    return {name: text}


@pytest.mark.usefixtures("fresh_sqlite")
class TestPublishing:
    def test_a_city_is_published_and_told(self, tmp_path: Path) -> None:
        done = put(tmp_path)
        assert done.published == (
            ("licence-kind", "birth-certificate", 1),
            ("item", "certificate", 1),
            ("item", "registration", 1),
            ("life-event", "newborn", 1),
            ("policy", "allowance", 1),
        )
        (event,) = trail.history("items:item:certificate")
        assert event.type == "tongban.items.published.v1"
        assert event.data["version"] == 1
        assert Department.objects.count() == 3
        assert [post.login for post in queries.posts()] == ["police.reviewer"]

    def test_publishing_again_changes_nothing(self, tmp_path: Path) -> None:
        put(tmp_path)
        assert put(tmp_path).published == ()
        assert Published.objects.count() == 5
        assert CatalogueVersion.objects.count() == 1

    def test_a_definition_is_complete(self, tmp_path: Path) -> None:
        put(tmp_path)
        item = queries.item("certificate")
        assert item.implementation_code == "11330100MB1A23019Q3000123001000"
        assert item.wanted == {
            "child.birth_date",
            "child.live_birth",
            "child.name",
            "child.sex",
            "child.weight_g",
            "mother.name",
        }
        assert item.licence_kind is not None
        assert item.licence_kind.type_code == "001"
        assert item.produces == {"child.certificate_number": "licence.number"}
        marking = settle(item.net, start(item.net), {}).marking
        assert [step.id for step in enabled(item.net, marking)] == ["decide"]
        facts = {"child.live_birth": True, "child.weight_g": 3200}
        assert item.rules["decide"].decide(facts).outputs[0]["outcome"] == "grant"

    def test_a_life_event_has_its_plan(self, tmp_path: Path) -> None:
        put(tmp_path)
        event = queries.life_event("newborn")
        assert [(b.item, b.version, b.after) for b in event.branches] == [
            ("certificate", 1, ()),
            ("registration", 1, ("certificate",)),
        ]
        assert [field.fact.name for field in event.plan.ask] == ["child.name"]
        assert event.plan.produced == ("child.certificate_number",)
        assert event.labels("zh")["child.name"] == "新生儿姓名"
        assert event.before["days"] == "15"
        waived = {m.spec.code: m.status for m in event.plan.materials}
        assert waived == {"photo": "asked", "birth-certificate": "waived"}

    def test_a_policy_has_its_rule_and_register(self, tmp_path: Path) -> None:
        put(tmp_path)
        policy = queries.policy("allowance")
        assert (policy.population, policy.role) == ("elders", "elder")
        assert policy.needs == {"elder.age", "elder.bank_account", "elder.id_number"}
        assert policy.rule.decide({"elder.age": 81}).outputs[0]["amount_fen"] == 10000

    def test_what_is_not_published_is_named(self, tmp_path: Path) -> None:
        put(tmp_path)
        with pytest.raises(queries.NotPublished, match="no item divorce is published"):
            queries.item("divorce")
        with pytest.raises(queries.NotPublished, match="certificate version 7"):
            queries.item("certificate", 7)

    def test_a_new_version_leaves_the_old_one_untouched(self, tmp_path: Path) -> None:
        put(tmp_path)
        old_item, old_event = queries.item("registration"), queries.life_event("newborn")
        done = put(
            tmp_path,
            raised("town/items/registration.yaml", **{"promised_days: 3": "promised_days: 1"}),
            raised("town/life-events/newborn.yaml"),
        )
        assert done.published == (("item", "registration", 2), ("life-event", "newborn", 2))
        assert queries.item("registration").promised_days == 1
        assert queries.item("registration", 1) is old_item
        assert old_item.promised_days == 3
        assert queries.life_event("newborn", 1) is old_event
        assert {b.item: b.version for b in queries.life_event("newborn").branches} == {
            "certificate": 1,
            "registration": 2,
        }

    def test_a_change_without_a_new_version_is_refused(self, tmp_path: Path) -> None:
        put(tmp_path)
        table = edited("town/rules/certificate.dmn", ">=500", ">=600")
        table = {n: (t or "").replace("&lt;500", "&lt;600") for n, t in table.items()}
        with pytest.raises(PackInvalid) as caught:
            put(tmp_path, table)
        assert (
            "town/items/certificate.yaml:3: item certificate, or a flow, table, licence kind or"
            " item in it, is not what was published as version 1; raise version to 2"
        ) in str(caught.value)

    def test_an_item_raised_alone_is_refused_because_its_life_event_holds_it(
        self, tmp_path: Path
    ) -> None:
        put(tmp_path)
        with pytest.raises(PackInvalid, match=r"newborn\.yaml:3: life-event newborn"):
            put(tmp_path, raised("town/items/registration.yaml"))

    def test_an_older_version_does_not_come_back(self, tmp_path: Path) -> None:
        put(tmp_path, raised("town/policies/allowance.yaml"))
        with pytest.raises(PackInvalid, match="version 2 of allowance is published already"):
            put(tmp_path)

    def test_a_grant_that_is_taken_back_binds_at_once(self, tmp_path: Path) -> None:
        put(tmp_path)
        assert queries.life_event("newborn").plan.facts("asked") == ("child.name",)
        form = edited(
            "town/items/certificate.yaml", "materials:", "- {fact: child.sex}\nmaterials:"
        )
        text = form["town/items/certificate.yaml"]
        assert text
        form["town/items/certificate.yaml"] = text.replace("version: 1", "version: 2")
        put(tmp_path, form, raised("town/life-events/newborn.yaml"))
        assert queries.life_event("newborn").plan.facts("asked") == ("child.name",)
        fewer = edited("town/grants.yaml", "birth_date, sex, live_birth", "birth_date, live_birth")
        put(tmp_path, form, raised("town/life-events/newborn.yaml"), fewer)
        assert queries.life_event("newborn").plan.facts("asked") == ("child.name", "child.sex")
        assert queries.item("certificate", 1).promised_days == 1

    def test_a_fact_that_open_cases_stand_on_is_kept(self, tmp_path: Path) -> None:
        put(tmp_path)
        gone = edited("nation/facts.yaml", "weight_g: {type: number", "weight_g: {type: string")
        gone = {n: (t or "").replace(", schema: {minimum: 200}", "") for n, t in gone.items()}
        table = edited("town/rules/certificate.dmn", "child.weight_g", "child.age")
        granted = edited("town/grants.yaml", "live_birth, weight_g]", "live_birth]")
        with pytest.raises(PackInvalid) as caught:
            put(
                tmp_path,
                gone,
                table,
                granted,
                raised("town/items/certificate.yaml"),
                raised("town/life-events/newborn.yaml"),
            )
        assert "certificate version 1 uses child.weight_g as number, facts.yaml has string" in str(
            caught.value
        )


def test_the_database_refuses_to_change_what_was_published(
    fresh_database: Fresh, tmp_path: Path
) -> None:
    put(tmp_path)
    with pytest.raises(DatabaseError, match="append-only"):
        Published.objects.update(content="{}")
    with pytest.raises(DatabaseError, match="append-only"):
        Published.objects.filter(slug="certificate").delete()
    last = {
        "sqlite": "REPLACE INTO items_published SELECT * FROM items_published",
        "postgresql": "TRUNCATE items_published",
    }
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(last[fresh_database.vendor])


FAULTS = [
    # a malformed item
    ("town/items/certificate.yaml", "version: 1", "version: one", "certificate.yaml:3: version is"),
    (
        "town/items/certificate.yaml",
        "department: health",
        "department: heaven",
        "items/certificate.yaml:5: no department heaven",
    ),
    (
        "town/items/certificate.yaml",
        "flow: issue",
        "flow: isue",
        "items/certificate.yaml:17: no flow isue; draw flows/isue.bpmn",
    ),
    (
        "town/items/certificate.yaml",
        "decide: certificate",
        "decide: certficate",
        "items/certificate.yaml:18: no decision certficate in rules/",
    ),
    (
        "town/items/certificate.yaml",
        "licence: birth-certificate",
        "licence: birth",
        "items/certificate.yaml:25: no licence kind birth",
    ),
    (
        "town/items/certificate.yaml",
        "result: {licence: birth-certificate}",
        "result: {record: {zh: 记, en: r}}",
        "items/certificate.yaml:25: the result is not a licence, and the flow issue has",
    ),
    (
        "town/items/registration.yaml",
        "assign: identity-number",
        "assign: lottery-number",
        "items/registration.yaml:25: no assigner lottery-number",
    ),
    (
        "town/items/registration.yaml",
        ", sex: child.sex}",
        "}",
        "registration.yaml:25: identity-number takes birth_date, region, sex; give exactly these",
    ),
    # a malformed form
    (
        "town/items/certificate.yaml",
        "fact: child.name,",
        "fact: child.nickname,",
        "items/certificate.yaml:20: child.nickname: kind 'person' has no attribute 'nickname'",
    ),
    (
        "town/items/registration.yaml",
        "- {fact: child.certificate_number}",
        "- {fact: child.name}",
        "items/registration.yaml:17: the form asks child.name twice",
    ),
    (
        "town/items/registration.yaml",
        "- {fact: child.certificate_number}",
        "- {fact: mother.age}",
        "items/registration.yaml:17: mother.age is counted",
    ),
    (
        "town/items/registration.yaml",
        "- {fact: child.certificate_number}",
        "- {fact: child.region, when: 'mother.age >'}",
        "items/registration.yaml:17: FeelError",
    ),
    (
        "town/items/registration.yaml",
        "- {fact: child.certificate_number}",
        "- {fact: child.region, when: 'aunt.age > 3'}",
        "items/registration.yaml:17: aunt.age: no role 'aunt'",
    ),
    # a malformed flow
    (
        "town/flows/issue.bpmn",
        '<userTask id="review"',
        '<scriptTask id="review"',
        "town/flows/issue.bpmn:",
    ),
    (
        "town/flows/issue.bpmn",
        'tongban:verb="issue-licence"',
        'tongban:verb="print"',
        "names the verb 'print'",
    ),
    (
        "town/flows/issue.bpmn",
        'tongban:rule="decide"',
        'tongban:rule="decides"',
        "names the rule 'decides'; give it in rules: of the item",
    ),
    (
        "town/flows/issue.bpmn",
        'tongban:post="reviewer"/>\n    <exclusiveGateway id="reviewed"',
        'tongban:post="king"/>\n    <exclusiveGateway id="reviewed"',
        "names the post king; use one of approver, clerk, reviewer",
    ),
    ("town/flows/issue.bpmn", 'outcome="granted"', 'outcome="maybe"', "has the outcome 'maybe'"),
    (
        "town/flows/issue.bpmn",
        ' default="to-review"',
        "",
        'exclusive gateway "决定结果"',
    ),
    (
        "town/flows/issue.bpmn",
        '<exclusiveGateway id="either"/>',
        '<parallelGateway id="either"/>',
        "town/flows/issue.bpmn:10: FlowNotSound",
    ),
    (
        "town/flows/issue.bpmn",
        'review.outcome = "grant"',
        'revue.outcome = "grant"',
        "revue.outcome: no role 'revue'",
    ),
    # a malformed table
    ("town/rules/certificate.dmn", "</decisionTable>", "", "town/rules/certificate.dmn:"),
    (
        "town/rules/certificate.dmn",
        "<text>>=500</text>",
        "<text>>=600</text>",
        "town/rules/certificate.dmn",
    ),
    (
        "town/rules/certificate.dmn",
        "<text>>=500</text>",
        "<text>>=400</text>",
        "town/rules/certificate.dmn",
    ),
    (
        "town/rules/certificate.dmn",
        "<text>reason 0</text>",
        "<text></text>",
        "the rule r0 gives no reason in en",
    ),
    (
        "town/rules/certificate.dmn",
        "<text>child.weight_g</text>",
        "<text>child.wait</text>",
        "items/certificate.yaml:18: child.wait: kind 'person' has no attribute",
    ),
    (
        "town/rules/certificate.dmn",
        "<text>child.weight_g</text>",
        "<text>child.name</text>",
        "the table certificate reads child.name as number, it is string",
    ),
    # a malformed life event, policy, licence, grant
    (
        "town/life-events/newborn.yaml",
        "after: [certificate]",
        "after: [wedding]",
        "newborn.yaml:7: registration comes after wedding, which is no branch",
    ),
    (
        "town/life-events/newborn.yaml",
        "- {item: certificate}",
        "- {item: certificate, after: [registration]}",
        "waits for itself",
    ),
    (
        "town/life-events/newborn.yaml",
        "- {item: certificate}",
        "- {item: certifcate}",
        "newborn.yaml:8: no item certifcate",
    ),
    (
        "town/life-events/newborn.yaml",
        "applicant: mother",
        "applicant: aunt",
        "newborn.yaml:5: no role aunt",
    ),
    (
        "town/life-events/newborn.yaml",
        "bind: {child.mother_id_number: mother.id_number}",
        "bind: {child.mother_number: mother.id_number}",
        "newborn.yaml:6: child.mother_number",
    ),
    (
        "town/grants.yaml",
        "sex, live_birth, weight_g",
        "sex, live_birth",
        "newborn.yaml:8: certificate needs child.weight_g, which nobody supplies; list",
    ),
    (
        "town/grants.yaml",
        "item: allowance, resource: elders, attributes: [birth_date, bank_account]",
        "item: allowance, resource: elders, attributes: [birth_date]",
        "allowance.yaml:9: allowance needs elder.bank_account, which no register",
    ),
    (
        "town/grants.yaml",
        "item: registration, resource: births",
        "item: regsitration, resource: births",
        "grants.yaml:5: no item or policy regsitration",
    ),
    (
        "town/policies/allowance.yaml",
        "decide.amount_fen",
        "decide.sum_fen",
        "allowance.yaml:10: the rule gives no decide.sum_fen",
    ),
    (
        "town/licences/birth-certificate.yaml",
        "holder: child",
        "holder: kid",
        "birth-certificate.yaml:6: no role kid",
    ),
]


# a fault may show where a file is used: the item that names the flow
ALSO = {
    "town/flows/issue.bpmn": ["town/items/certificate.yaml"],
    "town/rules/certificate.dmn": ["town/items/certificate.yaml"],
    "town/grants.yaml": ["town/life-events/newborn.yaml", "town/policies/allowance.yaml"],
}


@pytest.mark.parametrize(("name", "old", "new", "expected"), FAULTS)
@pytest.mark.usefixtures("fresh_sqlite")
def test_a_fault_is_told_and_nothing_is_half_published(
    tmp_path: Path, name: str, old: str, new: str, expected: str
) -> None:
    with pytest.raises(PackInvalid) as caught:
        put(tmp_path, edited(name, old, new))
    assert expected in str(caught.value)
    assert {problem.file for problem in caught.value.problems} <= {name, *ALSO.get(name, ())}
    assert not Published.objects.exists()
    assert not CatalogueVersion.objects.exists()
    assert not Department.objects.exists()


@pytest.mark.usefixtures("fresh_sqlite")
def test_faults_of_several_files_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(PackInvalid) as caught:
        put(
            tmp_path,
            edited("town/items/certificate.yaml", "department: health", "department: heaven"),
            edited("town/items/registration.yaml", "flow: assign", "flow: sign"),
            edited("town/rules/allowance.dmn", "reason 1", ""),
        )
    files = {problem.file for problem in caught.value.problems}
    assert files == {
        "town/items/certificate.yaml",
        "town/items/registration.yaml",
        "town/rules/allowance.dmn",
    }


@pytest.mark.usefixtures("fresh_sqlite")
def test_the_shipped_packs_are_published_and_nobody_is_asked_twice() -> None:
    publish(read_packs(find_packs()), actor="installer")
    for slug in queries.life_events():
        plan = queries.life_event(slug).plan
        assert plan.unmet == ()
        asked = [field.fact.name for field in plan.ask]
        assert len(asked) == len(set(asked))
        assert all(queries.item(b.item).net for b in queries.life_event(slug).branches)
    assert len(queries.life_event("newborn").branches) == 7
    assert exchange.departments()["police"].posts
