"""Tables of licences: what was issued to whom, and the numbers that were given out."""

from django.db import models


class Serial(models.Model):
    """A running number; its row id is unique under any number of writers."""

    taken = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "流水号"

    def __str__(self) -> str:
        return str(self.pk)


class AssignedNumber(models.Model):
    """A number that government gave to a person or a company, once (赋码)."""

    kind = models.CharField(max_length=20)
    scope = models.CharField(max_length=40)
    ordinal = models.PositiveIntegerField()
    number = models.CharField(max_length=40, unique=True)
    case = models.CharField(max_length=32)
    item = models.CharField(max_length=60)

    class Meta:
        verbose_name = verbose_name_plural = "赋码"
        constraints = (
            models.UniqueConstraint(fields=["kind", "scope", "ordinal"], name="ordinal_once"),
            models.UniqueConstraint(fields=["case", "item", "kind"], name="assigned_once"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} {self.ordinal}"


class Licence(models.Model):
    """An electronic licence (电子证照): content is frozen, state moves forward only."""

    class State(models.TextChoices):
        """Life of a licence."""

        VALID = "valid", "有效"
        SUPERSEDED = "superseded", "已被替代"
        REVOKED = "revoked", "已注销"

    identifier = models.CharField("电子证照标识", max_length=100, unique=True)
    number = models.CharField("证照编号", max_length=40)
    kind = models.CharField(max_length=60)
    kind_version = models.PositiveIntegerField()
    department = models.CharField(max_length=40)
    holder = models.CharField("持证主体", max_length=18, db_index=True)
    case = models.CharField(max_length=32)
    item = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    content = models.JSONField()
    issued = models.DateTimeField()
    valid_until = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.VALID)
    state_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "电子证照"
        constraints = (
            # the last line of defence of "each licence is issued exactly once"
            models.UniqueConstraint(
                fields=["case", "item", "kind", "version"], name="licence_once"
            ),
        )

    def __str__(self) -> str:
        return self.identifier
