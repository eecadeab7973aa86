"""Region packs (区域包): folders of data that make Tongban the service of one place.

Finds them, reads them with the line of every value, and holds each file against its schema.
Refuses a pack as a whole where one file is wrong.
"""

from tongban.infra.packs.documents import (
    Document,
    PackInvalid,
    Place,
    Problem,
    document_of,
    problem,
    read_document,
)
from tongban.infra.packs.judging import judges_packs, problems_of
from tongban.infra.packs.reading import (
    Drawing,
    Pack,
    files_of,
    find_packs,
    kind_of,
    pack_of,
    packs_of,
    read_pack,
    read_packs,
    shape_of,
    shipped_packs,
)
from tongban.infra.packs.writing import changed, written

__all__ = [
    "Document",
    "Drawing",
    "Pack",
    "PackInvalid",
    "Place",
    "Problem",
    "changed",
    "document_of",
    "files_of",
    "find_packs",
    "judges_packs",
    "kind_of",
    "pack_of",
    "packs_of",
    "problem",
    "problems_of",
    "read_document",
    "read_pack",
    "read_packs",
    "shape_of",
    "shipped_packs",
    "written",
]
