"""Tables of ratings: the rating is never changed, its words are sealed beside it."""

from django.db import models
from django.db.models import Q

from tongban.infra.secrecy.fields import SealedModel, SealedText


class Rating(models.Model):
    """A rating (评价) of one decided item of a case; the database refuses to change it."""

    case = models.CharField("办件编号", max_length=32)
    item = models.CharField(max_length=60)
    item_version = models.PositiveIntegerField()
    department = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField("等级")
    tags = models.JSONField("标签")
    tags_version = models.PositiveIntegerField("标签版本")
    anonymous = models.BooleanField("匿名")
    rated = models.DateTimeField("评价时间")

    class Meta:
        verbose_name = verbose_name_plural = "评价"
        constraints = (
            models.UniqueConstraint(fields=["case", "item"], name="rated_once"),
            models.CheckConstraint(condition=Q(level__range=(1, 5)), name="five_levels"),
        )
        indexes = (
            models.Index(fields=["department", "-id"], name="rated_department"),
            models.Index(fields=["item", "level"], name="rated_item"),
            models.Index(fields=["department", "level"], name="rated_level"),
        )

    def __str__(self) -> str:
        return f"{self.item} {self.level}"


class CallBack(SealedModel):
    """That a low rating is to be called back (差评回访), and what came of it.

    ``due`` is None where the calendar does not reach that far yet.
    """

    rating = models.OneToOneField(
        Rating, models.PROTECT, primary_key=True, related_name="call_back"
    )
    department = models.CharField(max_length=40)
    due = models.DateField("回访期限", null=True)
    closed = models.DateTimeField("回访时间", null=True)
    closed_by = models.CharField(max_length=40, blank=True)
    how = models.CharField("方式", max_length=12, blank=True)
    found = SealedText("核实情况", null=True)
    mended = models.BooleanField("已整改", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "差评回访"
        indexes = (
            models.Index(
                fields=["department", "due"], name="to_call_back", condition=Q(closed__isnull=True)
            ),
        )

    def __str__(self) -> str:
        return str(self.rating_id)


class Said(SealedModel):
    """What a person wrote with a rating (评价内容)."""

    rating = models.OneToOneField(Rating, models.PROTECT, related_name="said")
    words = SealedText()

    class Meta:
        verbose_name = verbose_name_plural = "评价内容"

    def __str__(self) -> str:
        return str(self.rating_id)
