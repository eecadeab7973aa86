"""The one place of the sample bank that asks what time it is; see `tongban.ports.clock`."""

from datetime import datetime

from tongban.kernel.clocks import SHANGHAI
from tongban.ports.clock import shifted


def now() -> datetime:
    """Give the present instant in Asia/Shanghai, whose days a bank's statement goes by."""
    return shifted(datetime.now(SHANGHAI))  # noqa: TID251 - this is the port
