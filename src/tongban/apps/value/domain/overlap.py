"""Projects that may have been bought twice 重复建设, and components that could be shared 共享组件.

A finding is a question for a person, never a verdict: names that are alike and components that
carry one name. What could be saved is an upper bound, all but the dearest.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """One line of a project list; ``amount`` in fen."""

    row: int
    name: str
    department: str
    year: int
    amount: int
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two projects that are alike; ``likeness`` from 0 to 1."""

    first: Project
    second: Project
    likeness: float

    @property
    def at_most(self) -> int:
        """Give what could have been saved at most, in fen."""
        return min(self.first.amount, self.second.amount)


@dataclass(frozen=True, slots=True)
class Component:
    """A component that several departments bought."""

    name: str
    departments: tuple[str, ...]
    projects: tuple[Project, ...]

    @property
    def amount(self) -> int:
        """Give what the projects cost that have it, in fen: with all else that is in them."""
        return sum(project.amount for project in self.projects)


@dataclass(frozen=True, slots=True)
class Group:
    """Projects that are alike, one with another, the dearest first."""

    projects: tuple[Project, ...]

    @property
    def at_most(self) -> int:
        """Give what could have been saved at most, in fen: all but the dearest."""
        return sum(project.amount for project in self.projects[1:])


def grams(text: str) -> frozenset[str]:
    """Give the pairs of neighbouring signs, without blanks and case."""
    plain = "".join(text.casefold().split())
    return frozenset(plain[n : n + 2] for n in range(len(plain) - 1)) or frozenset({plain})


def pairs(
    projects: Sequence[Project], *, likeness: float, within: int, common: Sequence[str] = ()
) -> tuple[Pair, ...]:
    """Find projects of alike names (Dice of sign pairs), at most ``within`` years apart.

    Words of ``common`` (系统, 平台) say nothing and are left out. Most alike first.
    """

    def plain(name: str) -> frozenset[str]:
        for word in common:
            name = name.replace(word, "")
        return grams(name)

    seen = [plain(project.name) for project in projects]
    index: defaultdict[str, list[int]] = defaultdict(list)
    found = []
    for n, mine in enumerate(seen):
        shared = Counter(m for gram in mine for m in index[gram])
        for m, count in shared.items():
            alike = 2 * count / (len(mine) + len(seen[m]))
            near = abs(projects[n].year - projects[m].year) <= within
            if alike >= likeness and near:
                found.append(Pair(projects[m], projects[n], alike))
        for gram in mine:
            index[gram].append(n)
    return tuple(sorted(found, key=lambda pair: (-pair.likeness, pair.first.row, pair.second.row)))


def components(projects: Sequence[Project]) -> tuple[Component, ...]:
    """Give the components that two departments or more have, most departments first."""
    by_name: defaultdict[str, list[Project]] = defaultdict(list)
    for project in projects:
        for name in dict.fromkeys(project.components):
            by_name[name].append(project)
    found = [
        Component(name, tuple(sorted({p.department for p in having})), tuple(having))
        for name, having in by_name.items()
    ]
    several = [one for one in found if len(one.departments) > 1]
    return tuple(sorted(several, key=lambda one: (-len(one.departments), one.name)))


def groups(found: Sequence[Pair]) -> tuple[Group, ...]:
    """Put alike projects together, those that could have saved most first."""
    leader: dict[int, int] = {}
    projects: dict[int, Project] = {}

    def root(row: int) -> int:
        while leader.setdefault(row, row) != row:
            row = leader[row]
        return row

    for pair in found:
        projects |= {one.row: one for one in (pair.first, pair.second)}
        leader[root(pair.second.row)] = root(pair.first.row)
    clusters: defaultdict[int, list[Project]] = defaultdict(list)
    for row, project in projects.items():
        clusters[root(row)].append(project)
    put = [
        Group(tuple(sorted(cluster, key=lambda one: (-one.amount, one.row))))
        for cluster in clusters.values()
    ]
    return tuple(sorted(put, key=lambda one: (-one.at_most, one.projects[0].row)))


def at_most(found: Sequence[Pair]) -> int:
    """Give what could be saved at most, in fen: of each group all but the dearest."""
    return sum(group.at_most for group in groups(found))
