"""The table of data keys 数据密钥, each wrapped by a master key that lies outside the database.

Every sealed row points at its key, so that the database itself refuses to let a key go while one
value is left under it.
"""

from django.db import models
from django.db.models import Q


class Key(models.Model):
    """A data key; ``wrapped`` opens only with the master key named in ``master``."""

    class State(models.TextChoices):
        """One key seals; those before it only open, until no value is left under them."""

        CURRENT = "current", "在用"
        ENDING = "ending", "停止加密"

    number = models.PositiveIntegerField("编号", primary_key=True)
    suite = models.CharField("算法套件", max_length=10)
    master = models.CharField("主密钥", max_length=100)
    wrapped = models.TextField("密钥密文")
    state = models.CharField("状态", max_length=10, choices=State)
    since = models.DateTimeField("启用时间")
    ended = models.DateTimeField("停用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "数据密钥"
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="current"), name="one_current_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.suite} {self.state}"
