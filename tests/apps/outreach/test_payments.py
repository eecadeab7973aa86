"""Orders without a case: each reference at most once, whole fen only."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from testkit.servers import Fresh
from tongban.apps.cases.models import PaymentOrder
from tongban.apps.cases.payments import Order, order_payments, ordered

ORDER = Order(
    "old-age-allowance/2026-11/1",
    "330106194001010021",
    "6222021234567890",
    8000,
    "civil-affairs",
    datetime(2026, 11, 23, tzinfo=UTC),
)


def test_a_reference_is_ordered_once_whatever_is_asked_later(fresh_database: Fresh) -> None:
    other = replace(ORDER, reference="old-age-allowance/2026-11/2", amount_fen=15000)
    assert order_payments([ORDER, ORDER]) == {ORDER.reference}
    assert order_payments([replace(ORDER, amount_fen=1), other]) == {other.reference}
    assert ordered([ORDER.reference, other.reference, "none"]) == {
        ORDER.reference: 8000,
        other.reference: 15000,
    }
    assert order_payments([]) == frozenset()


def test_thousands_of_orders_fit_in_one_go(fresh_database: Fresh) -> None:
    many = [replace(ORDER, reference=f"r/{place}") for place in range(2345)]
    assert len(order_payments(many)) == 2345
    assert len(ordered([order.reference for order in many])) == 2345
    assert order_payments(many) == frozenset()
    assert PaymentOrder.objects.count() == 2345


@pytest.mark.parametrize(
    "wrong", [{"amount_fen": 0}, {"amount_fen": -1}, {"account": ""}, {"payee": ""}]
)
def test_an_order_without_payee_account_or_money_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="whole fen"):
        replace(ORDER, **wrong)
