"""Let the database itself refuse to change what was signed, withdrawn, revoked or handed in."""

from django.db import migrations

from tongban.infra.append_only import append_only

_TABLES = ("consent", "withdrawal", "revocation", "look", "snapshot", "checkpoint")


class Migration(migrations.Migration):
    dependencies = [("exchange", "0005_governance")]
    operations = [append_only(f"exchange_{table}") for table in _TABLES]
