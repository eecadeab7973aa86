"""The secret of a month is sealed; what is there is sealed by `tongban keys seal`."""

from django.db import migrations, models

from tongban.infra.secrecy.fields import KeyField, SealedBytes


class Migration(migrations.Migration):
    dependencies = [("secrecy", "0001_initial"), ("outreach", "0002_append_only")]
    operations = [
        migrations.AddField("month", "key", KeyField(verbose_name="数据密钥")),
        migrations.AlterField("month", "salt", SealedBytes("盐")),
        migrations.AddField(
            "month",
            "suite",
            models.CharField("算法套件", max_length=10, default="std"),
        ),
    ]
