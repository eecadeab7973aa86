"""After a life event no table holds the family in the clear, but where the page says so."""

import json

from django.db import connection

from testkit.office import Office
from tongban.apps.cases import queries
from tongban.apps.licences.models import Licence
from tongban.infra.secrecy import services as secrecy

#: As docs/operate/secrecy.md says: assigned numbers are open, accounts belong to identity.
CLEAR = {"licences_assignednumber", "access_user"}


def test_no_table_shows_a_number_a_name_or_an_account_of_the_family(any_office: Office) -> None:
    number = any_office.submit()
    values = queries.values(queries.load(number))
    wanted = ("id_number", ".name", "account", "address", "phone", "certificate", "number")
    secrets = {
        str(value)
        for name, value in values.items()
        if isinstance(value, str) and len(value) > 1 and name.endswith(wanted)
    }
    # the number of a licence tells which licence, and nothing of its holder
    secrets -= set(Licence.objects.values_list("number", flat=True))
    assert len(secrets) > 8
    shown: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            text = " ".join(
                value if isinstance(value, str) else _text(value)
                for row in cursor.fetchall()
                for value in row
                if value is not None
            )
            if found := {secret for secret in secrets if secret in text}:
                shown[table] = found
    assert shown.keys() <= CLEAR, shown
    assert {branch.stage.value for branch in any_office.case(number).branches.values()}
    assert not any(progress.done for progress in secrecy.seal_rows())


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)
