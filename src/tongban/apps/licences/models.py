"""Tables of licences: what was issued to whom, its credentials and states, numbers given out."""

from django.db import models

from tongban.infra.secrecy.fields import MarkField, SealedJSON, SealedModel, SealedText


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


class Licence(SealedModel):
    """An electronic licence (电子证照): content is frozen, state moves.

    ``keeper`` is the person (id of parties) who may show it for a holder that has no account: a
    parent, a company's representative. ``flagged`` says why somebody must look at it again.
    """

    class State(models.TextChoices):
        """Life of a licence."""

        VALID = "valid", "有效"
        SUSPENDED = "suspended", "已暂停"
        SUPERSEDED = "superseded", "已被替代"
        REVOKED = "revoked", "已注销"

    identifier = models.CharField("电子证照标识", max_length=100, unique=True)
    number = models.CharField("证照编号", max_length=40)
    kind = models.CharField(max_length=60)
    kind_version = models.PositiveIntegerField()
    department = models.CharField(max_length=40)
    holder = SealedText("持证主体")
    holder_mark = MarkField("持证主体盲索引", of="holder", db_index=True)
    keeper = models.CharField("代持人", max_length=40, db_index=True, blank=True)
    case = models.CharField(max_length=32)
    item = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    content = SealedJSON()
    issued = models.DateTimeField()
    valid_until = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.VALID)
    state_reason = models.CharField(max_length=200, blank=True)
    flagged = models.CharField("待核查", max_length=200, blank=True)
    rests_on = models.ManyToManyField("self", symmetrical=False, related_name="descendants")

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


class Credential(SealedModel):
    """A licence signed for one key (可验证凭证); ``serial`` decides its place in the status lists.

    ``text`` is kept only where the installation keeps the key for the holder; a wallet keeps its
    own. ``holder_key`` is the thumbprint.
    """

    serial = models.PositiveBigIntegerField(unique=True)
    licence = models.ForeignKey(Licence, models.PROTECT, related_name="credentials")
    holder_key = models.CharField(max_length=43)
    text = SealedText(null=True)
    issued = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "可验证凭证"
        constraints = (
            models.UniqueConstraint(fields=["licence", "holder_key"], name="bound_once"),
        )

    def __str__(self) -> str:
        return f"{self.licence_id} {self.holder_key}"


class StatusList(models.Model):
    """A status list (状态列表): ``mark`` is another one after each change of a state in it."""

    number = models.PositiveIntegerField(primary_key=True)
    mark = models.CharField(max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "状态列表"

    def __str__(self) -> str:
        return str(self.number)


class Showing(models.Model):
    """A presentation that waits behind a short-lived link (亮证): which claims, until when.

    What is shown is composed when it is looked at, and never kept. ``digest`` is of the link's
    secret.
    """

    digest = models.CharField(max_length=43, primary_key=True)
    credential = models.ForeignKey(Credential, models.CASCADE)
    names = models.JSONField()
    looks = models.PositiveSmallIntegerField(default=0)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "亮证"

    def __str__(self) -> str:
        return self.digest


class Offer(models.Model):
    """An offer to put a licence into a wallet (OpenID4VCI); ``token`` once its code was used."""

    code = models.CharField(max_length=43, primary_key=True)
    pin = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    token = models.CharField(max_length=43, unique=True, null=True)
    licence = models.ForeignKey(Licence, models.CASCADE)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "凭证领取"

    def __str__(self) -> str:
        return self.code


class Question(SealedModel):
    """What a counter asks a wallet to show (OpenID4VP); ``answer`` is what was verified.

    The wallet knows ``state``; only who asked knows the secret whose digest is kept.
    """

    state = models.CharField(max_length=43, primary_key=True)
    secret = models.CharField(max_length=43, unique=True)
    asker = models.CharField(max_length=40)
    nonce = models.CharField(max_length=60)
    query = models.JSONField()
    answer = SealedJSON(null=True)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "核验请求"

    def __str__(self) -> str:
        return self.state
