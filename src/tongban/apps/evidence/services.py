"""Verbs of evidence: gather leaves from the trail, sign a checkpoint, have it witnessed.

Each may be repeated and cut short at any place: what was committed stands, the rest is done the
next time. A log that went back, or that a witness refuses, is told as an alarm and not hidden.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from tongban.apps.evidence import log, witnesses
from tongban.apps.evidence.events import ALARM, ALARM_ENDED, CHAIN
from tongban.apps.evidence.models import Checkpoint, Cosignature, WitnessState
from tongban.infra import clock
from tongban.infra.trail import relay
from tongban.infra.trail import services as trail
from tongban.kernel.events import Draft
from tongban.kernel.tlog import checkpoints
from tongban.kernel.tlog.notes import Note, NoteKey, read_note
from tongban.kernel.tlog.policy import Policy, Witness
from tongban.kernel.tlog.tiles import TiledTree, Tiles
from tongban.kernel.tlog.witnessing import AddCheckpoint

#: The name under which the log reads the trail.
FOLLOWER = "evidence"
_AT_ONCE = 8192
_ROUNDS = 3


class LogWentBack(RuntimeError):
    """The tree is smaller than one that was signed: the database is not the one that it was."""


def gather() -> int:
    """Make a leaf of every event of the trail that has none; give how many."""
    log.own()
    total = 0
    while taken := relay.follow(FOLLOWER, log.append, most=_AT_ONCE):
        total += taken
    return total


def checkpoint() -> Checkpoint | None:
    """Sign the tree as it is, unless it was signed already; None where there is no leaf.

    Raise LogWentBack, and TileMissing where tiles are lost.
    """
    key, signer = log.own()
    size = log.size()
    last = Checkpoint.objects.order_by("-id").first()
    if last is not None and last.pk > size:
        raise LogWentBack(
            f"LogWentBack: {last.pk} leaves were signed and {size} are there; stop, and put the "
            "database back as it was: witnesses will not sign another story"
        )
    if not size or (last is not None and last.pk == size):
        return last
    tree = checkpoints.Checkpoint(key.name, size, log.tree(size).root())
    note = checkpoints.sign_checkpoint(tree, key, signer)
    try:
        with transaction.atomic():
            return Checkpoint.objects.create(
                id=size, root=tree.root.hex(), note=str(note), signed=clock.now()
            )
    except IntegrityError:  # another process signed the same size, and the same tree
        return Checkpoint.objects.get(pk=size)


@dataclass(frozen=True, slots=True)
class Witnessing:
    """What came of asking the witnesses: who signed, and what the others said."""

    size: int
    signed: tuple[str, ...]
    faults: Mapping[str, str]
    enough: bool


def witness() -> Witnessing:
    """Sign a checkpoint and ask each witness of the policy that has not signed it.

    Never inside a transaction. Raise LogWentBack, PolicyInvalid.
    """
    policy = witnesses.policy()
    last = checkpoint()
    if last is None:
        return Witnessing(0, (), {}, enough=policy.satisfied(frozenset()))
    note = read_note(last.note.encode())
    have = set(last.cosignatures.values_list("witness", flat=True))
    states = {row.name: row.size for row in WitnessState.objects.all()}
    open_ = {
        one.name: min(states.get(one.name, 0), last.pk)
        for one in policy.witnesses.values()
        if one.url and one.name not in have
    }
    faults: dict[str, str] = {}
    tree = log.tree(last.pk, Tiles(log.read_tile, log.log_suite().digest))
    for _ in range(_ROUNDS):
        told = witnesses.ask_all(_requests(open_, policy, tree, note), note)
        open_ = {}
        for one in told:
            if one.signature is not None:
                _keep(last, one)
            elif one.size is not None and one.size <= last.pk:
                open_[one.witness.name] = one.size
            else:
                faults[one.witness.name] = _fault(one, last.pk)
    faults |= {name: f"keeps changing its size ({size})" for name, size in open_.items()}
    _tell(policy.witnesses.values(), faults)
    signed = tuple(sorted(last.cosignatures.values_list("witness", flat=True)))
    return Witnessing(last.pk, signed, faults, enough=policy.satisfied(frozenset(signed)))


def _requests(
    open_: Mapping[str, int], policy: Policy, tree: TiledTree, note: Note
) -> list[tuple[Witness, AddCheckpoint]]:
    written = str(note).encode()
    return [
        (policy.witnesses[name], AddCheckpoint(old, tree.consistency(old), written))
        for name, old in open_.items()
    ]


def _keep(last: Checkpoint, told: witnesses.Told) -> None:
    name = told.witness.name
    Cosignature.objects.get_or_create(
        checkpoint=last,
        witness=name,
        defaults={
            "line": str(told.signature),
            "time": datetime.fromtimestamp(told.time, UTC),
        },
    )
    WitnessState.objects.update_or_create(name=name, defaults={"size": last.pk, "at": clock.now()})


def _fault(told: witnesses.Told, size: int) -> str:
    if told.size is not None:
        return (
            f"has cosigned {told.size} leaves and we have {size}: our log went back, or another"
            " one signs with our key"
        )
    if told.refused:
        return f"refuses our tree: {told.fault}"
    return told.fault


def _tell(known: Iterable[Witness], faults: Mapping[str, str]) -> None:
    """Note how we stand with each witness; tell on the trail what changed, once."""
    for one in known:
        fault = faults.get(one.name, "")
        with transaction.atomic():
            held, _ = WitnessState.objects.select_for_update().get_or_create(
                name=one.name, defaults={"at": clock.now()}
            )
            if held.fault == fault:
                continue
            held.fault, held.at = fault, clock.now()
            held.save(update_fields=["fault", "at"])
            trail.tell(
                Draft(
                    type=ALARM if fault else ALARM_ENDED,
                    chain=CHAIN,
                    actor="system",
                    data={"witness": one.name, "what": fault},
                )
            )


def key() -> NoteKey:
    """Give the public key of this log, to publish and to give to witnesses."""
    return log.own()[0]
