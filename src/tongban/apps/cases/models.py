"""Tables of cases: a cache of the fold, a row a branch for queues, uploads and payment orders."""

from datetime import date

from django.db import models
from django.db.models import Q

from tongban.infra.secrecy.fields import (
    MarkField,
    SealedBytes,
    SealedJSON,
    SealedModel,
    SealedText,
)


class Case(SealedModel):
    """A case (办件). ``state`` caches the fold of its events; the trail is the truth."""

    number = models.CharField("办件编号", max_length=32, primary_key=True)
    life_event = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    applicant = models.CharField(max_length=40, db_index=True)
    submitted = models.DateTimeField()
    state = SealedJSON()
    sequence = models.PositiveIntegerField()
    ended = models.BooleanField(default=False)
    # When somebody must look again: a retry, a timer, a legal term, or work cut short by a crash.
    wake_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "办件"
        # Most cases have ended or wait for a person: only those that time moves stand in the index.
        indexes = (
            models.Index(fields=["wake_at"], name="wake", condition=Q(wake_at__isnull=False)),
            # what a new version of a life event would meet
            models.Index(fields=["life_event"], name="open_of_event", condition=Q(ended=False)),
        )

    def __str__(self) -> str:
        return self.number


class BranchRow(models.Model):
    """Where a branch stands, for queues and lists."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="rows")
    item = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    department = models.CharField(max_length=40)
    stage = models.CharField(max_length=16)
    post = models.CharField("待办岗位", max_length=20, blank=True)
    due = models.DateField("承诺办结日", null=True)
    # the day that the desk works towards; what has none comes last
    rank = models.DateField("排序日", default=date.max)
    claimed_by = models.CharField("认领人", max_length=20, blank=True)
    claimed_until = models.DateTimeField("认领至", null=True)
    # the promised day of which the applicant was told that it is near
    warned = models.DateField("临期提醒", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "办件分支"
        constraints = (models.UniqueConstraint(fields=["case", "item"], name="branch_once"),)
        # Most branches wait for nobody: only work that somebody must do stands in the index.
        indexes = (
            models.Index(
                fields=["department", "post", "rank", "id"], name="queue", condition=~Q(post="")
            ),
            models.Index(
                fields=["department", "post", "item", "rank", "id"],
                name="queue_of_item",
                condition=~Q(post=""),
            ),
            models.Index(
                fields=["department", "post", "stage", "rank", "id"],
                name="queue_of_stage",
                condition=~Q(post=""),
            ),
            # little is in anybody's hands: both filters of claims walk through that alone
            models.Index(
                fields=["department", "post", "rank", "id"],
                name="queue_in_hand",
                condition=~Q(post="") & ~Q(claimed_by=""),
            ),
            models.Index(
                fields=["claimed_by", "rank", "id"], name="in_hand", condition=~Q(claimed_by="")
            ),
            models.Index(
                fields=["due"], name="due_soon", condition=Q(stage__in=["processing", "reconfirm"])
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.item}"


class Document(SealedModel):
    """An uploaded material (申请材料), known by its digest: ``sha-256:<hex>`` or ``sm3:<hex>``.

    ``seen`` is what a look at the file by itself found (材料预检), where it was looked at.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="documents")
    material = models.CharField(max_length=60)
    filename = SealedText()
    media_type = models.CharField(max_length=60)
    digest = SealedText()
    content = SealedBytes()
    seen = SealedJSON("预检", null=True)
    received = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "申请材料"

    def __str__(self) -> str:
        return f"{self.case_id} {self.material}"


class FirstPage(SealedModel):
    """The first page of a PDF as a picture (首页预览), made once a content: known by its digest.

    ``reason`` says why there is none, else it is empty and ``content`` is the picture.
    """

    digest = SealedText("摘要")
    digest_mark = MarkField(of="digest")
    reason = models.CharField("无预览原因", max_length=12, blank=True)
    content = SealedBytes()
    made = models.DateTimeField("制作时间")

    class Meta:
        verbose_name = verbose_name_plural = "首页预览"
        constraints = (models.UniqueConstraint(fields=["digest_mark"], name="first_page_once"),)

    def __str__(self) -> str:
        return f"{self.pk}"


