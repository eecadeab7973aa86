"""Several reports side by side 报告目录: a page that names each, what it says, and its files."""

from collections.abc import Sequence
from dataclasses import dataclass

from tongban.kernel.facts import Words

from .markup import Markup, tag
from .model import Report
from .page import document


@dataclass(frozen=True, slots=True)
class Entry:
    """A report, the files that it was written to (addresses), and the command that makes it."""

    report: Report
    files: tuple[str, ...]
    command: str


def contents(title: Words, says: Sequence[Words], entries: Sequence[Entry], lang: str) -> str:
    """Write the page; the first file of an entry is its page."""
    body = tag(
        "main",
        tag("h1", title.of(lang)),
        *(tag("p", one.of(lang)) for one in says),
        *(_entry(one, lang) for one in entries),
    )
    return document(title.of(lang), body, lang)


def _entry(one: Entry, lang: str) -> Markup:
    first, *others = one.files
    links = [Markup(f" · {tag('a', file, href=file)}") for file in others]
    return tag(
        "section",
        tag("h2", tag("a", one.report.title.of(lang), href=first)),
        *(tag("p", words.of(lang)) for words in one.report.verdict),
        tag("p", tag("code", one.command)),
        tag("p", tag("a", first, href=first), *links),
    )
