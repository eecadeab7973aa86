"""Let the database itself refuse to change or drop what was posted, and what a bank listed."""

from django.db import migrations

from tongban.infra.append_only import AFTER, append_only


class Migration(migrations.Migration):
    dependencies = [("fees", "0001_initial"), AFTER]
    operations = [append_only("fees_entry"), append_only("fees_statementline")]
