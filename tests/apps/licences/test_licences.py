"""Licences: identifiers that check, once only, and numbers that are never given twice."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from testkit.licences import AUTHORITY, kind
from tongban.apps.licences import domain, services
from tongban.apps.licences.models import Licence
from tongban.infra.trail import queries as trail
from tongban.kernel.codes import USCC, IdentityNumber, LicenceId

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def issue(case: str = "C1", item: str = "birth-certificate") -> domain.Issued:
    return services.issue(
        kind=kind(),
        department="health",
        authority=AUTHORITY,
        holder="",
        content={"child.name": "龚䶮"},
        case=case,
        item=item,
        now=NOW,
    )


@pytest.mark.django_db
def test_a_licence_carries_an_identifier_that_checks() -> None:
    issued = issue()
    parsed = LicenceId.parse(issued.identifier)
    assert str(parsed.authority) == AUTHORITY
    assert issued.number.startswith("2026")
    assert Licence.objects.get().content == {"child.name": "龚䶮"}


@pytest.mark.django_db
def test_the_database_refuses_a_second_licence_for_the_same_case_and_item() -> None:
    issue()
    with pytest.raises(IntegrityError), transaction.atomic():
        issue()
    assert Licence.objects.count() == 1


@pytest.mark.django_db
def test_only_a_valid_licence_is_revoked_and_the_trail_says_why() -> None:
    issued = issue()
    services.revoke(
        issued.identifier, actor="9", authority="行政许可法 第六十九条", reason="骗取", now=NOW
    )
    assert Licence.objects.get().state == Licence.State.REVOKED
    assert trail.history("C1")[-1].reason == "骗取"
    with pytest.raises(services.LicenceNotValid, match="revoked"):
        services.revoke(issued.identifier, actor="9", authority="x", reason="again", now=NOW)


@pytest.mark.django_db
def test_a_number_is_given_once_for_a_case_and_never_to_two() -> None:
    born = {"region": "330106", "birth_date": date(2026, 11, 19), "sex": "female"}
    first = services.assign("identity-number", born, case="C1", item="household-registration")
    again = services.assign("identity-number", born, case="C1", item="household-registration")
    other = services.assign("identity-number", born, case="C2", item="household-registration")
    assert first == again != other
    assert {IdentityNumber.parse(n).sex for n in (first, other)} == {"female"}
    with pytest.raises(ValueError, match="known: identity-number, uscc"):
        services.assign("lottery", {}, case="C1", item="x")


@given(st.integers(0, domain.SEQUENCES - 1), st.sampled_from(["male", "female"]))
def test_every_assigned_identity_number_is_valid_and_of_its_sex(ordinal: int, sex: str) -> None:
    number = IdentityNumber.parse(
        domain.identity_number("330106", date(2026, 11, 19), sex, ordinal)
    )
    assert (number.sex, number.birth_date) == (sex, date(2026, 11, 19))
    assert number.sequence >= domain.FIRST_SEQUENCE


def test_a_used_up_block_is_a_named_error() -> None:
    with pytest.raises(domain.NumbersExhausted, match="ask the police"):
        domain.identity_number("330106", date(2026, 11, 19), "male", domain.SEQUENCES)
    with pytest.raises(ValueError, match="male or female"):
        domain.identity_number("330106", date(2026, 11, 19), "unknown", 0)
    with pytest.raises(domain.NumbersExhausted, match="block MT"):
        domain.company_code("330106", 31**6)


@given(st.lists(st.integers(0, 31**6 - 1), min_size=2, max_size=20, unique=True))
def test_company_codes_are_valid_and_differ(ordinals: list[int]) -> None:
    codes = [domain.company_code("330106", n) for n in ordinals]
    assert len(set(codes)) == len(codes)
    assert all(USCC.validate(code) is None for code in codes)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(1, 30))
def test_a_licence_is_valid_to_the_day_before_its_anniversary(issued: date, years: int) -> None:
    until = domain.valid_until(issued, years)
    assert until is not None
    assert until.year in {issued.year + years, issued.year + years - 1}
    assert -2 <= (until - issued).days - 365 * years <= 1 + years // 4
