"""Tables of consent: receipts, withdrawals, revocations and looks; rows are added only."""

from django.db import models


class Consent(models.Model):
    """A person's consent (授权同意) for one case: one signed receipt, a line a department."""

    number = models.CharField("编号", max_length=32, unique=True)
    case = models.CharField("办件编号", max_length=32, db_index=True)
    life_event = models.CharField("一件事", max_length=60)
    person = models.CharField("本人", max_length=40, db_index=True)
    receipt = models.JSONField("签名回执")
    token = models.TextField("调用凭证")
    given = models.DateTimeField("同意时间")
    until = models.DateTimeField("有效期至")

    class Meta:
        verbose_name = verbose_name_plural = "授权同意"

    def __str__(self) -> str:
        return f"{self.number} {self.case}"


class Withdrawal(models.Model):
    """The withdrawal of a consent (撤回同意), once."""

    consent = models.OneToOneField(
        Consent, models.PROTECT, verbose_name="授权同意", related_name="withdrawal"
    )
    at = models.DateTimeField("撤回时间")

    class Meta:
        verbose_name = verbose_name_plural = "撤回同意"

    def __str__(self) -> str:
        return str(self.consent_id)


class Revocation(models.Model):
    """An entry of the feed of revocations (撤销清单); ``seq`` has the order of commits, no gap."""

    seq = models.PositiveBigIntegerField("序号", unique=True)
    kind = models.CharField("种类", max_length=10)
    ref = models.CharField("编号", max_length=80)
    until = models.DateTimeField("原定失效时间")
    at = models.DateTimeField("撤销时间")
    reason = models.TextField("理由")

    class Meta:
        verbose_name = verbose_name_plural = "撤销"

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.ref}"


class Look(models.Model):
    """One look of somebody at somebody's record, as a node logged it (谁查了我).

    ``mark`` is the node's keyed digest of the person's number, so that the table holds no number;
    ``row`` is the row of the node's own log.
    """

    node = models.CharField("节点", max_length=60)
    row = models.PositiveBigIntegerField("日志序号")
    mark = models.CharField("主体标记", max_length=64)
    at = models.DateTimeField("时间")
    call = models.CharField("调用编号", max_length=64)
    client = models.CharField("使用系统", max_length=160)
    service = models.CharField("服务", max_length=220)
    purposes = models.JSONField("用途")
    consent = models.CharField("授权同意", max_length=64)
    issue = models.CharField("办件编号", max_length=64)
    status = models.PositiveSmallIntegerField("结果")

    class Meta:
        verbose_name = verbose_name_plural = "查询记录"
        constraints = (models.UniqueConstraint(fields=["node", "row", "mark"], name="look_once"),)
        indexes = (models.Index(fields=["mark", "at"], name="look_mark"),)

    def __str__(self) -> str:
        return f"{self.node}:{self.row}"
