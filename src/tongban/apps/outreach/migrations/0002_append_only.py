"""Let the database itself refuse to change or drop what a run found."""

from django.db import migrations

from tongban.infra.append_only import AFTER, append_only


class Migration(migrations.Migration):
    dependencies = [("outreach", "0001_initial"), AFTER]
    operations = [append_only("outreach_finding")]
