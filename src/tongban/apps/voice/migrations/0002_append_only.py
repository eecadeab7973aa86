"""Let the database itself refuse to change or remove what somebody said."""

from django.db import migrations

from tongban.infra.append_only import AFTER, append_only


class Migration(migrations.Migration):
    dependencies = [("voice", "0001_initial"), AFTER]
    operations = [append_only("voice_rating")]
