"""A service guide says what a person should know, computes what can be computed, and is frozen."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.office import Office
from tongban.apps.items import queries
from tongban.apps.items.domain import charges
from tongban.apps.items.domain.guides import SECTIONS, Guide
from tongban.infra.packs import shipped_packs
from tongban.kernel.facts import Words
from tongban.kernel.feel import parse_condition


@pytest.fixture
def guides(office: Office) -> list[Guide]:
    return [queries.guide(slug) for slug in (*queries.items(), *queries.life_events())]


def test_every_service_of_the_sample_city_has_a_guide_that_was_written(
    guides: list[Guide],
) -> None:
    assert [g.slug for g in guides if g.edition == 0] == []
    for guide in guides:
        sections = [p.id for p in guide.sections]
        assert {"who", "bring", "time", "fee", "decided", "result", "law"} <= set(sections)
        assert sections == [name for name in SECTIONS if name in sections]
        for one in (*guide.sections, *guide.paragraphs):
            assert one.heading.zh
            assert one.heading.en
            assert one.text.zh
            assert one.text.en


def test_what_is_known_and_brought_comes_from_the_plan(office: Office) -> None:
    guide = queries.guide("household-registration")
    police = next(k for k in guide.known if k.department == "police")
    assert "母亲户籍地址" in {fact.zh for fact in police.facts}
    by_code = {b.code: b for b in guide.bring}
    assert by_code["birth-certificate"].status == "waived"
    assert [w.zh for w in by_code["birth-certificate"].by] == ["出生医学证明"]
    report = by_code["parentage-report"]
    assert report.status == "asked"
    assert report.when.zh == "新生儿随谁落户为随父亲落户，且母亲婚姻状况不为已婚"
    assert report.when.en == (
        "child: whose household the child joins is the father's and mother: marital status is "
        "not married"
    )
    assert "一个月" in guide.paragraph("when").text.zh
    assert "法定 20 个工作日" in guide.paragraph("time").text.zh
    assert (
        "随母亲落户" not in guide.paragraph("who").text.zh
    )  # rows of helping tables are no grounds


def test_a_guide_says_when_it_is_refused_in_the_words_of_the_rules(office: Office) -> None:
    guide = queries.guide("old-age-allowance-claim")
    assert "未满八十周岁。" in guide.paragraph("refused").text.zh
    assert "Under eighty." in guide.paragraph("refused").text.en
    assert guide.paragraph("bring").text.zh.startswith("什么都不用带。")
    assert [w.zh for w in guide.asked] == ["老年人发放方式", "老年人其他收款银行账户"]
    assert guide.apply == ("old-age-allowance",)


def test_a_life_event_tells_of_all_its_items(office: Office) -> None:
    guide = queries.guide("newborn")
    assert len(guide.days) == 7
    assert len(guide.laws) > 7
    assert {k.department for k in guide.known} >= {"police", "health", "civil-affairs"}


def test_a_guide_says_what_is_charged_when_and_by_which_rule(office: Office) -> None:
    fee = queries.guide("seal-record").paragraph("fee").text
    assert fee.zh == (
        "印章刻制费，按公开的规则为 0 元至 240 元，领取结果前缴纳（15 日内）。"
        "依据：《安和市印章刻制收费标准（样例城市自定）》。"
        "不予许可或者您撤回申请的，退还已缴费用。"
    )
    assert "0 yuan to 240 yuan by published rules" in fee.en
    assert "Paid back if it is refused or you take the application back." in fee.en
    start = queries.guide("enterprise-start").paragraph("fee").text
    assert start.zh.startswith("印章刻制备案：印章刻制费")
    assert start.zh.endswith("其他事项不收费。")
    free = queries.guide("old-age-allowance").paragraph("fee").text
    assert (free.zh, free.en) == ("不收费。", "Free of charge.")


def test_a_fixed_fee_is_told_with_who_is_spared(office: Office) -> None:
    base = queries.item("seal-record")
    assert base.charge is not None
    charge = replace(
        base.charge,
        amount=1_050,
        when="acceptance",
        waived=parse_condition('company.seal_set = "basic"'),
        refund=frozenset(),
    )
    told = charges.fee_words(
        [replace(base, charge=charge)], lambda condition: Words("只刻公章", "basic only")
    )
    assert "10.50 元，受理前缴纳（15 日内）" in told.zh
    assert told.zh.endswith("只刻公章的，免收。")
    assert told.en.endswith("Waived if basic only.")
    nothing = replace(base, charge=replace(charge, amount=0))
    assert charges.fee_words([nothing], lambda _: Words("", "")) == charges.FREE
    unknown = replace(base, charge=replace(charge, amount="decide.no_such_output"))
    assert "按公开的规则计算" in charges.fee_words([unknown], lambda _: Words("", "")).zh


@given(st.integers(0, 10**9))
def test_yuan_say_the_same_money_as_fen(fen: int) -> None:
    told = charges.yuan(fen).en.removesuffix(" yuan")
    assert Decimal(told) * 100 == fen
    assert charges.yuan(fen).zh == f"{told} 元"


def test_a_strange_service_has_no_guide(office: Office) -> None:
    with pytest.raises(queries.NotPublished):
        queries.guide("wedding")


def test_guides_are_shipped_for_nothing_that_is_not_there() -> None:
    sample = shipped_packs() / "sample"
    known = {p.stem for folder in ("items", "life-events") for p in (sample / folder).glob("*")}
    assert {p.stem for p in (sample / "guides").glob("*")} == known


class TestListing:
    """The list of services, by what people look for."""

    def test_life_events_come_first_and_filters_are_exact(self, office: Office) -> None:
        page = queries.services(size=100)
        assert page.total == len(queries.items()) + len(queries.life_events())
        kinds = [row.of for row in page.rows]
        assert kinds == sorted(kinds, reverse=True)
        police = queries.services(department="police", of="item").rows
        assert {row.slug for row in police} == {"household-registration", "seal-record"}
        seals = queries.services(theme="seals").rows
        assert [row.slug for row in seals] == ["seal-record"]
        company = queries.services(audience="company", of="life-event").rows
        assert [row.slug for row in company] == ["enterprise-start"]
        inside = queries.services(life_event="newborn", of="item")
        assert inside.total == 7

    def test_a_service_is_offered_in_the_divisions_of_its_city_only(self, office: Office) -> None:
        every = queries.services().total
        assert queries.services(region="330106").total == every
        assert queries.services(region="330100").total == every
        assert queries.services(region="320100").total == 0

    def test_pages_do_not_overlap(self, office: Office) -> None:
        found = [queries.services(page=n, size=5).rows for n in (1, 2, 3, 4)]
        slugs = [(row.of, row.slug) for rows in found for row in rows]
        assert len(set(slugs)) == len(slugs) == queries.services().total
        assert queries.services(page=99).rows == ()

    def test_themes_are_counted_in_the_order_of_the_pack(self, office: Office) -> None:
        facets = queries.facets()
        places = [theme.place for theme, _ in facets.themes]
        assert places == sorted(places)
        counted = {theme.slug: count for theme, count in facets.themes}
        assert counted["seals"] == 1
        assert "marriage" not in counted
