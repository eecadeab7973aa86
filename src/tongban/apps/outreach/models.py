"""Tables of outreach: months, runs and what was found of each person. Findings never change."""

from django.db import models

from tongban.infra.secrecy.fields import SealedBytes, SealedModel


class Month(SealedModel):
    """A month of a policy (发放月份); its secret ``salt`` turns people into references.

    ``suite`` is the one that they are made with: a month keeps it, so that nobody is paid twice.
    """

    policy = models.CharField("政策", max_length=60)
    period = models.CharField("月份", max_length=7)
    suite = models.CharField("算法套件", max_length=10, default="std")
    salt = SealedBytes("盐")

    class Meta:
        verbose_name = verbose_name_plural = "发放月份"
        constraints = (models.UniqueConstraint(fields=["policy", "period"], name="month_once"),)

    def __str__(self) -> str:
        return f"{self.policy} {self.period}"


class Run(models.Model):
    """One walk of a policy over its people (执行批次); unfinished where it was cut short."""

    number = models.CharField("批次编号", max_length=40, primary_key=True)
    month = models.ForeignKey(Month, models.PROTECT, related_name="runs")
    version = models.PositiveIntegerField("政策版本")
    actor = models.CharField("执行人", max_length=60)
    started = models.DateTimeField("开始")
    finished = models.DateTimeField("结束", null=True)
    calls = models.PositiveIntegerField("调用次数", default=0)
    problem = models.TextField("未完成原因", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "执行批次"

    def __str__(self) -> str:
        return self.number


class Finding(models.Model):
    """What a run found of one person, who is a reference here and not a number.

    ``said`` is the reason of a grant or an exclusion, or the questions of an unknown.
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="findings")
    person = models.CharField("对象", max_length=32)
    shown = models.CharField("脱敏", max_length=40)
    status = models.CharField("结论", max_length=16)
    cause = models.CharField("待核实原因", max_length=16, blank=True)
    rules = models.CharField("命中规则", max_length=400, blank=True)
    amount_fen = models.PositiveBigIntegerField("金额（分）", null=True)
    facts = models.CharField("缺少的数据项", max_length=400, blank=True)
    departments = models.CharField("可核实的部门", max_length=200, blank=True)
    said_zh = models.TextField("说明", blank=True)
    said_en = models.TextField("说明（英文）", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "人员结论"
        constraints = (models.UniqueConstraint(fields=["run", "person"], name="found_once"),)

    def __str__(self) -> str:
        return f"{self.run_id} {self.shown} {self.status}"
