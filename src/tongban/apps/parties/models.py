"""Tables of parties: who takes part in government's business, and in which post."""

from django.conf import settings
from django.db import models
from oauth2_provider.models import AbstractApplication

from tongban.infra.secrecy.fields import MarkField, SealedModel, SealedText


class Department(models.Model):
    """A government department (部门), known by its key in the region pack."""

    key = models.CharField(max_length=40, primary_key=True)
    uscc = models.CharField("统一社会信用代码", max_length=18)
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=200)
    region = models.CharField("行政区划", max_length=12)

    class Meta:
        verbose_name = verbose_name_plural = "部门"

    def __str__(self) -> str:
        return self.name_zh


class Post(models.Model):
    """An official's post (岗位) in a department: what access.judge knows of a person's powers."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="posts")
    department = models.ForeignKey(Department, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=20)

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        constraints = (
            models.UniqueConstraint(fields=["user", "department", "role"], name="post_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.department} · {self.role}"


class Person(SealedModel):
    """A natural person (自然人) who has an account; number and name are sealed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="person"
    )
    id_number = SealedText("公民身份号码")
    id_number_mark = MarkField("公民身份号码盲索引", of="id_number", unique=True)
    name = SealedText("姓名")

    class Meta:
        verbose_name = verbose_name_plural = "自然人"

    def __str__(self) -> str:
        return str(self.name)


class Relation(models.Model):
    """A family tie (家庭关系): ``kind`` holds from ``person`` to ``other``."""

    class Kind(models.TextChoices):
        """Ties that a life event can use."""

        SPOUSE = "spouse", "配偶"
        PARENT = "parent", "父母"
        GUARDIAN = "guardian", "监护人"

    person = models.ForeignKey(Person, models.CASCADE, related_name="relations")
    other = models.ForeignKey(Person, models.CASCADE, related_name="related")
    kind = models.CharField(max_length=10, choices=Kind)

    class Meta:
        verbose_name = verbose_name_plural = "家庭关系"
        constraints = (
            models.UniqueConstraint(fields=["person", "other", "kind"], name="relation_once"),
        )

    def __str__(self) -> str:
        return f"{self.person} {self.kind} {self.other}"


class Company(models.Model):
    """A legal person (法人) known by its unified social credit code."""

    uscc = models.CharField("统一社会信用代码", max_length=18, primary_key=True)
    name = models.CharField("名称", max_length=100)
    representative = models.ForeignKey(
        Person, models.PROTECT, related_name="represents", verbose_name="法定代表人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "法人"

    def __str__(self) -> str:
        return self.name


class Delegation(models.Model):
    """One acts for another (代理): by whom made, over what, until when; ended, never deleted."""

    number = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField("种类", max_length=10)
    principal = models.ForeignKey(
        Person, models.PROTECT, related_name="delegations", verbose_name="被代理人"
    )
    # a company's agent: the principal is its representative
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="delegations")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="acts_for", verbose_name="代理人"
    )
    actions = models.JSONField("权限")
    events = models.JSONField("事项")
    basis = models.TextField("依据文书", blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人"
    )
    department = models.CharField("办理部门", max_length=40, blank=True, default="")
    begins = models.DateTimeField("开始时间")
    ends = models.DateTimeField("结束时间")
    ended = models.DateTimeField("终止时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "代理关系"

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class ForeignAccount(models.Model):
    """Somebody at a foreign provider who signs in as a user here (第三方账户)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="foreign_accounts"
    )
    issuer = models.CharField("签发方", max_length=255)
    subject = models.CharField("主体", max_length=255)
    since = models.DateTimeField("关联时间")

    class Meta:
        verbose_name = verbose_name_plural = "第三方账户"
        constraints = (
            models.UniqueConstraint(fields=["issuer", "subject"], name="foreign_account_once"),
        )

    def __str__(self) -> str:
        return f"{self.issuer} ({self.user_id})"


class Client(AbstractApplication):  # type: ignore[misc]  # the toolkit has no types
    """A system that people sign in to through this installation (接入系统)."""

    # whose systems know a person by the same pairwise name: the key of a department
    sector = models.CharField("所属部门", max_length=60)
    scopes = models.JSONField("范围")
    # the toolkit's own field: a client belongs to a department, and to nobody's account
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "接入系统"

    def __str__(self) -> str:
        return str(self.name)


class EndedPost(models.Model):
    """A post that somebody ended (已免岗位): a pack that names it does not bring it back."""

    login = models.CharField("账号", max_length=150)
    department = models.CharField("部门", max_length=60)
    role = models.CharField("角色", max_length=20)
    ended_at = models.DateTimeField("免去时间")

    class Meta:
        verbose_name = verbose_name_plural = "已免岗位"
        constraints = (
            models.UniqueConstraint(fields=["login", "department", "role"], name="ended_post_once"),
        )

    def __str__(self) -> str:
        return f"{self.login} · {self.department} · {self.role}"
