"""Tables of the log: leaves, tiles, checkpoints and cosignatures are added, never changed.

The database itself refuses what would change them (migration 0002). A tile may become wider until
it is full; a witness's state is a note to ourselves and may change.
"""

from typing import ClassVar

from django.db import models


class Log(models.Model):
    """Which log this is: begun once, under one origin and one key."""

    id = models.SmallIntegerField(primary_key=True)
    key = models.TextField("日志公钥")
    begun = models.DateTimeField("启用时间")

    class Meta:
        verbose_name = verbose_name_plural = "存证日志"

    def __str__(self) -> str:
        return self.key


class Leaf(models.Model):
    """A leaf: ``id`` is its place in the tree, from 0; the event it commits to, and the salt.

    The entry itself is computed from the two: what is not kept twice cannot differ.
    """

    id = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField("事件编号", unique=True)
    salt = models.BinaryField("盐")

    class Meta:
        verbose_name = verbose_name_plural = "存证叶子"

    def __str__(self) -> str:
        return str(self.pk)


class Tile(models.Model):
    """The hashes of a tile, one after the other, as many as there are yet (瓦片)."""

    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = "瓦片"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["level", "number"], name="evidence_tile_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Checkpoint(models.Model):
    """A size of the tree that we signed; ``note`` bears our own signature alone (检查点)."""

    id = models.BigIntegerField("大小", primary_key=True)
    root = models.CharField("根", max_length=64)
    note = models.TextField("签名文本")
    signed = models.DateTimeField("签名时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查点"

    def __str__(self) -> str:
        return str(self.pk)


class Cosignature(models.Model):
    """A witness's signature line under a checkpoint; ``time`` is the witness's own (见证签名)."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="cosignatures")
    witness = models.CharField("见证人", max_length=100)
    line = models.TextField("签名行")
    time = models.DateTimeField("见证时间")

    class Meta:
        verbose_name = verbose_name_plural = "见证签名"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "witness"], name="evidence_cosigned_once")
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} {self.witness}"


class Token(models.Model):
    """A time-stamp token (RFC 3161) of an authority over a checkpoint's note (时间戳)."""

    checkpoint = models.OneToOneField(Checkpoint, models.PROTECT, related_name="token")
    token = models.BinaryField()
    time = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "时间戳"

    def __str__(self) -> str:
        return str(self.checkpoint_id)


class Export(models.Model):
    """A checkpoint that an exporter took elsewhere, and its receipt (外送)."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="exports")
    exporter = models.CharField("外送方式", max_length=200)
    receipt = models.TextField("回执")
    time = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "检查点外送"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["checkpoint", "exporter"], name="evidence_exported_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id} {self.exporter}"


class SigningKey(models.Model):
    """A key that signs for somebody (签名密钥、印章): its public part, ended but never deleted.

    ``holder`` is a department's key, or the id of a person; ``subject`` what statements say of the
    signer; ``service`` who keeps the secret (empty: this installation). ``certificate`` is PEM, of
    the seal in PDFs; persons have none.
    """

    id = models.CharField("密钥标识", primary_key=True, max_length=120)
    role = models.CharField(max_length=12)
    holder = models.CharField("持有人", max_length=40)
    service = models.CharField("签名服务", max_length=40, blank=True)
    number = models.PositiveIntegerField()
    subject = models.JSONField("签名主体")
    suite = models.CharField(max_length=8)
    public = models.CharField("公钥", max_length=128)
    certificate = models.TextField("证书", blank=True)
    since = models.DateTimeField("启用时间")
    ended = models.DateTimeField("停用时间", null=True)
    reason = models.CharField("停用原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "签名密钥"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["role", "holder", "service", "number"], name="evidence_key_numbered"
            ),
            models.UniqueConstraint(
                fields=["role", "holder", "service"],
                condition=models.Q(ended__isnull=True),
                name="evidence_one_key_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class WitnessState(models.Model):
    """How we last stood with a witness: the size it cosigned, and what it refuses (empty: none)."""

    name = models.CharField(max_length=100, primary_key=True)
    size = models.BigIntegerField(default=0)
    fault = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "见证人状态"

    def __str__(self) -> str:
        return self.name
