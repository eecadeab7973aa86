"""Identifiers, against python-stdnum and published samples."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.iso7064 import mod_11_2, mod_37_36

from tongban.kernel.codes import (
    USCC,
    CodeError,
    IdentityNumber,
    ItemCode,
    LicenceId,
    WrongCharacter,
    WrongCheck,
    WrongDate,
    WrongLength,
    WrongPart,
    WrongRegion,
    organisation_check,
)

DIGITS = "0123456789"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALNUM = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

dates = st.dates(date(1890, 1, 1), date(2030, 12, 31))
regions = st.text(DIGITS, min_size=6, max_size=6)
sequences = st.integers(0, 999)
usccs = st.builds(
    USCC.make,
    st.sampled_from("1359"),
    st.sampled_from("123"),
    regions,
    st.text(USCC_ALPHABET, min_size=8, max_size=8),
)
LICENCES = (
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
)


class Divisions:
    """One county that stood until 2000, and one that still stands."""

    def last_year(self, code: str) -> int | None:
        return {"330125": 2000, "330106": 9999}.get(code)


@given(regions, dates, sequences)
def test_a_made_identity_number_reads_back_to_its_parts(
    region: str, born: date, sequence: int
) -> None:
    number = IdentityNumber.make(region, born, sequence)
    assert IdentityNumber.parse(number.text) == number
    assert (number.region, number.birth_date, number.sequence) == (region, born, sequence)
    assert number.sex == ("male" if sequence % 2 else "female")
    assert mod_11_2.is_valid(number.text)


@given(st.text(DIGITS, min_size=17, max_size=17))
def test_the_check_character_is_that_of_stdnum(body: str) -> None:
    assert IdentityNumber.check(body) == mod_11_2.calc_check_digit(body)


@given(regions, dates, sequences, st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_digit_of_an_identity_number_is_always_found(
    region: str, born: date, sequence: int, place: int, shift: int
) -> None:
    text = IdentityNumber.make(region, born, sequence).text
    wrong = text[:place] + str((int(text[place]) + shift) % 10) + text[place + 1 :]
    with pytest.raises(WrongCheck):
        IdentityNumber.parse(wrong)


@given(regions, st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 995))
def test_a_fifteen_digit_number_becomes_the_eighteen_digit_one(
    region: str, born: date, sequence: int
) -> None:
    number = IdentityNumber.make(region, born, sequence)
    old = number.text[:6] + number.text[8:17]
    assert IdentityNumber.parse(old) == number


def test_a_centenarian_of_the_old_form_was_born_in_the_century_before() -> None:
    assert IdentityNumber.parse("110105891231997").birth_date == date(1889, 12, 31)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", WrongLength),
        ("1101051949123100", WrongLength),
        ("110105194912310021", WrongCheck),
        ("11010519491231O02X", WrongCharacter),
        ("１１０１０５１９４９１２３１００２X", WrongCharacter),
        ("110105194913310028", WrongCheck),
        (
            IdentityNumber.make("110105", date(1949, 12, 31), 2).text[:10] + "0230" + "0020",
            CodeError,
        ),
    ],
)
def test_a_wrong_identity_number_is_refused_by_name(text: str, error: type[CodeError]) -> None:
    with pytest.raises(error):
        IdentityNumber.parse(text)
    assert isinstance(IdentityNumber.validate(text), error)


def test_a_day_that_does_not_exist_is_refused_even_with_a_right_check() -> None:
    body = "11010519490230002"
    with pytest.raises(WrongDate, match="19490230 is not a day"):
        IdentityNumber.parse(body + IdentityNumber.check(body))


def test_spaces_and_a_small_x_are_repaired() -> None:
    assert IdentityNumber.parse(" 110105 19491231 002x ").text == "11010519491231002X"


def test_the_region_must_have_stood_at_some_time_not_before_the_birth() -> None:
    def judge(region: str, year: int) -> CodeError | None:
        text = IdentityNumber.make(region, date(year, 5, 4), 7).text
        return IdentityNumber.validate(text, Divisions(), today=date(2026, 1, 1))

    assert judge("330125", 1950) is None, "issued long after the birth, before the end"
    assert judge("330125", 2001) is None, "the county went during 2001"
    assert isinstance(judge("330125", 2002), WrongRegion)
    assert isinstance(judge("999999", 1990), WrongRegion)
    assert isinstance(judge("330106", 2027), WrongDate)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    for kind in (IdentityNumber, USCC, ItemCode, LicenceId):
        error = kind.validate(text)
        assert error is None or isinstance(error, CodeError)


@given(usccs)
def test_a_made_credit_code_is_right_for_stdnum_too(code: USCC) -> None:
    assert stdnum_uscc.is_valid(code.text)
    assert USCC.parse(f" {code.text.lower()} ") == code
    assert organisation_check(code.organisation[:8]) == code.organisation[8]


@given(st.text(USCC_ALPHABET, min_size=18, max_size=18))
def test_a_credit_code_is_judged_as_stdnum_judges_it(text: str) -> None:
    try:
        stdnum_uscc.validate(text)
        theirs: type[CodeError] | None = None
    except InvalidChecksum:
        theirs = WrongCheck
    except ValidationError:
        theirs = CodeError
    if theirs is None:
        assert USCC.validate(text) is None
    else:
        assert isinstance(USCC.validate(text), CodeError)


@pytest.mark.parametrize("letter", "IOSVZ")
def test_letters_that_look_like_digits_never_stand_in_a_credit_code(letter: str) -> None:
    with pytest.raises(WrongCharacter):
        USCC.parse(f"9111000060003734{letter}L")


def test_the_published_implementation_code_reads() -> None:
    code = ItemCode.parse("11370800MB285591843370117002011")
    assert code.authority.text == "11370800MB28559184"
    assert (code.level, code.base) == ("3", "370117002011")


@given(usccs, st.sampled_from("123456789"), st.text(ALNUM, min_size=12, max_size=12))
def test_an_implementation_code_reads_back_to_its_parts(
    authority: USCC, level: str, base: str
) -> None:
    code = ItemCode.make(authority, level, base)
    assert len(code.text) == 31
    assert (code.authority, code.level, code.base) == (authority, level, base)
    assert ItemCode.parse(code.format()) == code


def test_an_implementation_code_with_a_mistyped_authority_says_so() -> None:
    with pytest.raises(WrongCheck, match="first 18 characters"):
        ItemCode.parse("11370800MB285591853370117002011")
    with pytest.raises(WrongPart, match="place 19"):
        ItemCode.parse("11370800MB28559184X370117002011")


@pytest.mark.parametrize("text", LICENCES)
def test_published_licence_identifiers_read_and_write_back(text: str) -> None:
    assert LicenceId.parse(text).format() == text


def test_the_published_negative_licence_identifier_is_refused() -> None:
    with pytest.raises(WrongCheck, match="should be U"):
        LicenceId.parse(LICENCES[0][:-1] + "M")


@given(
    usccs,
    st.text(ALNUM, min_size=3, max_size=3),
    usccs.map(str) | regions,
    st.text(ALNUM, min_size=1, max_size=20),
    st.integers(0, 999),
)
def test_a_licence_identifier_reads_back_and_checks_as_stdnum(
    authority: USCC, kind: str, issuer: str, serial: str, version: int
) -> None:
    licence = LicenceId.make(authority.text + kind, issuer, serial, version)
    assert LicenceId.parse(licence.format()) == licence
    body = licence.format().removeprefix("1.2.156.3005.2.").replace(".", "")
    assert mod_37_36.is_valid(body)
    if version < 999:
        assert licence.superseded().version == version + 1


@pytest.mark.parametrize(
    "text",
    [
        "11100000MB03271699022.340100.000000016.001.9",
        "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001",
        "1.2.156.3005.2.11100000MB03271699022.340100.000000016.1.9",
        "1.2.156.3005.2.11100000MB03271699022.340100..001.9",
        "1.2.156.3005.2.11100000MB03271699022.34010A.000000016.001.9",
    ],
)
def test_a_licence_identifier_with_a_wrong_part_is_refused(text: str) -> None:
    assert isinstance(LicenceId.validate(text), CodeError)


@given(dates, st.integers(0, 40_000))
def test_masking_hides_the_birth_and_nothing_else(born: date, days: int) -> None:
    number = IdentityNumber.make("330106", date(1900, 1, 1) + timedelta(days=days), 7)
    masked = number.format(masked=True)
    assert len(masked) == 18
    assert masked.replace("*", "") == number.text[:6] + number.text[14:]
