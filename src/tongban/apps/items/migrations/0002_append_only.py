"""Let the database itself refuse to change or drop a published definition."""

from django.db import migrations

from tongban.infra.append_only import AFTER, append_only


class Migration(migrations.Migration):
    dependencies = [("items", "0001_initial"), AFTER]
    operations = [append_only("items_published")]
