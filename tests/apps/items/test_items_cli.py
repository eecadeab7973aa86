"""The author's commands: everything wrong is told before publishing, everything published after."""

import json
import re
import shutil
from pathlib import Path

from click.testing import CliRunner, Result
from django.db import connection

from testkit.office import Office
from testkit.servers import Fresh
from tongban.apps.items import queries
from tongban.apps.items.cli import items
from tongban.infra.packs import shipped_packs

HAN = re.compile(r"[\u4e00-\u9fff]")


def run(*words: str) -> Result:
    return CliRunner().invoke(items, words)


def test_life_events_are_listed_with_their_items(office: Office) -> None:
    told = run("list", "--lang", "en").output
    assert "newborn  a child is born  v1" in told
    assert "   social-security-card  social security card  v1" in told
    assert not HAN.search(told)


def test_the_plan_shows_every_fact_where_it_comes_from(office: Office) -> None:
    event = queries.life_event("newborn")
    told = json.loads(run("plan", "newborn", "--lang", "en", "--json").output)
    assert [row["fact"] for row in told["asked"]] == [f.fact.name for f in event.plan.ask]
    fetched = {label for call in told["fetched"] for label in call["facts"]}
    assert fetched == {event.labels("en")[f] for f in event.plan.facts("fetched")}
    assert len(told["materials"]) == len(event.plan.materials)
    assert all(use["legal_basis"] for call in told["fetched"] for use in call["uses"])


def test_the_plan_is_told_in_chinese_and_in_english(office: Office) -> None:
    zh = run("plan", "newborn").output
    for word in ["一、询问", "依法", "须本人同意", "出生户口登记 · 非婚生育说明：须上传（当 "]:
        assert word in zh
    en = run("plan", "newborn", "--lang", "en").output
    assert "to be uploaded (if child.household_with" in en
    laws = re.compile(r"(by law|consent), .*")
    assert not HAN.search(laws.sub("", en))


def test_an_item_is_shown_with_its_rules_as_sentences(office: Office) -> None:
    told = run("show", "social-security-card", "--lang", "en").output
    assert "promised within 1 working days, 30 by law" in told
    assert "1. If child: age in full years is less than 16" in told
    assert "then the decision is “grant”.\n   reason: Under sixteen" in told
    assert "则决定为“grant”" in run("show", "social-security-card").output


def test_a_name_that_is_not_published_is_one_sentence(office: Office) -> None:
    for words in (("show", "nothing"), ("plan", "nothing")):
        told = run(*words, "--lang", "en")
        assert told.exit_code == 1
        assert "nothing is published" in told.output
        assert told.output.count("\n") == 1


def test_before_setup_the_author_is_told_to_run_it(fresh_sqlite: Fresh) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE items_published")
    told = run("list")
    assert told.exit_code == 1
    assert "run tongban setup" in told.output


def test_a_pack_is_checked_whole_and_nothing_is_published(
    fresh_sqlite: Fresh, tmp_path: Path
) -> None:
    pack = tmp_path / "harbour"
    (pack / "life-events").mkdir(parents=True)
    head = (shipped_packs() / "sample/pack.yaml").read_text(encoding="utf-8")
    head = head.replace("slug: sample", "slug: harbour").replace("[base]", "[sample]")
    (pack / "pack.yaml").write_text(head, encoding="utf-8")
    event = (shipped_packs() / "sample/life-events/newborn.yaml").read_text(encoding="utf-8")
    event = event.replace("slug: newborn", "slug: arrival")
    (pack / "life-events/arrival.yaml").write_text(event, encoding="utf-8")
    assert "definitions hold together" in run("check", str(pack)).output
    spoilt = event.replace("applicant: mother", "applicant: captain")
    spoilt = spoilt.replace("item: birth-certificate", "item: birth-cert", 1)
    (pack / "life-events/arrival.yaml").write_text(spoilt, encoding="utf-8")
    told = run("check", str(pack))
    assert told.exit_code == 1
    assert "harbour/life-events/arrival.yaml:5: 没有角色“captain”" in told.output
    told = run("check", str(pack), "--lang", "en")
    assert "harbour/life-events/arrival.yaml:5: no role captain" in told.output
    assert "[no-role]" in told.output
    codes = {one["code"] for one in json.loads(run("check", str(pack), "--json").stdout)}
    assert codes == {"no-role", "no-item"}
    assert "no item birth-cert;" in told.output
    assert queries.life_events() == ()


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    told = run("check", str(tmp_path))
    assert told.exit_code == 1
    assert "holds no pack.yaml" in told.output
    shutil.rmtree(tmp_path)
    assert run("check", str(tmp_path)).exit_code == 2
