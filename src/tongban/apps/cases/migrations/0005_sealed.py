"""What cases hold of people is sealed; what is there is sealed by `tongban keys seal`."""

from django.db import migrations, models

from tongban.infra.secrecy.fields import (
    KeyField,
    MarkField,
    SealedBytes,
    SealedJSON,
    SealedText,
)

_SEALED = {
    "case": {"state": SealedJSON()},
    "document": {"filename": SealedText(), "digest": SealedText(), "content": SealedBytes()},
    "paymentorder": {"payee": SealedText(), "account": SealedText()},
}


class Migration(migrations.Migration):
    dependencies = [("secrecy", "0001_initial"), ("cases", "0004_archived")]
    operations = [
        # the column that was called key is a digest; the name is wanted for the data key
        migrations.RemoveConstraint("given", "given_once"),
        migrations.RenameField("given", "key", "digest"),
        migrations.AlterField("given", "digest", models.CharField(max_length=64, null=True)),
        migrations.AddField("given", "subject", SealedText(null=True)),
        migrations.AddField("given", "subject_mark", MarkField(of="subject")),
        migrations.RenameField("document", "sha256", "digest"),
        *(
            migrations.AddField(model, "key", KeyField(verbose_name="数据密钥"))
            for model in ("given", *_SEALED)
        ),
        migrations.AddConstraint(
            "given",
            models.UniqueConstraint(fields=["item", "subject_mark"], name="given_once"),
        ),
        *(
            migrations.AlterField(model, name, field)
            for model, fields in _SEALED.items()
            for name, field in fields.items()
        ),
    ]
