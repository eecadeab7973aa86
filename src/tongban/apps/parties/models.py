"""Tables of parties: who takes part in government's business, and in which post."""

from django.conf import settings
from django.db import models
from oauth2_provider.models import AbstractApplication


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


class Person(models.Model):
    """A natural person (自然人) who has an account."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="person"
    )
    id_number = models.CharField("公民身份号码", max_length=18, unique=True)
    name = models.CharField("姓名", max_length=50)

    class Meta:
        verbose_name = verbose_name_plural = "自然人"

    def __str__(self) -> str:
        return self.name


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
