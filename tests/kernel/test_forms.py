"""The data plan asks as little as it can, fetches only under a grant, and forgets nothing."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tongban.kernel.facts import (
    Attribute,
    Derive,
    Role,
    UnknownFact,
    Vocabulary,
    Words,
    parse_value,
)
from tongban.kernel.feel import parse_condition
from tongban.kernel.forms import (
    Branch,
    BranchUnknown,
    DataPlan,
    FieldSpec,
    Grant,
    ItemNeeds,
    LegalBasis,
    MaterialSpec,
    PlanTooTangled,
    Resource,
    alone,
    plan,
    read_answers,
    wanted,
)
from tongban.kernel.regions import Division, Places, Regions

W = Words("某项", "something")
LAW = LegalBasis("某法", "第一条")
TEXT = Attribute("string", W)
VOCABULARY = Vocabulary(
    {
        "person": {
            **dict.fromkeys(["id_number", "name", "spouse_id_number", "mobile", "account"], TEXT),
            **dict.fromkeys(["hospital", "mother_id_number", "sex"], TEXT),
            "hukou_region": Attribute("string", W, code="county"),
            "insured_region": Attribute("string", W, code="division"),
            "birth_date": Attribute("date", W),
            "age": Attribute("number", W, derive=Derive("years_since", "birth_date")),
            "married": Attribute("boolean", W),
        }
    },
    {role: Role("person", Words(role, role)) for role in ("mother", "father", "child")},
)


PLACES = Places(
    Regions.of(
        [
            Division("330000", "浙江省", 1, "", 1980),
            Division("330100", "杭州市", 2, "330000", 1980),
            Division("330184", "余杭市", 3, "330100", 1995, 2000, ("330110",)),
            Division("330110", "余杭区", 3, "330100", 2001),
        ]
    ),
    2026,
)


def resource(
    slug: str, department: str, key: str, attributes: str, lead: str = ""
) -> tuple[str, Resource]:
    return slug, Resource(
        slug,
        W,
        department,
        "person",
        tuple(key.split()),
        frozenset(key.split()) | frozenset(attributes.split()),
        frozenset(lead.split()),
    )


RESOURCES = dict(
    [
        resource(
            "population", "police", "id_number", "name birth_date sex hukou_region", "name sex"
        ),
        resource("marriages", "civil-affairs", "id_number", "married spouse_id_number name"),
        resource("births", "health", "mother_id_number", "sex birth_date hospital", "birth_date"),
        resource("accounts", "bank", "id_number", "account mobile"),
    ]
)


def grant(item: str, slug: str, attributes: str, basis: str = "statutory") -> Grant:
    return Grant(item, slug, frozenset(attributes.split()), basis, LAW)  # type: ignore[arg-type]


def needs(item: str, facts: str, form: str = "", produces: str = "", **more: object) -> ItemNeeds:
    return ItemNeeds(
        item,
        frozenset(facts.split()),
        tuple(FieldSpec(fact) for fact in form.split()),
        produces=frozenset(produces.split()),
        **more,  # type: ignore[arg-type]
    )


CERTIFICATE = needs("certificate", "child.birth_date child.sex mother.name", "child.name")
REGISTRATION = needs(
    "registration",
    "child.birth_date father.hukou_region mother.age",
    "child.name father.id_number",
    "child.id_number",
)
INSURANCE = needs("insurance", "child.id_number child.name", "child.name")
GRANTS = [
    grant("certificate", "births", "sex birth_date"),
    grant("certificate", "population", "name"),
    grant("registration", "births", "birth_date", "consent"),
    grant("registration", "marriages", "spouse_id_number"),
    grant("registration", "population", "hukou_region birth_date"),
]
BRANCHES = [
    Branch(CERTIFICATE),
    Branch(REGISTRATION, ("certificate",)),
    Branch(INSURANCE, ("registration",)),
]
BINDS = {
    "father.id_number": "mother.spouse_id_number",
    "child.mother_id_number": "mother.id_number",
}


def newborn(branches: list[Branch] = BRANCHES, grants: list[Grant] = GRANTS) -> DataPlan:
    return plan(
        branches, VOCABULARY, RESOURCES, grants, given=frozenset({"mother.id_number"}), binds=BINDS
    )


def test_a_newborn_asks_for_the_name_alone_and_once_for_three_items() -> None:
    made = newborn()
    assert [field.fact.name for field in made.ask] == ["child.name"]
    assert made.ask[0].items == ("certificate", "insurance", "registration")
    assert made.unmet == ()
    assert made.produced == ("child.id_number",)
    assert made.origin["registration", "mother.age"] == "derived"
    assert made.origin["registration", "father.id_number"] == "bound"


def test_a_source_is_called_once_its_key_is_known() -> None:
    first, second = newborn().rounds
    assert [(call.resource, call.role) for call in first] == [
        ("births", "child"),
        ("marriages", "mother"),
        ("population", "mother"),
    ]
    assert [(call.resource, call.role, call.keys) for call in second] == [
        ("population", "father", ("father.id_number",))
    ]
    births = first[0]
    assert births.items == ("certificate", "registration")
    assert births.facts == ("child.birth_date", "child.sex")
    assert births.basis == "consent"


def test_a_fetched_fact_that_the_form_lists_is_kept_as_fallback() -> None:
    assert [field.fact.name for field in newborn().fallback] == ["father.id_number"]


def test_consent_is_one_line_a_department_and_ground() -> None:
    lines = {(line.department, line.basis): line for line in newborn().consent}
    assert set(lines) == {
        ("health", "statutory"),
        ("health", "consent"),
        ("police", "statutory"),
        ("civil-affairs", "statutory"),
    }
    assert lines["health", "consent"].facts == ("child.birth_date",)
    assert lines["police", "statutory"].items == ("certificate", "registration")


def test_one_item_never_reads_under_the_grant_of_another() -> None:
    nosy = needs("nosy", "mother.name")
    made = newborn([*BRANCHES, Branch(nosy)])
    assert made.origin["nosy", "mother.name"] == "unmet"
    (gap,) = made.unmet
    assert gap.mend == (
        "list mother.name in the form of nosy, or grant nosy one of the resources "
        "marriages, population"
    )


def test_a_fact_made_by_an_item_that_does_not_come_before_is_unmet_with_the_mend() -> None:
    made = newborn([*BRANCHES[:2], Branch(INSURANCE)])
    (gap,) = made.unmet
    assert (gap.item, gap.fact) == ("insurance", "child.id_number")
    assert gap.mend.endswith("or put insurance after registration")


def test_a_call_on_a_produced_key_waits_for_the_item_that_produces_it() -> None:
    card = Branch(needs("card", "child.account"), ("insurance",))
    made = newborn([*BRANCHES, card], [*GRANTS, grant("card", "accounts", "account")])
    (call,) = [call for call in made.calls if call.resource == "accounts"]
    assert call.after == ("registration",)


def test_the_lead_department_is_preferred() -> None:
    item = needs("i", "mother.name")
    grants = [grant("i", "marriages", "name"), grant("i", "population", "name")]
    made = plan(alone(item), VOCABULARY, RESOURCES, grants, given=frozenset({"mother.id_number"}))
    assert [call.resource for call in made.calls] == ["population"]


def test_a_key_is_asked_where_no_form_could_ask_the_facts_behind_it() -> None:
    item = needs("i", "father.name father.sex")
    made = plan(alone(item), VOCABULARY, RESOURCES, [grant("i", "population", "name sex")])
    assert [(f.fact.name, f.required) for f in made.ask] == [("father.id_number", True)]
    assert made.unmet == ()


def test_the_form_is_preferred_where_a_key_saves_no_question() -> None:
    item = needs("i", "father.name", "father.name")
    made = plan(alone(item), VOCABULARY, RESOURCES, [grant("i", "population", "name sex")])
    assert [field.fact.name for field in made.ask] == ["father.name"]


def test_a_material_is_waived_by_sources_by_an_earlier_item_or_by_a_licence() -> None:
    book = MaterialSpec("hukou", W, waived_by_facts=frozenset({"father.hukou_region"}))
    birth = MaterialSpec("birth", W, waived_by_licence="birth-certificate")
    photo = MaterialSpec("photo", W)
    branches = [
        Branch(replace(CERTIFICATE, licence="birth-certificate", materials=(photo, book))),
        Branch(replace(REGISTRATION, materials=(book, birth, photo)), ("certificate",)),
    ]
    status = {(m.item, m.spec.code): (m.status, m.by) for m in newborn(branches).materials}
    assert status == {
        ("certificate", "photo"): ("asked", ()),
        ("certificate", "hukou"): ("asked", ()),
        ("registration", "hukou"): ("waived", ("police",)),
        ("registration", "birth"): ("waived", ("certificate",)),
        ("registration", "photo"): ("shared", ("certificate",)),
    }
    beside = [branches[0], Branch(replace(INSURANCE, materials=(birth,)))]
    status = {m.item: m.status for m in newborn(beside).materials if m.spec is birth}
    assert status == {"insurance": "asked"}  # nobody waits for the certificate
    held = plan(
        alone(replace(INSURANCE, materials=(birth,))),
        VOCABULARY,
        RESOURCES,
        [],
        held=frozenset({"birth-certificate"}),
    )
    assert held.materials[0].by == ("birth-certificate",)
    named = MaterialSpec("name", W, waived_by_facts=frozenset({"child.name"}))
    typed = plan(alone(replace(INSURANCE, materials=(named,))), VOCABULARY, RESOURCES, [])
    assert typed.materials[0].status == "asked"  # a person's own word proves nothing


def test_facts_that_only_prove_a_material_are_fetched_and_never_asked() -> None:
    book = MaterialSpec("hukou", W, waived_by_facts=frozenset({"mother.hukou_region"}))
    item = replace(needs("i", "mother.name"), materials=(book,))
    granted = plan(
        alone(item),
        VOCABULARY,
        RESOURCES,
        [grant("i", "population", "name hukou_region")],
        given=frozenset({"mother.id_number"}),
    )
    assert granted.origin["i", "mother.hukou_region"] == "fetched"
    bare = plan(alone(needs("i", "", "mother.name")), VOCABULARY, RESOURCES, [])
    assert "mother.hukou_region" not in bare.facts("asked", "unmet")


def test_an_unknown_fact_or_branch_is_named() -> None:
    with pytest.raises(UnknownFact, match="uncle"):
        plan(alone(needs("i", "uncle.name")), VOCABULARY, RESOURCES, [])
    with pytest.raises(BranchUnknown, match="i comes after j"):
        plan([Branch(needs("i", ""), ("j",))], VOCABULARY, RESOURCES, [])
    circle = [Branch(needs("i", ""), ("j",)), Branch(needs("j", ""), ("i",))]
    with pytest.raises(BranchUnknown, match="waits for itself"):
        plan(circle, VOCABULARY, RESOURCES, [])


def triangles(count: int) -> DataPlan:
    """Plan for facts in threes, each of which any two of three keys would supply."""
    kind: dict[str, Attribute] = {}
    sources: dict[str, Resource] = {}
    for at in range(count):
        keys = [f"key{at}{corner}" for corner in "abc"]
        for one, other in combinations(keys, 2):
            found = f"{one}_{other}"
            kind |= dict.fromkeys((one, other, found), TEXT)
            for key in (one, other):
                slug = f"{key}_for_{found}"
                holds = frozenset({key, found})
                sources[slug] = Resource(slug, W, "d", "person", (key,), holds)
    grants = [Grant("i", slug, r.attributes, "statutory", LAW) for slug, r in sources.items()]
    needed = frozenset(f"mother.{name}" for name in kind if "_" in name)
    branch = alone(ItemNeeds("i", needed))
    return plan(
        branch, Vocabulary({"person": kind}, {"mother": Role("person", W)}), sources, grants
    )


def test_a_tangle_of_sources_is_refused_in_time_and_named() -> None:
    assert len(triangles(3).ask) == 6
    with pytest.raises(PlanTooTangled, match="24 facts could each be asked instead of others"):
        triangles(8)


def test_a_condition_makes_its_facts_needed() -> None:
    spec = FieldSpec("mother.mobile", when=parse_condition("mother.married = true"))
    branch = Branch(ItemNeeds("i", fields=(spec,)), when=parse_condition("child.age < 1"))
    assert wanted(branch) == {"mother.mobile", "mother.married", "child.age"}


# ---- answers


def test_all_mistakes_of_a_form_are_told_at_once() -> None:
    asked = [VOCABULARY.fact(f"child.{name}") for name in ("name", "birth_date", "sex")]
    values, mistakes = read_answers(
        asked,
        {"child.birth_date": "yesterday", "child.sex": "male", "child.hat": 1, "child.name": ""},
        PLACES,
    )
    assert values == {"child.sex": "male"}
    assert [m.fact for m in mistakes] == ["child.birth_date", "child.hat"]
    assert "not asked" in mistakes[1].en


@pytest.mark.parametrize(
    ("fact", "code", "says"),
    [
        ("hukou_region", "330110", ""),
        ("hukou_region", "330100", "go on choosing, down to the county"),
        ("hukou_region", "330184", "330184 余杭市 is no more; today it is 330110 余杭区"),
        ("hukou_region", "999999", "no division has the code 999999"),
        ("hukou_region", "33011", "needs 6 characters, has 5"),
        ("hukou_region", "西湖区西湖区", "cannot stand there"),
        ("insured_region", "330100", ""),
        ("insured_region", "330184", "is no more"),
        ("sex", "999999", ""),
    ],
)
def test_a_division_is_one_that_stands_and_a_county_has_none_below(
    fact: str, code: str, says: str
) -> None:
    name = f"child.{fact}"
    values, mistakes = read_answers([VOCABULARY.fact(name)], {name: code}, PLACES)
    if not says:
        assert (values, mistakes) == ({name: code}, ())
        return
    (mistake,) = mistakes
    assert values == {}
    assert says in mistake.en
    assert mistake.zh


def test_a_register_may_hold_the_code_of_its_year() -> None:
    assert parse_value(VOCABULARY.fact("child.hukou_region"), "330184") == "330184"


def test_a_field_of_two_items_is_shown_when_either_wants_it() -> None:
    when = parse_condition("mother.married = true")
    branches = [
        Branch(ItemNeeds("i", fields=(FieldSpec("father.name", when=when),))),
        Branch(ItemNeeds("j", fields=(FieldSpec("father.name", required=False),))),
    ]
    field = next(
        f for f in plan(branches, VOCABULARY, RESOURCES, []).ask if f.fact.name == "father.name"
    )
    assert (field.when, field.required, field.items) == ((), True, ("i", "j"))


json_values = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-01-31")
)


@given(st.dictionaries(st.sampled_from(["a", "child.name", "mother.married"]), json_values))
def test_answers_are_read_or_named_and_never_taken_unasked(answers: dict[str, object]) -> None:
    values, mistakes = read_answers([VOCABULARY.fact("mother.married")], answers, PLACES)
    wrong = {mistake.fact for mistake in mistakes}
    assert wrong >= answers.keys() - {"mother.married"}
    assert isinstance(values.get("mother.married", True), bool)
    answered = {name for name, raw in answers.items() if raw not in {None, ""}}
    assert answered <= values.keys() | wrong
    assert not values.keys() & wrong


# ---- properties

ATTRIBUTES = ["id_number", "name", "spouse_id_number", "sex", "birth_date", "account", "hospital"]
FACTS = [f"{role}.{name}" for role in ("mother", "child") for name in (*ATTRIBUTES, "age")]
some_facts = st.frozensets(st.sampled_from(FACTS), max_size=4)
resources = st.dictionaries(
    st.sampled_from(["r1", "r2", "r3"]),
    st.tuples(
        st.lists(st.sampled_from(ATTRIBUTES), min_size=1, max_size=2, unique=True),
        st.frozensets(st.sampled_from(ATTRIBUTES), min_size=1),
        st.frozensets(st.sampled_from(ATTRIBUTES), max_size=2),
    ),
).map(
    lambda found: {
        slug: Resource(slug, W, f"d-{slug}", "person", tuple(key), fields | set(key), lead)
        for slug, (key, fields, lead) in found.items()
    }
)
grants = st.lists(
    st.builds(
        Grant,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["r1", "r2", "r3"]),
        st.frozensets(st.sampled_from(ATTRIBUTES), min_size=1),
        st.sampled_from(["statutory", "consent"]),
        st.just(LAW),
    ),
    max_size=6,
)
binds = st.dictionaries(st.sampled_from(FACTS), st.sampled_from(FACTS), max_size=2)


@st.composite
def events(draw: st.DrawFn) -> list[Branch]:
    found = []
    for index, item in enumerate(("a", "b", "c")[: draw(st.integers(1, 3))]):
        form = sorted(draw(some_facts))
        found.append(
            Branch(
                ItemNeeds(
                    item,
                    draw(some_facts),
                    tuple(FieldSpec(fact) for fact in form),
                    produces=draw(st.frozensets(st.sampled_from(FACTS[:7]), max_size=1)),
                ),
                tuple(i for i in ("a", "b")[:index] if draw(st.booleans())),
            )
        )
    return found


worlds = st.tuples(events(), resources, grants, some_facts, binds)
World = tuple[list[Branch], dict[str, Resource], list[Grant], frozenset[str], Mapping[str, str]]


def planned(world: World) -> DataPlan:
    branches, sources, permits, known, bound = world
    return plan(branches, VOCABULARY, sources, permits, given=known, binds=bound)


@given(worlds)
def test_every_need_has_exactly_one_origin_and_no_question_comes_twice(world: World) -> None:
    made = planned(world)
    for branch in world[0]:
        for fact in wanted(branch):
            assert (branch.needs.item, fact) in made.origin
    asked = [field.fact.name for field in made.ask]
    assert len(asked) == len(set(asked))
    assert not set(asked) & world[3]
    assert set(made.facts("asked")) <= set(asked)
    assert {(gap.item, gap.fact) for gap in made.unmet} == {
        pair for pair, how in made.origin.items() if how == "unmet"
    }
    assert not {field.fact.name for field in made.fallback} & set(asked)


@given(worlds)
def test_no_call_without_a_grant_and_no_key_before_it_is_known(world: World) -> None:
    branches, sources, permits, known, bound = world
    made = planned(world)
    produced = {b.needs.item: b.needs.produces for b in branches}
    fetched: dict[str, set[str]] = {b.needs.item: set() for b in branches}
    for round_ in made.rounds:
        answered = []
        for call in round_:
            source = sources[call.resource]
            for use in call.uses:
                have = known | fetched[use.item] | {f.fact.name for f in made.ask}
                have |= {fact for item in call.after for fact in produced[item]}
                have = _count_up(have, bound)
                assert have.issuperset(call.keys)
                for fact in use.facts:
                    attribute = fact.partition(".")[2]
                    assert attribute in source.attributes
                    assert any(
                        g.item == use.item
                        and g.resource == call.resource
                        and attribute in g.attributes
                        and g.basis == use.basis
                        for g in permits
                    )
                    assert made.origin[use.item, fact] == "fetched"
                    answered.append((use.item, fact))
        for item, fact in answered:
            assert fact not in fetched[item]
            fetched[item].add(fact)
    assert {(i, f) for i, facts in fetched.items() for f in facts} == {
        pair for pair, how in made.origin.items() if how == "fetched"
    }


def _count_up(known: set[str] | frozenset[str], bound: Mapping[str, str]) -> set[str]:
    full = set(known)
    for _ in FACTS:
        full |= {fact for fact, source in bound.items() if source in full}
        full |= {f"{r}.age" for r in ("mother", "child") if f"{r}.birth_date" in full}
    return full


@pytest.mark.slow
@settings(max_examples=100)
@given(worlds, grants)
def test_a_further_grant_never_asks_more(world: World, further: list[Grant]) -> None:
    before = planned(world)
    assume(not before.unmet)
    branches, sources, permits, known, bound = world
    after = planned((branches, sources, [*permits, *further], known, bound))
    assert not after.unmet
    assert len(after.ask) <= len(before.ask)


@given(worlds, st.randoms())
def test_the_order_of_branches_and_grants_is_irrelevant(world: World, random: object) -> None:
    branches, sources, permits, known, bound = world
    shuffled, mixed = list(branches), list(permits)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert planned((shuffled, sources, mixed, known, bound)) == planned(world)


def _naive(world: World, asked: frozenset[str]) -> dict[str, set[str]]:
    """Give what each item gets to know, by trying everything over and over: the slow oracle."""
    branches, sources, permits, known, bound = world
    produced = {b.needs.item: b.needs.produces for b in branches}
    after = {b.needs.item: set(b.after) for b in branches}
    for item in sorted(after):
        for before in sorted(after[item]):
            after[item] |= after[before]
    result = {}
    for item, earlier in after.items():
        have = set(known | asked).union(*(produced[before] for before in earlier))
        for _ in range(2 * len(FACTS)):
            have = _count_up(have, bound)
            for grant in permits:
                source = sources.get(grant.resource)
                if grant.item != item or source is None:
                    continue
                for role in ("mother", "child"):
                    if all(f"{role}.{key}" in have for key in source.key):
                        have |= {f"{role}.{a}" for a in grant.attributes & source.attributes}
        result[item] = have
    return result


def _useful_keys(world: World, branch: Branch) -> set[str]:
    """Give the keys of sources that could help one item to a fact it needs."""
    _, sources, permits, _, bound = world
    want = set(wanted(branch))
    keys: set[str] = set()
    for _ in FACTS:
        want |= {source for fact, source in bound.items() if fact in want}
        want |= {f"{r}.birth_date" for r in ("mother", "child") if f"{r}.age" in want}
        for grant in permits:
            source = sources.get(grant.resource)
            if grant.item != branch.needs.item or source is None:
                continue
            for role in ("mother", "child"):
                gives = (grant.attributes & source.attributes) - set(source.key)
                if any(f"{role}.{name}" in want for name in gives):
                    keys |= {f"{role}.{key}" for key in source.key}
        want |= keys
    return keys


@pytest.mark.slow
@settings(max_examples=60)
@given(worlds)
def test_no_smaller_form_would_do(world: World) -> None:
    made = planned(world)
    branches, known = world[0], world[3]
    gaps = {(gap.item, gap.fact) for gap in made.unmet}

    def enough(asked: frozenset[str]) -> bool:
        have = _naive(world, asked)
        return all(
            fact in have[b.needs.item] or (b.needs.item, fact) in gaps
            for b in branches
            for fact in wanted(b)
        )

    asked = frozenset(field.fact.name for field in made.ask)
    assert enough(asked)
    listed = {spec.fact for b in branches for spec in b.needs.fields}
    keys = set().union(*(_useful_keys(world, b) for b in branches))
    made_here = {fact for b in branches for fact in b.needs.produces}
    could = {f for f in listed | (keys - made_here) if not f.endswith(".age")} - known
    assume(len(could) <= 8)
    assert asked <= could
    assert not any(
        enough(frozenset(fewer))
        for size in range(len(asked))
        for fewer in combinations(could, size)
    )
    for gap in made.unmet:
        assert gap.fact not in _naive(world, frozenset(could))[gap.item]
