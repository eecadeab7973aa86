"""Tables of access: users 用户, their tokens 令牌, second factors, devices, and what is counted.

Posts and departments belong to ``apps.parties``; what a role may do is data in ``domain``. Secrets
are kept as digests, or sealed with a key that is not in the database.
"""

from django.contrib.auth.models import AbstractUser
from django.db import models

from tongban.infra.secrecy.fields import SealedJSON, SealedModel


class User(AbstractUser):
    """Someone who signs in: a citizen, an official or a system."""

    class Kind(models.TextChoices):
        CITIZEN = "citizen", "公民"
        OFFICIAL = "official", "工作人员"
        SYSTEM = "system", "系统"

    kind = models.TextField("类别", choices=Kind.choices, default=Kind.CITIZEN)
    # opaque: parties knows whom it names; empty where the user stands for no natural person
    person_id = models.TextField("主体编号", blank=True, default="", db_index=True)
    # how the person was proofed: assurance.UNPROOFED, NAMED 实名, SEEN 实人
    proof = models.PositiveSmallIntegerField("实人等级", default=0)
    # how pages look: "elder" 长辈版, "standard", or empty where it was never chosen
    view = models.CharField("页面版式", max_length=8, blank=True, default="")

    class Meta(AbstractUser.Meta):
        verbose_name = "用户"
        verbose_name_plural = "用户"


class Token(models.Model):
    """A key to the API, shown once when it was made; only its SHA-256 is kept."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name="用户", related_name="tokens")
    label = models.TextField("用途")
    digest = models.TextField("摘要", unique=True)
    scopes = models.JSONField("范围")
    # the level of assurance that whoever made the token answers for
    level = models.PositiveSmallIntegerField("认证等级", default=2)
    created = models.DateTimeField("创建时间")
    expires = models.DateTimeField("到期时间")
    revoked = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = "令牌"
        verbose_name_plural = "令牌"

    def __str__(self) -> str:
        return f"{self.label} ({self.user_id})"


class Authenticator(models.Model):
    """A second factor of a user: an authenticator app, a passkey, or one recovery code."""

    class Kind(models.TextChoices):
        CODE = "otp", "动态口令"
        PASSKEY = "pk", "通行密钥"
        RECOVERY = "rc", "恢复码"

    user = models.ForeignKey(User, models.CASCADE, related_name="authenticators")
    kind = models.TextField("种类", choices=Kind)
    label = models.TextField("名称", blank=True, default="")
    # passkey: its credential id; recovery code: its digest; app: empty
    identifier = models.TextField("标识", db_index=True, blank=True, default="")
    # passkey: public key; app: the sealed shared secret
    material = models.BinaryField("密钥材料", default=b"")
    # passkey: signature counter; app: the last 30-second step that was used
    counter = models.BigIntegerField("计数", default=0)
    created = models.DateTimeField("登记时间")
    used = models.DateTimeField("最近使用", null=True)
    confirmed = models.BooleanField("已确认", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "认证器"
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "identifier"],
                condition=~models.Q(identifier=""),
                name="authenticator_once",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(kind="otp"), name="one_app_a_user"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} ({self.user_id})"


class KnownDevice(models.Model):
    """A browser on which a user gave two factors; its cookie is kept as a digest (已登记终端)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="devices")
    digest = models.TextField("摘要", unique=True)
    label = models.TextField("名称")
    since = models.DateTimeField("登记时间")
    seen = models.DateTimeField("最近使用")

    class Meta:
        verbose_name = verbose_name_plural = "已登记终端"

    def __str__(self) -> str:
        return f"{self.label} ({self.user_id})"


class Tally(models.Model):
    """A count within a window that begins with its first event: failures, denials (计数)."""

    key = models.CharField("键", max_length=100, primary_key=True)
    began = models.DateTimeField("开始")
    count = models.PositiveIntegerField("次数")

    class Meta:
        verbose_name = verbose_name_plural = "计数"

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class Elevation(models.Model):
    """A role raised for a while, with its reason (临时提权)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="elevations")
    role = models.TextField("角色")
    reason = models.TextField("理由")
    begins = models.DateTimeField("开始时间")
    ends = models.DateTimeField("结束时间")

    class Meta:
        verbose_name = verbose_name_plural = "临时提权"

    def __str__(self) -> str:
        return f"{self.role} ({self.user_id})"


class KeptForm(SealedModel):
    """What somebody typed into a form that came after the session had ended (留存填写内容)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="kept_forms")
    # page, action, for whom it was sent, and the fields with their values
    sent = SealedJSON("内容")
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "留存填写内容"

    def __str__(self) -> str:
        return f"{self.pk} ({self.user_id})"
