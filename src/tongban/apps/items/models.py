"""The table of published definitions; the database refuses to change or drop a row."""

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
