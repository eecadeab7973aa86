"""Tables of items: published definitions, never changed, and translations of their guides."""

from typing import ClassVar

from django.db import models


class Published(models.Model):
    """One frozen version of a definition (已发布版本), whole: data, flow and tables as drawn.

    ``state`` chains the digests of all rows before it, so that one short look at the last row says
    whether anything was published since.
    """

    kind = models.CharField("类别", max_length=20)
    slug = models.CharField("标识", max_length=60)
    version = models.PositiveIntegerField("版本")
    digest = models.CharField("摘要", max_length=64)
    state = models.CharField("累计摘要", max_length=64)
    content = models.TextField("内容")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = "已发布版本"
        verbose_name_plural = "已发布版本"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "slug", "version"], name="items_published_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} v{self.version}"


class Translation(models.Model):
    """A translation of one paragraph of one edition of a guide (指南译文); shown once signed."""

    of = models.CharField("类别", max_length=20)
    slug = models.CharField("标识", max_length=60)
    edition = models.PositiveIntegerField("指南版本")
    paragraph = models.CharField("段落", max_length=60)
    language = models.CharField("语言", max_length=35)
    heading = models.TextField("标题")
    text = models.TextField("正文")
    translator = models.CharField("译者", max_length=60)
    translator_id = models.CharField("译者账号", max_length=40)
    proposed_at = models.DateTimeField("提交时间")
    signed_by = models.CharField("签署人", max_length=60, blank=True)
    signed_at = models.DateTimeField("签署时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "指南译文"
        indexes: ClassVar = [
            models.Index(fields=["slug", "edition", "language"], name="items_translated")
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.paragraph} {self.language}"
