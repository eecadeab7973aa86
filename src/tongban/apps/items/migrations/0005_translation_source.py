from django.db import migrations, models


class Migration(migrations.Migration):
    """Translations remember the words they are of.

    Rows from before are of written paragraphs, whose words never change within an edition.
    """

    dependencies = [
        ("items", "0004_workshop"),
    ]

    operations = [
        migrations.AddField(
            model_name="translation",
            name="source",
            field=models.CharField(blank=True, default="", max_length=64, verbose_name="原文摘要"),
            preserve_default=False,
        ),
    ]
