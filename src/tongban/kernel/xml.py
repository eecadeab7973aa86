"""Read XML that comes from outside, safely: flows and tables are files that anybody may upload.

It refuses document types, entities, network access and huge trees, so a file can neither read this
machine nor fill its memory. It knows nothing of what the file means.
"""

from lxml import etree

LIMIT = 4_000_000
"""Bytes a file may have. The largest flow seen in the field is a tenth of this."""


class XmlRefused(ValueError):
    """The bytes are not plain well-formed XML; the message names file and line."""

    def __init__(self, message: str, source: str, line: int) -> None:
        super().__init__(f"{message} ({source}:{line})")
        self.message = message
        self.line = line


def read_xml(data: bytes, source: str) -> etree._Element:
    """Give the root element of a file without document type.

    >>> read_xml(b"<a><b/></a>", "a.xml").tag
    'a'
    >>> read_xml(b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "a.xml")
    Traceback (most recent call last):
    tongban.kernel.xml.XmlRefused: a document type is not allowed; delete the DOCTYPE (a.xml:1)
    """
    if len(data) > LIMIT:
        raise XmlRefused(f"the file has {len(data)} bytes; at most {LIMIT} are read", source, 1)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        at = error.lineno or 1
        raise XmlRefused(f"not well-formed XML: {error.msg}", source, at) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("a document type is not allowed; delete the DOCTYPE", source, 1)
    return root
