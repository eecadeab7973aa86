"""An exporter that writes checkpoints into a folder: write-once storage, or what a gateway reads.

The pattern for a bridge to a chain: take the note, give back what the other side calls it.
"""

from pathlib import Path

from django.conf import settings

from tongban.apps.evidence.queries import Published
from tongban.ports.files import write_once


class Folder:
    """Writes ``<size>.txt`` into ``TONGBAN_EVIDENCE_FOLDER``, once; never over another text."""

    name = "folder"

    def export(self, published: Published) -> str:
        """Write the signed note, and give its place; raise OSError, FileExistsError."""
        folder = Path(settings.EVIDENCE_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{published.size}.txt"
        try:
            write_once(path, published.note)
        except FileExistsError:
            # we were stopped before it was noted; witnesses may have signed since
            text = published.note.partition(b"\n\n")[0]
            if not path.read_bytes().startswith(text):
                raise
        return str(path)
