"""Tables of the exchange; the database refuses to change a row that was published."""

from django.db import models


class CatalogueVersion(models.Model):
    """One published catalogue (目录版本) as JSON; its key is the version, the last is in force."""

    digest = models.CharField("摘要", max_length=64)
    content = models.TextField("内容")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = "目录版本"
        verbose_name_plural = "目录版本"

    def __str__(self) -> str:
        return f"{self.pk} {self.digest[:12]}"
