"""Tables of the network: nodes, keys, signed snapshots, checkpoints, and other instances."""

from django.db import models


class Node(models.Model):
    """An exchange node (交换节点) and when it was last heard of."""

    slug = models.CharField("标识", max_length=60, unique=True)
    address = models.CharField("地址", max_length=300)
    members = models.JSONField("所代表的成员单位")
    added = models.DateTimeField("登记时间")
    ended = models.DateTimeField("停用时间", null=True)
    last_seen = models.DateTimeField("最近联系", null=True)
    snapshot_at = models.DateTimeField("最近取快照", null=True)
    feed_at = models.DateTimeField("最近取撤销清单", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "交换节点"

    def __str__(self) -> str:
        return f"{self.slug} {self.address}"


class Key(models.Model):
    """A public key of a member (公钥); ``node`` is empty for a key that is no node's."""

    key = models.CharField("密钥编号", max_length=60, unique=True)
    member = models.CharField("成员单位", max_length=18)
    node = models.ForeignKey(
        Node, models.PROTECT, verbose_name="节点", null=True, related_name="keys"
    )
    suite = models.CharField("算法套件", max_length=8)
    public = models.CharField("公钥", max_length=200)
    since = models.DateTimeField("生效时间")
    until = models.DateTimeField("失效时间")
    ended = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "公钥"

    def __str__(self) -> str:
        return self.key


class Snapshot(models.Model):
    """A published state of the network (网络快照), signed; a new row only where it changed."""

    serial = models.PositiveBigIntegerField("序号", unique=True)
    digest = models.CharField("内容摘要", max_length=64)
    signed = models.JSONField("签名文档")
    issued = models.DateTimeField("签发时间")

    class Meta:
        verbose_name = verbose_name_plural = "网络快照"

    def __str__(self) -> str:
        return f"{self.serial} {self.digest[:12]}"


class Checkpoint(models.Model):
    """A signed checkpoint of a node's log (日志检查点), kept outside the node for good."""

    node = models.CharField("节点", max_length=60)
    size = models.PositiveBigIntegerField("行数")
    root = models.CharField("默克尔根", max_length=64)
    head = models.CharField("末行摘要", max_length=64)
    signed = models.JSONField("签名文档")
    received = models.DateTimeField("收到时间")

    class Meta:
        verbose_name = verbose_name_plural = "日志检查点"
        constraints = (models.UniqueConstraint(fields=["node", "size"], name="checkpoint_once"),)

    def __str__(self) -> str:
        return f"{self.node} {self.size}"


class Instance(models.Model):
    """Another instance of the exchange (上级或下级平台), by its pinned key and last good card.

    ``feed_at`` is the instant as of which its withdrawn consents are in our feed.
    """

    name = models.CharField("实例", max_length=9, unique=True)
    relation = models.CharField("关系", max_length=10)
    address = models.CharField("地址", max_length=300)
    key = models.CharField("密钥编号", max_length=60)
    suite = models.CharField("算法套件", max_length=8)
    public = models.CharField("公钥", max_length=200)
    card = models.JSONField("名片", default=dict)
    issued = models.DateTimeField("名片签发时间", null=True)
    outcome = models.TextField("最近结果", default="")
    feed_upto = models.PositiveBigIntegerField("已取撤销序号", default=0)
    feed_at = models.DateTimeField("撤销清单签发时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "其他实例"

    def __str__(self) -> str:
        return f"{self.name} {self.relation}"


class ServiceHealth(models.Model):
    """How a service of a node was doing when the node last said so; only the last word is kept."""

    node = models.CharField("节点", max_length=60)
    service = models.CharField("服务", max_length=220)
    report = models.JSONField("运行状况")
    at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = verbose_name_plural = "服务运行状况"
        constraints = (models.UniqueConstraint(fields=["node", "service"], name="health_once"),)

    def __str__(self) -> str:
        return f"{self.node} {self.service}"
