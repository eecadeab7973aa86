"""What licences hold of people is sealed; what is there is sealed by `tongban keys seal`."""

from django.db import migrations

from tongban.infra.secrecy.fields import KeyField, MarkField, SealedJSON, SealedText


class Migration(migrations.Migration):
    dependencies = [("secrecy", "0001_initial"), ("licences", "0002_credentials")]
    operations = [
        *(
            migrations.AddField(model, "key", KeyField(verbose_name="数据密钥"))
            for model in ("licence", "credential", "question")
        ),
        migrations.AlterField("licence", "holder", SealedText("持证主体")),
        migrations.AlterField("licence", "content", SealedJSON()),
        migrations.AddField(
            "licence",
            "holder_mark",
            MarkField("持证主体盲索引", of="holder", db_index=True),
        ),
        migrations.AlterField("credential", "text", SealedText(null=True)),
        migrations.AlterField("question", "answer", SealedJSON(null=True)),
    ]
