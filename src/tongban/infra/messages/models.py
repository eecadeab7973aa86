"""Tables of messages: one a person and event, what went out by which channel, who wants what."""

from django.db import models
from django.db.models import Q

from tongban.infra.secrecy.fields import SealedJSON, SealedModel, SealedText


class Message(SealedModel):
    """A message in a person's inbox (站内消息): shown once an event, however often it was told."""

    person = models.CharField(max_length=40)
    event = models.UUIDField("事件编号")
    chain = models.CharField("办件编号", max_length=80)
    template = models.CharField("模板", max_length=60)
    #: the law wants it told: no choice of the person keeps it back
    must = models.BooleanField("法定告知")
    #: language → title and text, as they were when it was told; "sms" → the short text
    words = SealedJSON()
    told = models.DateTimeField("告知时间")
    read = models.DateTimeField("阅读时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        constraints = (models.UniqueConstraint(fields=["person", "event"], name="message_once"),)
        indexes = (
            models.Index(fields=["person", "-id"], name="inbox"),
            models.Index(fields=["person"], name="unread", condition=Q(read=None)),
        )

    def __str__(self) -> str:
        return f"{self.template} {self.chain}"


class Channel(SealedModel):
    """Where else a person wants to be told (通知方式); counts only once it is confirmed."""

    class Kind(models.TextChoices):
        """The ways out of the house."""

        EMAIL = "email", "电子邮件"
        SMS = "sms", "短信"

    class Wish(models.TextChoices):
        """What goes there."""

        ALL = "all", "全部"
        LAWFUL = "lawful", "仅法定告知"

    person = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind)
    wish = models.CharField(max_length=10, choices=Wish)
    lang = models.CharField(max_length=2)
    address = SealedText()
    confirmed = models.DateTimeField("确认时间", null=True)
    #: the code that was sent to the address: keyed digest, until when, tries left
    code = models.CharField(max_length=64, blank=True)
    code_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "通知方式"
        constraints = (models.UniqueConstraint(fields=["person", "kind"], name="channel_once"),)

    def __str__(self) -> str:
        return f"{self.person} {self.kind}"


class Delivery(models.Model):
    """That a message goes, went or did not go out by a channel (发送记录)."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        DROPPED = "dropped", "未发送"

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=10, choices=Channel.Kind)
    state = models.CharField(max_length=10, choices=State)
    batch = models.CharField("批次", max_length=32, blank=True)
    attempts = models.PositiveIntegerField("次数", default=0)
    at = models.DateTimeField("时间")
    error = models.CharField("原因", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "发送记录"
        constraints = (models.UniqueConstraint(fields=["message", "kind"], name="delivery_once"),)
        indexes = (
            models.Index(fields=["message", "kind"], name="to_send", condition=Q(state="waiting")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"
