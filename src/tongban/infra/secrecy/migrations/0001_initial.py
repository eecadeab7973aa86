"""The table of data keys."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Key",
            fields=[
                (
                    "number",
                    models.PositiveIntegerField(
                        primary_key=True, serialize=False, verbose_name="编号"
                    ),
                ),
                ("suite", models.CharField(max_length=10, verbose_name="算法套件")),
                ("master", models.CharField(max_length=100, verbose_name="主密钥")),
                ("wrapped", models.TextField(verbose_name="密钥密文")),
                (
                    "state",
                    models.CharField(
                        choices=[("current", "在用"), ("ending", "停止加密")],
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="启用时间")),
                ("ended", models.DateTimeField(null=True, verbose_name="停用时间")),
            ],
            options={
                "verbose_name": "数据密钥",
                "verbose_name_plural": "数据密钥",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "current")),
                        fields=("state",),
                        name="one_current_key",
                    )
                ],
            },
        ),
    ]
