"""Where published checkpoints go besides the witnesses: a time-stamp authority, and exporters.

An exporter is a plug-in point: a bridge to a chain (区块链) is one. Nothing here is needed for a
proof; what fails is logged and tried again with the newest checkpoint.
"""

import logging
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from tongban.apps.evidence import queries
from tongban.apps.evidence.models import Export, Token
from tongban.infra import clock

_say = logging.getLogger(__name__)
# the extra ``timestamps`` need not be installed where no authority is named
_ASK = "tongban.apps.evidence.plugins.timestamps.ask"


class Exporter(Protocol):
    """Takes published checkpoints elsewhere; named in ``TONGBAN_EVIDENCE_EXPORTERS``."""

    @property
    def name(self) -> str:
        """Give the name under which receipts are kept."""
        ...

    def export(self, published: queries.Published) -> str:
        """Take a checkpoint, and give a receipt, such as the number of a transaction.

        The same checkpoint may come twice, after a crash: know it by its size and root. Whatever it
        raises is logged; the next round brings the newest checkpoint.
        """
        ...


def timestamp() -> bool:
    """Ask for a token over the newest published checkpoint; tell whether there is a fresh one."""
    found = queries.published() if settings.EVIDENCE_TIMESTAMPS else None
    if found is None or found.stamp is not None:
        return False
    ask = import_string(_ASK)
    over = found.signed_by_log
    try:
        stamped = ask(settings.EVIDENCE_TIMESTAMPS, settings.EVIDENCE_TIMESTAMP_ROOTS, over)
    except RuntimeError as wrong:
        _say.warning("no time stamp for %d leaves: %s", found.size, wrong)
        return False
    try:
        with transaction.atomic():
            Token.objects.create(checkpoint_id=found.size, token=stamped.token, time=stamped.time)
    except IntegrityError:  # another process was faster
        return False
    return True


def export() -> tuple[str, ...]:
    """Hand the newest published checkpoint to each exporter that has not had it; name these."""
    found = queries.published()
    if found is None:
        return ()
    had = {*Export.objects.filter(checkpoint=found.size).values_list("exporter", flat=True)}
    done = []
    for place in settings.EVIDENCE_EXPORTERS:
        exporter: Exporter = import_string(place)()
        if exporter.name in had:
            continue
        try:
            receipt = exporter.export(found)
        except Exception:  # noqa: BLE001 - a plug-in may raise anything; the others go on
            _say.exception("%s did not take %d leaves", exporter.name, found.size)
            continue
        Export.objects.get_or_create(
            checkpoint_id=found.size,
            exporter=exporter.name,
            defaults={"receipt": receipt, "time": clock.now()},
        )
        done.append(exporter.name)
    return tuple(done)
