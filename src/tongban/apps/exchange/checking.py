"""Asks other sources for facts that were fetched, and tells where they disagree (一数多源核对).

Only for resources whose contract says so, and only under the grants that the items have there.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from tongban.apps.exchange import queries
from tongban.apps.exchange.domain import Answer, Catalogue, Purpose, conflicts
from tongban.apps.exchange.domain.conflicts import Claim
from tongban.apps.exchange.events import DISAGREED
from tongban.apps.exchange.fetching import Planned, fetch
from tongban.kernel.events import Draft
from tongban.kernel.facts import Value
from tongban.kernel.suites import suite

_SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Checked:
    """The answers that count, and the events of the calls and disagreements to save."""

    answers: Mapping[str, Answer]
    events: tuple[Draft, ...]


def cross_check(
    answers: Mapping[str, Answer],
    *,
    about: Mapping[str, Value],
    purpose: Purpose,
    case: str,
    actor: str,
    patience: float = 0.0,
) -> Checked:
    """Check what a call gave against other sources; give the lead department's values.

    ``about`` holds every fact that may serve as a key. A resource that does not ask to be checked
    passes as it is. Raises `InsideTransaction`.
    """
    catalogue = queries.catalogue()
    call = purpose.call
    if not catalogue.contracts[call.resource].cross_check:
        return Checked(answers, ())
    claims = {
        name: [_claim(answer, call.resource, name, catalogue)] for name, answer in answers.items()
    }
    events: list[Draft] = []
    for other in conflicts.others(call, answers, about, catalogue):
        planned = Planned(
            other.facts,
            {key: about[key] for key in other.keys},
            Purpose(purpose.life_event, other, purpose.consent),
        )
        fetched = fetch(planned, case=case, actor=actor, patience=patience)
        events += fetched.calls
        for name, answer in fetched.answers.items():
            claims[name].append(_claim(answer, other.resource, name, catalogue))
    settled = {name: conflicts.settle(said) for name, said in claims.items()}
    events += [
        Draft(
            type=DISAGREED,
            chain=case,
            actor=actor,
            organisation=found.disagreed[0].department,
            data=conflicts.told(
                name, found.disagreed, secrets.token_bytes(_SALT_BYTES), suite(settings.SUITE)
            ),
        )
        for name, found in sorted(settled.items())
        if found.disagreed
    ]
    return Checked({name: found.answer for name, found in settled.items()}, tuple(events))


def _claim(answer: Answer, slug: str, fact: str, catalogue: Catalogue) -> Claim:
    resource = catalogue.contracts[slug].resource
    return Claim(answer, resource.department, slug, fact.partition(".")[2] in resource.lead)
