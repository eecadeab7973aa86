"""The one place that asks what time it is; everything else is told.

``TONGBAN_CLOCK`` may shift it for a test or a rehearsal, never in operation: see
`tongban.ports.clock`.
"""

from datetime import date, datetime

from tongban.kernel.clocks import SHANGHAI, ClockUnreadable, parse_setting
from tongban.ports.clock import shifted

__all__ = ["SHANGHAI", "ClockUnreadable", "now", "parse_setting", "today"]


def now() -> datetime:
    """Give the present instant, in Asia/Shanghai."""
    return shifted(datetime.now(SHANGHAI))  # noqa: TID251 - this is the port


def today() -> date:
    """Give the present day in Asia/Shanghai."""
    return now().date()
