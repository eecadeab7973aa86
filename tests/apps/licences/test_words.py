"""Claims and refusals as a person reads them: nothing left out, nothing told twice."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testkit.licences import CARD, ELDER
from tongban.apps.exchange.domain import build
from tongban.apps.items.checking import check_packs
from tongban.apps.licences import domain
from tongban.apps.licences.verifying import _ENDED
from tongban.infra.packs import read_packs, shipped_packs
from tongban.kernel.facts import Vocabulary
from tongban.kernel.sdjwt import Reason
from tongban.kernel.suites import suite

BY = suite("std")

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
AGES = [f"age_over_{age}" for age in domain.AGES]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    checked = check_packs(read_packs([shipped_packs() / "base", shipped_packs() / "sample"]))
    return build(checked.catalogue, 0).vocabulary


def test_every_refusal_has_its_words_in_both_languages() -> None:
    ours = {reason for reason, _ in _ENDED.values()} | {"", "query", "ended", "declined"}
    assert domain.REASONS.keys() == {*get_args(Reason), *ours}
    assert all(words.zh and words.en for words in domain.REASONS.values())


@given(
    claims=st.dictionaries(
        st.sampled_from([*domain.METADATA, *AGES, *ELDER, "nobody.knows"]) | st.text(),
        VALUES,
        max_size=12,
    )
)
def test_each_claim_is_told_once_in_words(claims: dict[str, Any], vocabulary: Vocabulary) -> None:
    told = list(domain.told(claims, CARD, vocabulary))
    assert {one.name: one.value for one in told} == claims
    assert len(told) == len(claims)
    assert all(isinstance(one.text, str) and one.label.zh is not None for one in told)


def test_what_it_is_comes_first_then_age_then_what_stands_on_it(vocabulary: Vocabulary) -> None:
    claims = {"ZZBH": "1", **ELDER, "age_over_60": True, "ZZMC": "老年人优待证", "x": 1}
    told = list(domain.told(claims, CARD, vocabulary))
    assert [one.name for one in told] == ["ZZMC", "age_over_60", *ELDER, "ZZBH", "x"]
    assert [one.label.zh for one in told][:3] == ["证照名称", "已满60周岁", "姓名"]
    assert [one.text for one in told][1:5] == ["是", "龚䶮㛃", "1961年3月5日", "女"]


@given(data=st.data(), now=st.integers(0, 2**40 - 1), chance=st.binary(min_size=16, max_size=16))
def test_no_changed_letter_of_a_challenge_is_taken(
    data: st.DataObject, now: int, chance: bytes
) -> None:
    key = bytes(range(32))
    made = domain.make_challenge(BY, key, "page", now=now, chance=chance)
    domain.read_challenge(BY, key, "page", made, now=now, within=0)
    place = data.draw(st.integers(0, len(made) - 1))
    letter = data.draw(st.characters().filter(lambda c: c != made[place]))
    bent = made[:place] + letter + made[place + 1 :]
    with pytest.raises(domain.ChallengeInvalid):
        domain.read_challenge(BY, key, "page", bent, now=now, within=2**40)
