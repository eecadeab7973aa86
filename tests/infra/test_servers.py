"""The test databases are real, fresh, and what a commit leaves is seen by others."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from testkit.servers import Fresh
from tongban.config.servers import free_ports


@pytest.mark.parametrize("round_", [1, 2])
def test_each_test_starts_from_the_template(fresh_database: Fresh, round_: int) -> None:
    assert connection.vendor == fresh_database.vendor
    assert not ContentType.objects.filter(app_label="left-over").exists()
    ContentType.objects.create(app_label="left-over", model="x")


def test_another_process_sees_what_was_committed(fresh_database: Fresh, tmp_path: Path) -> None:
    ContentType.objects.create(app_label="committed", model="x")
    program = (
        "import django; django.setup();"
        "from django.contrib.contenttypes.models import ContentType as C;"
        "print(C.objects.filter(app_label='committed').count())"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=fresh_database.environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "1"


@pytest.mark.postgres
def test_the_postgresql_is_new_enough(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as server:
        assert server.info.server_version >= 140000


def test_nobody_is_given_a_port_that_another_was_just_given() -> None:
    with ThreadPoolExecutor(8) as askers:
        given = [port for ports in askers.map(free_ports, [25] * 8) for port in ports]
    assert len(set(given)) == 200
    assert not set(given) & set(free_ports(500))
