"""Tables of the catalogue (政务信息资源目录); what was published is kept and never changed.

`CatalogueVersion` is what plans are made of, frozen whole. `Resource` and `DataItem` hold the
registry as it stands; each published state of a resource is a `ResourceVersion` for good.
"""

from django.db import models


class CatalogueVersion(models.Model):
    """One published catalogue (目录版本) as JSON; its key is the version, the last is in force."""

    digest = models.CharField("摘要", max_length=64)
    content = models.TextField("内容")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = "目录版本"
        verbose_name_plural = "目录版本"

    def __str__(self) -> str:
        return f"{self.pk} {self.digest[:12]}"


class Peer(models.Model):
    """A catalogue that is harvested (目录汇聚): of another instance, or any in DCAT."""

    name = models.CharField("名称", max_length=60, unique=True)
    address = models.TextField("地址")
    enabled = models.BooleanField("启用", default=True)
    harvested_at = models.DateTimeField("最近汇聚", null=True)
    outcome = models.TextField("最近结果", default="")

    class Meta:
        verbose_name = "汇聚来源"
        verbose_name_plural = "汇聚来源"

    def __str__(self) -> str:
        return f"{self.name} {self.address}"


class Resource(models.Model):
    """A data resource (政务信息资源) with the metadata of the catalogue guide and our own.

    What each column may hold is said by ``domain.registry``. ``origin`` and ``origin_id`` name the
    instance that owns the record and its number there; ``path`` the instances it came through.
    """

    class Source(models.TextChoices):
        """Who may change the record: a pack's author, its department, nobody here."""

        PACK = "pack", "区域包"
        REGISTERED = "registered", "登记"
        HARVESTED = "harvested", "汇聚"

    class State(models.TextChoices):
        """Where a record stands."""

        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"
        WITHDRAWN = "withdrawn", "已撤回"

    slug = models.CharField("标识", max_length=60, unique=True)
    source = models.CharField("来源方式", max_length=10, choices=Source)
    origin = models.CharField("所属实例", max_length=200)
    origin_id = models.CharField("所属实例内编号", max_length=600)
    iri = models.CharField("统一标识", max_length=600, unique=True)
    path = models.JSONField("汇聚路径", default=list)
    peer = models.ForeignKey(
        Peer, models.PROTECT, verbose_name="汇聚来源", null=True, related_name="resources"
    )

    code = models.CharField("资源代码", max_length=60)
    classes = models.JSONField("信息资源分类（项、目、细目）", default=list)
    name_zh = models.TextField("名称")
    name_en = models.TextField("英文名称")
    abstract_zh = models.TextField("摘要")
    abstract_en = models.TextField("英文摘要")
    department = models.CharField("提供方", max_length=60)
    department_uscc = models.CharField("提供方代码", max_length=18)
    department_zh = models.TextField("提供方名称")
    department_en = models.TextField("提供方英文名称")
    lead = models.CharField("数源部门", max_length=60)
    lead_uscc = models.CharField("数源部门代码", max_length=18)
    lead_zh = models.TextField("数源部门名称")
    lead_en = models.TextField("数源部门英文名称")
    format = models.CharField("格式", max_length=20)
    kind = models.CharField("主体类别", max_length=60)
    sharing = models.CharField("共享类型", max_length=20)
    condition_zh = models.TextField("共享条件")
    condition_en = models.TextField("共享条件英文")
    mode = models.CharField("共享方式", max_length=20)
    open = models.CharField("开放属性", max_length=20)
    update_cycle = models.CharField("更新周期", max_length=20)
    published_on = models.DateField("发布日期", null=True)
    related = models.JSONField("关联资源代码", default=list)
    source_item = models.CharField("来源事项", max_length=60)
    classification = models.CharField("数据级别", max_length=2)
    quality = models.JSONField("质量承诺", default=dict)
    base_library = models.CharField("基础库", max_length=20)
    region = models.CharField("行政区划", max_length=6)
    level = models.CharField("层级", max_length=10)

    state = models.CharField("状态", max_length=10, choices=State)
    version = models.PositiveIntegerField("版本", default=0)
    digest = models.CharField("摘要", max_length=64, default="")
    modified = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = "信息资源"
        verbose_name_plural = "信息资源"
        constraints = (
            models.UniqueConstraint(fields=["origin", "origin_id"], name="resource_origin_once"),
        )
        indexes = (
            models.Index(fields=["state", "modified", "id"], name="resource_modified"),
            models.Index(fields=["department", "state"], name="resource_department"),
            models.Index(fields=["base_library", "state"], name="resource_library"),
        )

    def __str__(self) -> str:
        return f"{self.slug} {self.name_zh}"


class DataItem(models.Model):
    """One item of a resource (信息项), in its place."""

    resource = models.ForeignKey(
        Resource, models.CASCADE, verbose_name="信息资源", related_name="items"
    )
    place = models.PositiveSmallIntegerField("序号")
    name = models.CharField("标识", max_length=60)
    label_zh = models.TextField("名称")
    label_en = models.TextField("英文名称")
    type = models.CharField("数据类型", max_length=10)
    classification = models.CharField("数据级别", max_length=2)
    mask = models.CharField("脱敏规则", max_length=20)
    key = models.BooleanField("检索键")
    lead = models.BooleanField("一数一源")

    class Meta:
        verbose_name = "信息项"
        verbose_name_plural = "信息项"
        constraints = (models.UniqueConstraint(fields=["resource", "name"], name="data_item_once"),)
        ordering = ("resource", "place")

    def __str__(self) -> str:
        return f"{self.resource_id}.{self.name}"


class ResourceVersion(models.Model):
    """One published state of a resource (资源版本) as canonical JSON; rows are added only."""

    resource = models.ForeignKey(
        Resource, models.PROTECT, verbose_name="信息资源", related_name="versions"
    )
    version = models.PositiveIntegerField("版本")
    state = models.CharField("状态", max_length=10)
    digest = models.CharField("摘要", max_length=64)
    content = models.TextField("内容")
    published_at = models.DateTimeField("发布时间")

    class Meta:
        verbose_name = "资源版本"
        verbose_name_plural = "资源版本"
        constraints = (
            models.UniqueConstraint(fields=["resource", "version"], name="resource_version_once"),
        )

    def __str__(self) -> str:
        return f"{self.resource_id} v{self.version}"
