"""Bring an installation up: tables, region packs, officials, and the sample city.

Every step can be repeated: what is there already stays.
"""

from django.conf import settings
from django.core.management import call_command

from tongban.apps.cases import announcing
from tongban.apps.cases import services as cases
from tongban.apps.exchange import queries as exchange
from tongban.apps.exchange.sample import MANIFEST, of_sample_city, write_stores
from tongban.apps.items import services as publishing
from tongban.apps.items.workshop.shelves import packs_in_force
from tongban.apps.parties import posts
from tongban.apps.parties.sample import generate
from tongban.infra import clock
from tongban.infra.packs import shipped_packs
from tongban.infra.regions import load_regions
from tongban.infra.secrecy import services as secrecy

SEED = 1  # the same city on every machine


def prepare() -> publishing.Publication:
    """Make the tables, seal what an older version left in the clear, publish the region packs, and
    appoint the officials they name.

    Give what is newly published. A calendar that has changed moves the open clocks, each with its
    reason on the trail.
    """
    call_command("migrate", verbosity=0, interactive=False)
    secrecy.seal_rows()
    published = publishing.publish(packs_in_force(), actor="setup")
    for key, department in exchange.catalogue().departments.items():
        for post in department.posts:
            posts.appoint_named(post.login, post.name, key, post.role)
    announcing.announce(cases.calendar())
    return published


def ensure_city(people: int, newborns: int | None = None) -> None:
    """Write the departments' stores of the sample city unless they are there.

    ``newborns`` families have an unregistered child; left out, as many as in a real city.
    """
    folder = settings.DEPARTMENT_STORES
    if (folder / MANIFEST).exists():
        return
    regions = load_regions(shipped_packs() / "base")
    city = generate(people, SEED, regions, clock.today(), newborns)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_stores(city, folder, of_sample_city(exchange.catalogue().contracts))
