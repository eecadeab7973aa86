"""Tables of items: published definitions, never changed, and translations of their guides."""

from typing import ClassVar

from django.db import models


class Published(models.Model):
    """One frozen version of a definition (已发布版本), whole: data, flow and tables as drawn.

    ``state`` chains the digests of all rows before it, so that one short look at the last row says
    whether anything was published since.
    """

    kind = models.CharField("类别", max_length=20)
    slug = models.CharField("标识", max_length=60)
    version = models.PositiveIntegerField("版本")
    digest = models.CharField("摘要", max_length=64)
    state = models.CharField("累计摘要", max_length=64)
    content = models.TextField("内容")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = "已发布版本"
        verbose_name_plural = "已发布版本"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "slug", "version"], name="items_published_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug} v{self.version}"


class Translation(models.Model):
    """A translation of one piece of one edition of a guide (指南译文); shown once signed.

    ``source`` is the digest of the Chinese words it is of; empty in rows older than the digest.
    """

    of = models.CharField("类别", max_length=20)
    slug = models.CharField("标识", max_length=60)
    edition = models.PositiveIntegerField("指南版本")
    paragraph = models.CharField("段落", max_length=60)
    language = models.CharField("语言", max_length=35)
    source = models.CharField("原文摘要", max_length=64, blank=True)
    heading = models.TextField("标题")
    text = models.TextField("正文")
    translator = models.CharField("译者", max_length=60)
    translator_id = models.CharField("译者账号", max_length=40)
    proposed_at = models.DateTimeField("提交时间")
    signed_by = models.CharField("签署人", max_length=60, blank=True)
    signed_at = models.DateTimeField("签署时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "指南译文"
        indexes: ClassVar = [
            models.Index(fields=["slug", "edition", "language"], name="items_translated")
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.paragraph} {self.language}"


class WorkshopDraft(models.Model):
    """A draft of changes to one region pack (工作台草稿); ``closed`` says how it ended."""

    pack = models.CharField("区域包", max_length=60)
    title = models.CharField("标题", max_length=200)
    department = models.CharField("部门", max_length=60)
    opened_by = models.CharField("建立人账号", max_length=40)
    opened_by_name = models.CharField("建立人", max_length=60)
    opened_at = models.DateTimeField("建立时间")
    closed = models.CharField("结束方式", max_length=12, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "工作台草稿"

    def __str__(self) -> str:
        return f"{self.pk} {self.title}"


class WorkshopEdit(models.Model):
    """One text that a draft gave a file (编辑记录); the newest of a path counts, None removes it.

    ``base`` is the digest of the text in force over which the draft began to write.
    """

    draft = models.ForeignKey(WorkshopDraft, models.CASCADE, related_name="edits")
    path = models.CharField("文件", max_length=120)
    text = models.TextField("内容", null=True)
    base = models.CharField("所依据内容的摘要", max_length=64, blank=True)
    edited_by = models.CharField("编辑人账号", max_length=40)
    edited_at = models.DateTimeField("编辑时间")

    class Meta:
        verbose_name = verbose_name_plural = "编辑记录"
        indexes: ClassVar = [models.Index(fields=["draft", "path"], name="items_edited")]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.path}"


class PackText(models.Model):
    """A pack's text published from a draft (已发布的包文件), laid over the folder's file.

    The newest of a path counts; ``base`` is the digest of the folder's text at that moment.
    """

    pack = models.CharField("区域包", max_length=60)
    path = models.CharField("文件", max_length=120)
    text = models.TextField("内容", null=True)
    base = models.CharField("所覆盖内容的摘要", max_length=64, blank=True)
    draft = models.ForeignKey(WorkshopDraft, models.PROTECT, related_name="published_texts")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = verbose_name_plural = "已发布的包文件"
        indexes: ClassVar = [models.Index(fields=["pack", "path"], name="items_overlaid")]

    def __str__(self) -> str:
        return f"{self.pack}/{self.path}"
