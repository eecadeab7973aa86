"""The files of the packs in force: those of the folders, under what was published from drafts."""

from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from tongban.apps.items.models import PackText
from tongban.apps.items.workshop.domain import Kept, overlaid
from tongban.infra.packs import Pack, PackInvalid, files_of, find_packs, pack_of, packs_of, problem
from tongban.kernel.facts import Words

Files = Mapping[str, bytes]
HEAD = "pack.yaml"


def folders() -> dict[str, Path]:
    """Give the folder of every pack of this installation by its name; raises `PackInvalid`."""
    found: dict[str, Path] = {}
    for path in find_packs(settings.PACKS):
        name = path.resolve().name
        if name in found:
            raise PackInvalid([problem(f"{name}/pack.yaml", 1, "folder-twice", name=name)])
        found[name] = path
    return found


def names() -> dict[str, Words]:
    """Give what each pack is called, by the name of its folder; raises `PackInvalid`."""
    found = {name: pack_of(name, {HEAD: files[HEAD]}) for name, files in in_folders().items()}
    return {
        name: Words(pack.head.data["name"]["zh"], pack.head.data["name"]["en"])
        for name, pack in found.items()
    }


def in_folders() -> dict[str, Files]:
    """Give the files of every pack as its folder has them; raises `PackInvalid`."""
    return {name: files_of(path) for name, path in folders().items()}


def published_texts() -> Mapping[str, Mapping[str, Kept]]:
    """Give what was published from drafts, the newest text of each file, by pack and path."""
    found: dict[str, dict[str, Kept]] = {}
    rows = PackText.objects.order_by("pk").values_list("pack", "path", "text", "base")
    for pack, path, text, base in rows:
        found.setdefault(pack, {})[path] = Kept(pack, path, text, base)
    return found


def in_force() -> dict[str, Files]:
    """Give the files of every pack that are in force.

    Raises `PackInvalid`, also where a folder's file and a published draft contradict each other.
    """
    kept = published_texts()
    made: dict[str, Files] = {}
    problems = []
    for name, files in in_folders().items():
        made[name], found = overlaid(name, files, kept.get(name, {}))
        problems += found
    if problems:
        raise PackInvalid(problems)
    return made


def packs_in_force() -> tuple[Pack, ...]:
    """Give the packs in force, each after those it extends; raises `PackInvalid`."""
    return packs_of(in_force().items())
