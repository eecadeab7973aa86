"""Tables of the trail 办件留痕; rows are added, never changed.

The database itself refuses UPDATE, DELETE and TRUNCATE here (migration 0002), so that neither a
careless query nor an administrator rewrites the story by the way. Only the payload of an event
leaves, and only where an erasure on record names it; and it may be sealed anew, with its digest
unchanged, from an old key to the one in force (migration 0003).
"""

from typing import ClassVar

from django.db import models

from tongban.infra.secrecy.fields import SealedModel, SealedText


class Event(models.Model):
    """One sealed event; ``position`` is its place among all events of the installation."""

    position = models.BigAutoField(primary_key=True)
    id = models.UUIDField("事件编号", unique=True)
    type = models.TextField("类型")
    chain = models.TextField("链")
    seq = models.PositiveIntegerField("链内序号")
    actor = models.TextField("经办人")
    organisation = models.TextField("机构")
    on_behalf_of = models.TextField("代表")
    authority = models.TextField("法定依据")
    item = models.TextField("事项")
    item_version = models.TextField("事项版本")
    step = models.TextField("环节")
    lifecycle = models.TextField("生命周期")
    occurred = models.DateTimeField("发生时间")
    recorded = models.DateTimeField("记录时间")
    reason = models.TextField("理由")
    corrects = models.TextField("更正的事件")
    previous = models.TextField("前序摘要")
    suite = models.TextField("算法套件")
    payload_digest = models.TextField("数据摘要")
    hash = models.TextField("摘要")
    # PostgreSQL: the transaction after whose end a reader may pass this row; SQLite: 0
    after_tx = models.BigIntegerField()

    class Meta:
        verbose_name = "事件"
        verbose_name_plural = "事件"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "seq"], name="trail_event_chain_seq"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["after_tx", "position"], name="trail_event_relay"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}:{self.seq} {self.type}"


class Payload(SealedModel):
    """What an event tells: the salt of its digest in hex, a stop, and canonical JSON, sealed.

    The salt is sealed with the data: beside an open digest it would let short data be guessed. A
    row of before sealing has its salt in ``salt``.
    """

    rewritten = ("salt",)

    event_id = models.UUIDField("事件编号", primary_key=True)
    salt = models.BinaryField("盐")
    data = SealedText("数据")

    def before_sealing(self) -> None:
        """Put the salt to the data."""
        self.data = told(bytes(self.salt), self.data)
        self.salt = b""

    def parts(self) -> tuple[bytes, str]:
        """Give the salt and the canonical JSON; raise SealBroken."""
        if self.key_id is None:
            return bytes(self.salt), self.data
        salt, _, data = self.data.partition(".")
        return bytes.fromhex(salt), data

    class Meta:
        verbose_name = "事件数据"
        verbose_name_plural = "事件数据"

    def __str__(self) -> str:
        return str(self.event_id)


def told(salt: bytes, data: str) -> str:
    """Write salt and data as they are sealed."""
    return f"{salt.hex()}.{data}"


class Erasure(models.Model):
    """The record without which the database lets no payload go."""

    event_id = models.UUIDField("事件编号", primary_key=True)
    authority = models.TextField("法定依据")
    actor = models.TextField("经办人")
    reason = models.TextField("理由")
    recorded = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = "删除记录"
        verbose_name_plural = "删除记录"

    def __str__(self) -> str:
        return str(self.event_id)


class Cursor(models.Model):
    """How far a consumer of the relay has read."""

    consumer = models.TextField("订阅者", primary_key=True)
    after_tx = models.BigIntegerField(default=0)
    position = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "订阅进度"
        verbose_name_plural = "订阅进度"

    def __str__(self) -> str:
        return f"{self.consumer} @ {self.position}"


class Parked(models.Model):
    """An event that a consumer has not handled: to be tried again, or dead.

    Later events of the same chain wait behind it, so that each chain is told in order.
    """

    consumer = models.TextField("订阅者")
    event = models.ForeignKey(Event, models.PROTECT, verbose_name="事件", related_name="+")
    chain = models.TextField("链")
    attempts = models.PositiveIntegerField("已试次数", default=0)
    due = models.DateTimeField("下次时间", null=True)
    error = models.TextField("错误")
    dead = models.BooleanField("死信", default=False)

    class Meta:
        verbose_name = "搁置的事件"
        verbose_name_plural = "搁置的事件"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["consumer", "event"], name="trail_parked_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["consumer", "chain"], name="trail_parked_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer} ← {self.event_id}"
