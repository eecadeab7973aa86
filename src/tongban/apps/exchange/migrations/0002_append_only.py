"""Let the database itself refuse to change or drop a published catalogue."""

from django.db import migrations

from tongban.infra.append_only import AFTER, append_only


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial"), AFTER]
    operations = [append_only("exchange_catalogueversion")]