class ApplicationDraft(SealedModel):
    """An application that was begun and not sent yet (草稿): one a person, company and life event.

    ``answers`` maps a fact to what was typed and the version that wrote it. Once sent it is empty
    and names its ``case``, so that sending it again finds that one.
    """

    number = models.CharField("草稿编号", max_length=32, primary_key=True)
    person = models.CharField(max_length=40)
    company = models.CharField("代表的企业", max_length=18, blank=True)
    life_event = models.CharField(max_length=60)
    answers = SealedJSON()
    version = models.PositiveIntegerField()
    saved = models.DateTimeField()
    ends = models.DateTimeField("保留至")
    told = models.DateTimeField("到期提醒", null=True)
    case = models.CharField("办件编号", max_length=32, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "草稿"
        constraints = (
            models.UniqueConstraint(
                fields=["person", "company", "life_event"],
                condition=Q(case=""),
                name="one_draft",
            ),
        )
        indexes = (models.Index(fields=["ends"], name="draft_ends"),)

    def __str__(self) -> str:
        return self.number


class DraftDocument(SealedModel):
    """A material that was uploaded to a draft (草稿材料)."""

    draft = models.ForeignKey(ApplicationDraft, models.CASCADE, related_name="documents")
    material = models.CharField(max_length=60)
    filename = SealedText()
    media_type = models.CharField(max_length=60)
    digest = SealedText()
    content = SealedBytes()
    seen = SealedJSON("预检", null=True)
    received = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "草稿材料"
        constraints = (
            models.UniqueConstraint(fields=["draft", "material"], name="draft_material_once"),
        )

    def __str__(self) -> str:
        return f"{self.draft_id} {self.material}"


class Prefill(SealedModel):
    """What departments said for a draft before it is sent (预填), until it is sent or goes.

    ``case`` is the number that the case will have: the consent and the calls bear it already.
    ``held`` are the facts as they were read, what is doubted of them and how many calls were made;
    ``panel`` the digest of the consent panel that was agreed to. ``until`` the page waits.
    """

    draft = models.OneToOneField(
        ApplicationDraft, models.CASCADE, primary_key=True, related_name="prefill"
    )
    case = models.CharField("办件编号", max_length=32, unique=True)
    panel = models.CharField(max_length=64)
    read = models.DateTimeField("读取时间")
    until = models.DateTimeField("等待至")
    done = models.BooleanField()
    rounds = models.PositiveSmallIntegerField("读取次数")
    sequence = models.PositiveIntegerField()
    held = SealedJSON()

    class Meta:
        verbose_name = verbose_name_plural = "预填数据"

    def __str__(self) -> str:
        return f"{self.case}"


class PrefillLook(models.Model):
    """That facts were read for a draft (谁查了我); it outlives the draft and holds no value."""

    case = models.CharField("办件编号", max_length=32, primary_key=True)
    person = models.CharField(max_length=40, db_index=True)
    life_event = models.CharField(max_length=60)
    begun = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "预填读取"

    def __str__(self) -> str:
        return self.case


class CalendarInForce(models.Model):
    """The official calendar (工作日历) that open clocks were last derived from."""

    days = models.JSONField()
    since = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "工作日历"

    def __str__(self) -> str:
        return f"{self.since}"


class Given(SealedModel):
    """The result of an item that was given for a subject (一事一办): no second case gives it.

    ``subject`` are the facts that the item names under ``once``, in canonical JSON. ``digest`` is
    what rows of before sealing had in its place, their SHA-256, until they are met again.
    """

    item = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, null=True)
    subject = SealedText(null=True)
    subject_mark = MarkField(of="subject")
    case = models.CharField("办件编号", max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "已办结果"
        constraints = (models.UniqueConstraint(fields=["item", "subject_mark"], name="given_once"),)

    def __str__(self) -> str:
        return f"{self.item} {self.case}"


class Archived(models.Model):
    """The archive package of a closed case (电子档案): where it lies, and until when it is kept."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="archived")
    place = models.CharField("存放位置", max_length=200)
    sha256 = models.CharField("摘要", max_length=64)
    written = models.DateTimeField("归档时间")
    keep_until = models.DateField("保管期限至", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "电子档案"

    def __str__(self) -> str:
        return self.place


class PaymentOrder(SealedModel):
    """Money that government owes a person (拨付指令), once per reference; amounts in fen."""

    reference = models.CharField(max_length=120, primary_key=True)
    payee = SealedText()
    account = SealedText()
    amount_fen = models.PositiveBigIntegerField()
    department = models.CharField(max_length=40)
    ordered = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "拨付指令"

    def __str__(self) -> str:
        return self.reference


class Notice(SealedModel):
    """The notice of a decision (决定书): a PDF under the seal of the department that decided."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="notices")
    item = models.CharField(max_length=60)
    digest = SealedText("摘要")
    content = SealedBytes()
    made = models.DateTimeField("制作时间")

    class Meta:
        verbose_name = verbose_name_plural = "决定书"
        constraints = (models.UniqueConstraint(fields=["case", "item"], name="notice_once"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.item}"


class Signature(SealedModel):
    """A signature or seal beside a document of a case (签名声明), ``digest`` the document's.

    ``statement`` is the file that goes into bundles; ``signed_by`` the id of the key.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="signatures")
    role = models.CharField(max_length=12)
    signed_by = models.CharField("密钥标识", max_length=120)
    digest = SealedText("文件摘要")
    statement = SealedBytes()
    made = models.DateTimeField("签名时间")

    class Meta:
        verbose_name = verbose_name_plural = "签名声明"

    def __str__(self) -> str:
        return f"{self.case_id} {self.signed_by}"
