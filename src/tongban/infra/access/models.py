"""Tables of access: users 用户 and their tokens 令牌.

Posts and departments belong to ``apps.parties``; what a role may do is data in ``domain``. A token
is kept as its digest only.
"""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Someone who signs in: a citizen, an official or a system."""

    class Kind(models.TextChoices):
        CITIZEN = "citizen", "公民"
        OFFICIAL = "official", "工作人员"
        SYSTEM = "system", "系统"

    kind = models.TextField("类别", choices=Kind.choices, default=Kind.CITIZEN)
    # opaque: parties knows whom it names; empty where the user stands for no natural person
    person_id = models.TextField("主体编号", blank=True, default="", db_index=True)

    class Meta(AbstractUser.Meta):
        verbose_name = "用户"
        verbose_name_plural = "用户"


class Token(models.Model):
    """A key to the API, shown once when it was made; only its SHA-256 is kept."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="用户", related_name="tokens")
    label = models.TextField("用途")
    digest = models.TextField("摘要", unique=True)
    scopes = models.JSONField("范围")
    created = models.DateTimeField("创建时间")
    expires = models.DateTimeField("到期时间")
    revoked = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = "令牌"
        verbose_name_plural = "令牌"

    def __str__(self) -> str:
        return f"{self.label} ({self.user_id})"
