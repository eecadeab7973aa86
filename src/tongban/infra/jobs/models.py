"""When each periodic job is due next; the queue itself is the table of django-tasks-db."""

from django.db import models


class Due(models.Model):
    """The next run of a periodic job 定时任务."""

    name = models.TextField("任务", primary_key=True)
    at = models.DateTimeField("下次运行")

    class Meta:
        verbose_name = "定时任务"
        verbose_name_plural = "定时任务"

    def __str__(self) -> str:
        return f"{self.name} @ {self.at}"
