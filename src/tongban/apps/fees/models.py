"""Tables of fees: orders and what happened to them, an append-only ledger, statements, findings."""

from django.db import models
from django.db.models import Q

from tongban.infra.secrecy.fields import SealedJSON, SealedModel, SealedText


class Order(models.Model):
    """A fee that was asked for (缴费单), once a reference. ``state`` caches what the trail says."""

    number = models.CharField("缴费单号", max_length=32, primary_key=True)
    reference = models.CharField(max_length=120, unique=True)
    case = models.CharField("办件编号", max_length=32, db_index=True)
    item = models.CharField(max_length=60)
    name = models.CharField("收费项目", max_length=120)
    name_en = models.CharField(max_length=200)
    department = models.CharField("执收单位", max_length=40)
    payer = models.CharField(max_length=40, db_index=True)
    company = models.CharField(max_length=18, blank=True)
    life_event = models.CharField(max_length=60)
    amount_fen = models.PositiveBigIntegerField()
    legal_basis = models.CharField(max_length=200)
    state = models.CharField(max_length=12)
    opened = models.DateTimeField()
    expires = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "缴费单"
        indexes = (models.Index(fields=["expires"], name="fee_window", condition=Q(state="open")),)

    def __str__(self) -> str:
        return self.number


class Attempt(models.Model):
    """One try to pay an order at a bank (支付尝试): kept before the bank is asked."""

    number = models.CharField("支付单号", max_length=40, primary_key=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="attempts")
    provider = models.CharField(max_length=40)
    state = models.CharField(max_length=12)
    page = models.CharField(max_length=400, blank=True)
    begun = models.DateTimeField()
    expires = models.DateTimeField()
    asked = models.DateTimeField()
    # what the bank took, and on which of our days it was booked
    taken_fen = models.PositiveBigIntegerField(default=0)
    reference = models.CharField("银行流水号", max_length=80, blank=True)
    paid_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付尝试"
        indexes = (
            models.Index(
                fields=["asked"], name="fee_live", condition=Q(state__in=["unknown", "pending"])
            ),
            models.Index(fields=["provider", "day"], name="fee_day"),
        )
        constraints = (
            # one payment at a time: a second one could be paid as well
            models.UniqueConstraint(
                fields=["order"],
                name="one_live_attempt",
                condition=Q(state__in=["unknown", "pending"]),
            ),
        )

    def __str__(self) -> str:
        return self.number


class Entry(models.Model):
    """One side of a posting (分录), append-only; ``fen`` is positive for a debit."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="entries")
    # the attempt, refund or order that moved the money; each moves it once
    moved_by = models.CharField(max_length=44)
    kind = models.CharField(max_length=12)
    account = models.CharField(max_length=12)
    fen = models.BigIntegerField()
    booked = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "分录"
        constraints = (
            models.UniqueConstraint(fields=["moved_by", "kind", "account"], name="posted_once"),
        )

    def __str__(self) -> str:
        return f"{self.moved_by} {self.account} {self.fen}"


class Refund(models.Model):
    """Money that is to be given back (退付), of one attempt."""

    number = models.CharField("退付单号", max_length=44, primary_key=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="refunds")
    kind = models.CharField(max_length=12)
    amount_fen = models.PositiveBigIntegerField()
    why = models.CharField(max_length=20)
    note = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=12)
    asked_by = models.CharField(max_length=40)
    asked = models.DateTimeField()
    decided_by = models.CharField(max_length=40, blank=True)
    reference = models.CharField("银行流水号", max_length=80, blank=True)
    done = models.DateTimeField(null=True)
    day = models.DateField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "退付"
        indexes = (
            models.Index(fields=["asked"], name="fee_refund", condition=Q(state="approved")),
            models.Index(
                fields=["asked", "number"], name="fee_to_approve", condition=Q(state="asked")
            ),
        )

    def __str__(self) -> str:
        return self.number


class RefundWish(SealedModel):
    """That a payer wants money back (退付申请), until an official answers; one open an order."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="wishes")
    why = models.CharField(max_length=20)
    note = SealedText()
    state = models.CharField(max_length=12)
    wished_by = models.CharField(max_length=40)
    wished = models.DateTimeField()
    answered_by = models.CharField(max_length=40, blank=True)
    answered = models.DateTimeField(null=True)
    answer = models.CharField("答复", max_length=2000, blank=True)
    refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="wish")

    class Meta:
        verbose_name = verbose_name_plural = "退付申请"
        constraints = (
            models.UniqueConstraint(
                fields=["order"], name="one_open_wish", condition=Q(state="open")
            ),
        )
        indexes = (
            models.Index(fields=["wished", "id"], name="fee_wish", condition=Q(state="open")),
        )

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class ReceiptBook(models.Model):
    """The last number given out under a receipt code (票据号段): without a gap."""

    code = models.CharField("票据代码", max_length=8, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "票据号段"

    def __str__(self) -> str:
        return f"{self.code} {self.last}"


class Receipt(SealedModel):
    """An electronic receipt (电子票据); ``amount_fen`` is negative on a red one (冲红)."""

    number = models.CharField("票据代码与号码", max_length=20, primary_key=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="receipts")
    # the attempt or refund that it is for
    of = models.CharField(max_length=44, unique=True)
    amount_fen = models.BigIntegerField()
    content = SealedJSON()
    check_code = models.CharField("校验码", max_length=6)
    issued = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "电子票据"

    def __str__(self) -> str:
        return self.number


class Statement(models.Model):
    """A bank's statement of a day as it was signed (对账单)."""

    provider = models.CharField(max_length=40)
    day = models.DateField()
    digest = models.CharField(max_length=80)
    fetched = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "对账单"
        constraints = (
            models.UniqueConstraint(fields=["provider", "day", "digest"], name="statement_once"),
        )

    def __str__(self) -> str:
        return f"{self.provider} {self.day}"


class StatementLine(models.Model):
    """A line of a bank's statement, append-only."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=8)
    number = models.CharField(max_length=44, db_index=True)
    reference = models.CharField(max_length=80)
    fen = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "对账单明细"

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Mismatch(models.Model):
    """A difference between a bank and us (对账差错), kept until a person settles it."""

    provider = models.CharField(max_length=40)
    day = models.DateField()
    fault = models.CharField(max_length=30)
    number = models.CharField(max_length=44)
    reference = models.CharField(max_length=80, blank=True)
    bank_fen = models.BigIntegerField()
    here_fen = models.BigIntegerField()
    found = models.DateTimeField()
    settled = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=2000, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "对账差错"
        constraints = (
            models.UniqueConstraint(
                fields=["provider", "fault", "number", "reference"], name="mismatch_once"
            ),
        )
        indexes = (
            models.Index(fields=["found"], name="fee_mismatch", condition=Q(settled__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.fault} {self.number}"
