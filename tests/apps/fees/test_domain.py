"""The pure words of fees: what a bank's news does, the ledger, receipts, and reconciling."""

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.apps.fees.domain import ledger, receipts
from tongban.apps.fees.domain.judging import Standing, weigh
from tongban.apps.fees.domain.reconciling import Booked, Fault, Finding, Receipted, reconcile
from tongban.apps.fees.domain.words import TAKEN, Line, Told
from tongban.kernel.clocks import SHANGHAI
from tongban.kernel.suites import suite

NOON = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)
DAY = NOON.date()
AMOUNT = 24_000
news = st.builds(
    Told,
    st.just("n-1"),
    st.sampled_from(["absent", "open", "paid", "refused", "closed"]),
    st.sampled_from([AMOUNT, AMOUNT + 100]),
    st.sampled_from(["CNY", "USD"]),
    st.sampled_from(["b1", "b2"]),
)
_AFTER = {"wait": "pending", "pay": "paid", "hold": "held", "surplus": "surplus", "close": "closed"}


def stand(standing: Standing, told: Told, now: datetime = NOON) -> tuple[Standing, str]:
    """Do to a standing what the services do with a verdict."""
    verdict = weigh(standing, told, now)
    attempt = _AFTER.get(verdict, standing.attempt)
    order = {"pay": "paid", "hold": "held"}.get(verdict, standing.order)
    taken = verdict in {"pay", "hold", "surplus"}
    return (
        Standing(
            order,
            attempt,
            standing.amount_fen,
            standing.expires,
            told.amount_fen if taken else standing.taken_fen,
            told.reference if taken else standing.reference,
        ),
        verdict,
    )


def fresh(order: str = "open") -> Standing:
    return Standing(order, "unknown", AMOUNT, NOON + timedelta(hours=1))


@given(st.lists(news, max_size=12))
def test_whatever_order_the_news_comes_in_money_is_taken_once(told: list[Told]) -> None:
    standing, taken = fresh(), 0
    for one in told:
        before = standing
        standing, verdict = stand(standing, one)
        taken += verdict in {"pay", "hold", "surplus"}
        if before.attempt in TAKEN:
            assert standing == before
    assert taken <= 1
    assert taken == any(one.state == "paid" for one in told)
    if standing.order == "paid":
        assert (standing.taken_fen, standing.attempt) == (AMOUNT, "paid")


@given(news, news)
def test_the_same_news_twice_does_nothing_the_second_time(told: Told, other: Told) -> None:
    after, _ = stand(fresh(), told)
    again, verdict = stand(after, told)
    assert (again, verdict) == (after, "nothing")
    if told.state == other.state == "paid" and told != other:
        same = (told.amount_fen, told.reference) == (other.amount_fen, other.reference)
        assert weigh(after, other, NOON) == ("nothing" if same else "conflict")


@pytest.mark.parametrize("state", ["cancelled", "expired", "paid", "held"])
def test_money_for_an_order_that_is_over_is_surplus(state: str) -> None:
    assert weigh(fresh(state), Told("n-1", "paid", AMOUNT), NOON) == "surplus"


@pytest.mark.parametrize(("fen", "currency"), [(AMOUNT - 1, "CNY"), (AMOUNT, "USD")])
def test_another_amount_or_currency_is_held(fen: int, currency: str) -> None:
    assert weigh(fresh(), Told("n-1", "paid", fen, currency), NOON) == "hold"


def test_a_payment_the_bank_does_not_know_is_given_up_when_its_time_is_over() -> None:
    absent = Told("n-1", "absent")
    assert weigh(fresh(), absent, NOON) == "nothing"
    assert weigh(fresh(), absent, NOON + timedelta(hours=1)) == "close"


# --- the ledger -------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(st.sampled_from(list(ledger.POSTINGS)), st.integers(1, 10**9)), max_size=20
)


@given(steps)
def test_debits_are_credits_whatever_was_posted(told: list[tuple[ledger.Kind, int]]) -> None:
    entries = [e for kind, fen in told for e in ledger.posting(kind, fen)]
    assert sum(ledger.balances(entries).values()) == 0


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_giving_back_more_than_came_is_a_fault(fen: int, more: int) -> None:
    kinds: list[tuple[ledger.Kind, int]] = [("ask", fen), ("pay", fen)]
    entries = [e for kind, amount in kinds for e in ledger.posting(kind, amount)]
    assert ledger.fault(entries) == ""
    assert ledger.fault([*entries, *ledger.posting("refund", fen)]) == ""
    assert ledger.fault([*entries, *ledger.posting("refund", fen + more)]) != ""
    assert ledger.fault([*entries, *ledger.posting("pay", fen)]) != ""
    assert ledger.fault([*entries, *ledger.posting("return", more)]) != ""


def test_a_posting_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above nought"):
        ledger.posting("pay", 0)


# --- receipts ---------------------------------------------------------------------------------

