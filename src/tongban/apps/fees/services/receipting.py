"""Receipts (开票): one for what was paid, a red one for what was given back; without a gap."""

from datetime import datetime
from typing import Any

from django.conf import settings

from tongban.apps.fees import events as say
from tongban.apps.fees.domain import receipts
from tongban.apps.fees.models import Order, Receipt, ReceiptBook
from tongban.apps.parties import queries as parties
from tongban.kernel.suites import suite

from .books import tell


def issue(order: Order, of: str, fen: int, now: datetime) -> str:
    """Issue the receipt of an attempt or a refund in the caller's transaction; give its number.

    ``fen`` is negative for what was given back (冲红).
    """
    region = parties.department_region(order.department)
    code = receipts.code(region, receipts.PAID if fen > 0 else receipts.RED, now.year)
    ReceiptBook.objects.get_or_create(code=code)
    book = ReceiptBook.objects.select_for_update().get(code=code)
    book.last += 1
    book.save(update_fields=["last"])
    number = f"{code}{book.last:010d}"
    before = order.receipts.filter(amount_fen__gt=0).first()
    content: Any = {
        "票据代码": code,
        "票据号码": number.removeprefix(code),
        "交款人": parties.name_of(order.payer),
        "交款人统一社会信用代码": order.company,
        "收款单位": parties.department_name(order.department, "zh"),
        "收款单位统一社会信用代码": parties.department_code(order.department),
        "开票日期": now.date().isoformat(),
        "项目名称": order.name,
        "收费依据": order.legal_basis,
        "数量": 1,
        "金额（分）": fen,
        "金额合计（大写）": ("负" if fen < 0 else "") + receipts.capitals(abs(fen)),
        "缴费单号": order.number,
        "原票据": before.number if fen < 0 and before else "",
    }
    by = suite(settings.SUITE)
    check = receipts.check_digits(content, by)
    Receipt.objects.create(
        number=number,
        order=order,
        of=of,
        amount_fen=fen,
        content=content,
        check_code=check,
        issued=now,
    )
    tell(order, say.RECEIPTED, {"receipt": number, "of": of, "amount_fen": fen, "check": check})
    return number
