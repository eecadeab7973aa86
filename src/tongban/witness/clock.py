"""The one place of a witness that asks what time it is; see `tongban.ports.clock` for the port."""

from datetime import UTC, datetime

from tongban.ports.clock import shifted


def now() -> datetime:
    """Give the present instant in UTC."""
    return shifted(datetime.now(UTC))  # noqa: TID251 - this is the port
