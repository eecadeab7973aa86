"""The node's own log lines: one JSON object a line on standard error, without personal data.

Holds codes, ids of calls and services, and reasons that the code itself wrote; never a key, a
value, a body or a token.
"""

import json
import logging
import sys

from tongban.kernel.events import instant
from tongban.node import clock

_TOLD = ("code", "detail", "call", "client", "service", "worker")


class Lines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        told: dict[str, object] = {
            "at": instant(clock.now()),
            "level": record.levelname.lower(),
            "from": record.name.removeprefix("tongban.node."),
            "what": record.getMessage(),
        }
        told |= {name: getattr(record, name) for name in _TOLD if getattr(record, name, "") != ""}
        if record.exc_info and record.exc_info[0] is not None:
            # where and what kind; the text of an exception may quote what came in
            told["error"] = record.exc_info[0].__name__
            told["where"] = _where(record)
        return json.dumps(told, ensure_ascii=False)


def _where(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    last = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        last = f"{code.co_filename.rpartition('tongban/')[2]}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return last


def begin(level: str = "INFO") -> None:
    """Send the log lines of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("tongban").setLevel(level)
    # uvicorn says what a client sent; its faults are told by their number
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
