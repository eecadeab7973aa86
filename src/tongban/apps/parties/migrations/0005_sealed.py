"""Numbers and names of people are sealed; what is there is sealed by `tongban keys seal`."""

from django.db import migrations

from tongban.infra.secrecy.fields import KeyField, MarkField, SealedText


class Migration(migrations.Migration):
    dependencies = [("secrecy", "0001_initial"), ("parties", "0004_foreign_account")]
    operations = [
        migrations.AddField("person", "key", KeyField(verbose_name="数据密钥")),
        migrations.AlterField("person", "id_number", SealedText("公民身份号码")),
        migrations.AlterField("person", "name", SealedText("姓名")),
        migrations.AddField(
            "person",
            "id_number_mark",
            MarkField("公民身份号码盲索引", of="id_number", unique=True),
        ),
    ]
