"""What the network consists of: where each part lies and listens, and for whom a node speaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tongban.apps.exchange.domain import Catalogue, build
from tongban.apps.exchange.reading import merge
from tongban.config import servers
from tongban.infra.packs import find_packs, read_packs
from tongban.kernel.wire.words import Identifier

DEPARTMENTS = ("health", "police", "medical-insurance")
PLATFORM = "platform"
CONTROL = "control"
WITNESSES = ("court", "notary", "audit")


@dataclass(frozen=True, slots=True)
class Place:
    """A node: its folder, the members and departments it speaks for, its two ports."""

    id: str
    folder: Path
    members: tuple[str, ...]
    departments: tuple[str, ...]
    outer: int
    inner: int

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "node.toml"

    @property
    def state(self) -> Path:
        """The folder of its log and of its last good snapshot."""
        return self.folder / "state"

    @property
    def token(self) -> Path:
        """The file with the token of the first member's own system."""
        return self.folder / "tokens" / "tongban.token"

    def bearer(self) -> dict[str, str]:
        """Give the header by which that system is known at the inner listener."""
        return {"authorization": f"Bearer {self.token.read_text(encoding='ascii').strip()}"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole network in one folder; ``port`` is the control plane's.

    ``witnesses`` are those of the evidence log, each with its port.
    """

    folder: Path
    suite: str
    people: int
    catalogue: Catalogue
    port: int
    nodes: Mapping[str, Place]
    witnesses: Mapping[str, int]

    @property
    def control(self) -> Path:
        """The folder of the control plane."""
        return self.folder / CONTROL

    @property
    def control_url(self) -> str:
        """The address of the control plane."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def policy(self) -> Path:
        """The file that says whose signatures the evidence log wants."""
        return self.folder / "policy.txt"

    def service(self, resource: str) -> Identifier:
        """Give the service of a resource."""
        department = self.catalogue.contracts[resource].resource.department
        return self.catalogue.governance.service(department, resource)

    def node_of(self, service: str) -> str:
        """Name the node that answers for a service."""
        member = Identifier.parse(service).member
        return next(place.id for place in self.nodes.values() if member in place.members)

    def key(self, resource: str, number: str) -> dict[str, str]:
        """Give the key by which a resource is asked for the person with this number."""
        (attribute,) = self.catalogue.contracts[resource].resource.key
        return {attribute: number}


def draw(folder: Path, suite: str, people: int) -> Plan:
    """Plan a network: three departments with nodes of their own, the platform's for all others."""
    catalogue = build(merge(read_packs(find_packs())), 0)
    rules = catalogue.governance
    others = [d for d in rules.members if d not in (*DEPARTMENTS, rules.operator)]
    speak = {PLATFORM: (rules.operator, *others), **{d: (d,) for d in DEPARTMENTS}}
    codes = {**rules.members, rules.operator: rules.operator_code}
    port, *ports = servers.free_ports(1 + len(WITNESSES) + 2 * len(speak))
    witnesses = {name: ports.pop() for name in WITNESSES}
    nodes = {
        name: Place(
            name,
            folder / name,
            tuple(codes[one] for one in departments),
            departments,
            outer=ports.pop(),
            inner=ports.pop(),
        )
        for name, departments in speak.items()
    }
    return Plan(folder, suite, people, catalogue, port, nodes, witnesses)