_VALUE = {digit: n for n, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
_TIMES = {"拾": 10, "佰": 100, "仟": 1000}


def read_capitals(text: str) -> int:
    """Read an amount in capitals: an oracle that shares nothing with the writer."""
    yuan, _, small = text.rpartition("元") if "元" in text else ("", "", text)
    total = group = digit = 0
    for sign in yuan:
        if sign in _VALUE:
            digit = _VALUE[sign]
        elif sign in _TIMES:
            group, digit = group + digit * _TIMES[sign], 0
        else:
            total, group, digit = (
                total + (group + digit) * {"万": 10**4, "亿": 10**8}[sign],
                *(0, 0),
            )
    fen = (total + group + digit) * 100
    for sign, after in pairwise(small):
        if sign in _VALUE and after in "角分":
            fen += _VALUE[sign] * {"角": 10, "分": 1}[after]
    return fen


@given(st.integers(1, 10**14 - 1))
def test_an_amount_in_capitals_reads_back(fen: int) -> None:
    written = receipts.capitals(fen)
    assert read_capitals(written) == fen
    assert "零零" not in written
    assert written.endswith(("整", "分"))


@pytest.mark.parametrize(
    ("fen", "written"),
    [
        (10_050_000_00, "壹仟零伍万元整"),
        (100_000_001_00, "壹亿零壹元整"),
        (150_60, "壹佰伍拾元陆角整"),
        (6_409_02, "陆仟肆佰零玖元零贰分"),
        (325_04, "叁佰贰拾伍元零肆分"),
    ],
)
def test_amounts_in_capitals_as_banks_write_them(fen: int, written: str) -> None:
    assert receipts.capitals(fen) == written


def test_the_check_digits_change_with_what_the_receipt_says() -> None:
    by = suite("std")
    one, other = ({"amount_fen": fen} for fen in (100, 101))
    assert receipts.check_digits(one, by) == receipts.check_digits(dict(one), by)
    assert receipts.check_digits(one, by) != receipts.check_digits(other, by)


# --- reconciling ------------------------------------------------------------------------------


def line(number: str, kind: str = "payment", fen: int = AMOUNT, **changed: object) -> Line:
    return Line(
        *(kind, number, str(changed.get("reference", f"b-{number}")), fen),
        *(str(changed.get("currency", "CNY")), NOON),
    )


def booked(number: str, kind: str = "payment", fen: int = AMOUNT, day: date = DAY) -> Booked:
    return Booked(kind, number, f"b-{number}", fen, day)


planted = st.lists(
    st.tuples(st.sampled_from([*Fault, None]), st.integers(1, 10**8), st.booleans()), max_size=25
)


@given(planted, st.randoms(use_true_random=False))
def test_exactly_the_planted_mismatches_are_found(
    plan: list[tuple[Fault | None, int, bool]], shuffle: object
) -> None:
    lines: list[Line] = []
    ours: list[Booked] = []
    papers: list[Receipted] = []
    wanted: Counter[tuple[Fault, str]] = Counter()
    for n, (fault, fen, back) in enumerate(plan):
        number = f"n{n}"
        kind = "refund" if back else "payment"
        if fault in {Fault.NOT_HERE, Fault.NOT_AT_BANK}:
            kind = "payment"
        if fault in {Fault.REFUND_NOT_HERE, Fault.REFUND_MISSING}:
            kind = "refund"
        at_bank, here = [line(number, kind, fen)], [booked(number, kind, fen)]
        paper = Receipted(number, fen, fen)
        match fault:
            case Fault.NOT_HERE | Fault.REFUND_NOT_HERE:
                here = []
            case Fault.NOT_AT_BANK | Fault.REFUND_MISSING:
                at_bank = []
            case Fault.AMOUNT:
                at_bank = [line(number, kind, fen + (0 if back else 1), currency="USD")]
            case Fault.TWICE:
                at_bank.append(
                    line(number, kind, fen, reference="again" if back else f"b-{number}")
                )
            case Fault.OTHER_DAY:
                here = [booked(number, kind, fen, DAY + timedelta(days=1))]
            case Fault.RECEIPT_ALONE:
                paper = Receipted(number, fen, 0)
            case Fault.RECEIPT_MISSING:
                paper = Receipted(number, 0, fen)
        if fault is not None:
            wanted[fault, number] += 1
        lines += at_bank
        ours += here
        papers.append(paper)
    for some in (lines, ours, papers):
        shuffle.shuffle(some)  # type: ignore[attr-defined]
    found = reconcile(lines, ours, papers, DAY)
    assert Counter((f.fault, f.number) for f in found) == wanted


def test_what_another_days_statement_lists_is_not_missing_today() -> None:
    (found,) = reconcile([], [booked("n1")], [], DAY)
    assert found == Finding(Fault.NOT_AT_BANK, "n1", "b-n1", 0, AMOUNT)
    assert reconcile([], [booked("n1")], [], DAY, {("payment", "n1")}) == ()
    # known under the other kind: that is another thing
    assert reconcile([], [booked("n1")], [], DAY, {("refund", "n1")}) == (found,)
