"""Tables of the governing part: purposes, requests and grants; none of these rows is ever deleted.

What ended keeps its row with the instant and the reason. What happened in between is on the trail.
"""

from django.db import models
from django.db.models import Q


class Counter(models.Model):
    """A number that grows by one in the order of commits, the row being the lock; or a mark."""

    name = models.CharField("名称", max_length=20, primary_key=True)
    value = models.PositiveBigIntegerField("当前值", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "计数器"

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class Purpose(models.Model):
    """A registered purpose (用途): item, legal basis, and the most it may read of each service."""

    code = models.CharField("用途代码", max_length=80, primary_key=True)
    item = models.CharField("事项", max_length=60)
    basis = models.CharField("依据类别", max_length=10)
    legal_basis = models.TextField("法定依据")
    fields = models.JSONField("各服务最大信息项")
    source = models.CharField("来源", max_length=10)
    since = models.DateTimeField("登记时间")
    ended = models.DateTimeField("终止时间", null=True)
    end_reason = models.TextField("终止理由", default="")

    class Meta:
        verbose_name = verbose_name_plural = "用途"

    def __str__(self) -> str:
        return self.code


class GrantRequest(models.Model):
    """A request for data (共享申请) and where it stands; its story is on the trail.

    ``entered`` is the day on which the present state began: the clock of that state counts from it.
    ``origin`` is the instance that sent it here and ``sent_to`` the one that must decide (empty:
    this one); ``number`` is the same at both.
    """

    number = models.CharField("申请编号", max_length=40, unique=True)
    client = models.CharField("申请系统", max_length=160)
    service = models.CharField("服务", max_length=220)
    fields = models.JSONField("信息项")
    purpose = models.CharField("用途代码", max_length=80)
    item = models.CharField("事项", max_length=60)
    basis = models.CharField("依据类别", max_length=10)
    legal_basis = models.TextField("法定依据")
    reason = models.TextField("申请理由")
    rows = models.JSONField("行过滤", default=dict)
    bulk = models.BooleanField("批量读取", default=False)
    calls = models.PositiveIntegerField("日调用量", default=0)
    records = models.PositiveIntegerField("日记录量", default=0)
    valid_until = models.DateTimeField("有效期至", null=True)
    flow_back = models.BooleanField("数据回流", default=False)

    asking = models.CharField("申请部门", max_length=60)
    provider = models.CharField("提供部门", max_length=60)
    state = models.CharField("状态", max_length=20)
    entered = models.DateField("进入当前状态日期")
    version = models.PositiveIntegerField("版本", default=0)
    told_overdue = models.CharField("已告知超期的状态", max_length=20, default="")
    asked_by = models.CharField("申请人", max_length=40)
    reviewed_by = models.CharField("审核人", max_length=40, default="")
    decided_by = models.CharField("决定人", max_length=40, default="")
    refusal = models.JSONField("不予共享的依据", default=dict)
    note = models.TextField("说明", default="")
    origin = models.CharField("来源实例", max_length=9, default="")
    sent_to = models.CharField("去向实例", max_length=9, default="")
    answered = models.BooleanField("决定已送达", default=False)
    created = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = verbose_name_plural = "共享申请"
        indexes = (
            models.Index(fields=["state", "entered"], name="request_state"),
            models.Index(fields=["provider", "state"], name="request_provider"),
            models.Index(fields=["asking", "state"], name="request_asking"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.state}"


class Grant(models.Model):
    """A grant (授权): client × fields × purpose × rows × validity × quota; ended, never deleted.

    ``ref`` is its number at the instance that gave it, empty where that is this one.
    """

    ref = models.CharField("授予实例内编号", max_length=40, default="")
    client = models.CharField("使用系统", max_length=160)
    service = models.CharField("服务", max_length=220)
    fields = models.JSONField("信息项")
    purpose = models.ForeignKey(Purpose, models.PROTECT, verbose_name="用途", related_name="grants")
    basis = models.CharField("依据类别", max_length=10)
    legal_basis = models.TextField("法定依据")
    rows = models.JSONField("行过滤", default=dict)
    bulk = models.BooleanField("批量读取", default=False)
    calls = models.PositiveIntegerField("日调用量", default=0)
    records = models.PositiveIntegerField("日记录量", default=0)
    since = models.DateTimeField("生效时间")
    until = models.DateTimeField("失效时间")
    source = models.CharField("来源", max_length=10)
    flow_back = models.BooleanField("数据回流", default=False)
    request = models.OneToOneField(
        GrantRequest, models.PROTECT, verbose_name="申请", null=True, related_name="grant"
    )
    ended = models.DateTimeField("终止时间", null=True)
    end_reason = models.TextField("终止理由", default="")

    class Meta:
        verbose_name = verbose_name_plural = "授权"
        indexes = (
            models.Index(fields=["service"], name="grant_in_force", condition=Q(ended=None)),
        )

    def __str__(self) -> str:
        return f"g{self.pk} {self.client} → {self.service}"


class SubscriptionRequest(models.Model):
    """What a client is to be sent whenever a record changes (订阅), under one grant.

    The node that serves the resource delivers; ``flow_back`` is the return of what the client's own
    region delivered upward (数据回流), corrections included.
    """

    grant = models.OneToOneField(
        Grant, models.PROTECT, verbose_name="授权", related_name="subscription"
    )
    client = models.CharField("订阅系统", max_length=160)
    service = models.CharField("服务", max_length=220)
    flow_back = models.BooleanField("数据回流", default=False)
    since = models.DateTimeField("开始时间")

    class Meta:
        verbose_name = verbose_name_plural = "订阅申请"

    def __str__(self) -> str:
        return f"{self.client} ← {self.service}"
