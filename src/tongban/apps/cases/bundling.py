"""The evidence bundle of a case (办件存证包): story, documents, signatures, consents, definitions.

For the applicant, or for whoever may see the whole case; nothing is left out and nothing is shown
in part.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tongban.apps.cases import services
from tongban.apps.cases.errors import CaseUnknown
from tongban.apps.evidence import bundles
from tongban.apps.evidence.events import key_chain
from tongban.apps.exchange import consents
from tongban.apps.items import queries as items
from tongban.infra.access.domain import Subject
from tongban.infra.trail import queries as trail
from tongban.kernel.events import Event

from . import papers
from .disclosure import look
from .events import papers_chain


@dataclass(frozen=True, slots=True)
class Gathered:
    """What proves a case: events in whole chains, and documents by their paths in a bundle."""

    events: tuple[Event, ...]
    documents: Mapping[str, bytes]


def gather(number: str) -> Gathered:
    """Gather the evidence of a case; raises ``Case.DoesNotExist``."""
    case = services.load(number)
    events = list(trail.history(number))
    for consent in consents.chains_of(number):
        events += trail.history(consent)
    documents = {**papers.bundled(number)}
    events += trail.history(papers_chain(number))
    for key in dict.fromkeys(one.signed_by for one in papers.signatures(number)):
        events += trail.history(key_chain(key))
    wanted = [("life-event", case.life_event, case.version)]
    wanted += [("item", branch.item, branch.version) for branch in case.branches.values()]
    for kind, slug, version in wanted:
        published = items.published(kind, slug, version)
        events += trail.history(published.chain)
        documents[f"definitions/{kind}-{slug}-{version}.json"] = published.content
    return Gathered(tuple(events), documents)


def bundle(number: str) -> bytes:
    """Pack the case; raise ``evidence.queries.NotYetProved`` while some of it is not witnessed."""
    found = gather(number)
    return bundles.pack(number, found.events, found.documents)


def bundle_for(subject: Subject, number: str) -> bytes:
    """Pack the case for a subject; raise `CaseUnknown` where it may not see all of it."""
    if not look(subject, number).whole:
        raise CaseUnknown(number)
    return bundle(number)
