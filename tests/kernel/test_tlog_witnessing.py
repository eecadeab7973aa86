"""A witness's judgement, policies and proof files: what may follow, who is enough."""

import hashlib
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tongban.kernel import merkle
from tongban.kernel.events import canonical
from tongban.kernel.suites import suite
from tongban.kernel.tlog import leaves, notes
from tongban.kernel.tlog.checkpoints import Checkpoint, CheckpointInvalid, sign_checkpoint
from tongban.kernel.tlog.notes import NoteInvalid
from tongban.kernel.tlog.policy import (
    Group,
    NotWitnessed,
    Policy,
    PolicyInvalid,
    accept,
    open_witnessed,
    read_policy,
    write_policy,
)
from tongban.kernel.tlog.proofs import Proof, ProofInvalid, check, read_proof
from tongban.kernel.tlog.witnessing import (
    AddCheckpoint,
    Refused,
    RequestInvalid,
    Taken,
    judge,
    read_request,
)

STD = suite("std")
SIGNER = STD.signer(bytes(range(32)))
LOG = notes.note_key("tongban.example/log", "std", SIGNER.public, timestamped=False)
NAMES = ("court", "notary", "audit")


def digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def tree(size: int, fork: int = -1) -> list[bytes]:
    """Leaf hashes of the tree; from ``fork`` on another story."""
    return [
        merkle.leaf_hash(b"%d%s" % (n, b"'" if 0 <= fork <= n else b""), digest)
        for n in range(size)
    ]


def note_of(made: list[bytes]) -> bytes:
    checkpoint = Checkpoint(LOG.name, len(made), merkle.root(made, digest))
    return str(sign_checkpoint(checkpoint, LOG, SIGNER)).encode()


def asked(made: list[bytes], old: int) -> AddCheckpoint:
    proof = merkle.consistency_proof(old, made, digest) if old else ()
    return AddCheckpoint(old, proof, note_of(made))


class Witness:
    """What a witness keeps."""

    def __init__(self) -> None:
        self.last: dict[str, Checkpoint] = {}
        self.roots: dict[tuple[str, int], bytes] = {}

    def ask(self, request: AddCheckpoint) -> Taken | Refused:
        sent = read_request(bytes(request))
        told = judge(sent, {LOG.name: LOG}, self.last, lambda *place: self.roots.get(place))
        if isinstance(told, Taken):
            self.last[LOG.name] = told.checkpoint
            self.roots[LOG.name, told.checkpoint.size] = told.checkpoint.root
        return told


def status(told: Taken | Refused) -> tuple[int, str]:
    return (200, "") if isinstance(told, Taken) else (told.status, told.alarm)


def test_a_tree_that_grows_is_taken_and_again_the_same() -> None:
    witness = Witness()
    steps = [(0, 0), (0, 5), (5, 5), (5, 9), (9, 300)]
    assert [status(witness.ask(asked(tree(new), old))) for old, new in steps] == [(200, "")] * 5


def test_what_does_not_follow_is_refused_by_the_standards_numbers() -> None:
    witness = Witness()
    assert status(witness.ask(asked(tree(50), 0))) == (200, "")
    assert status(witness.ask(asked(tree(80), 50))) == (200, "")
    last = dict(witness.last)
    grown = asked(tree(90), 80)
    known = {
        # a size that is not the last one
        "old size": (asked(tree(90), 50), (409, "")),
        "first words again": (asked(tree(90), 0), (409, "")),
        "an old one again": (asked(tree(50), 50), (409, "")),
        # the log's own doing
        "went back": (asked(tree(60), 60), (409, "rollback")),
        "another of the same size": (asked(tree(80, 70), 80), (422, "fork")),
        "another of the same size, sent as new": (asked(tree(80, 70), 60), (409, "fork")),
        "another of an old size": (asked(tree(50, 7), 50), (409, "fork")),
        "another story that grew": (asked(tree(90, 70), 80), (422, "unproved")),
        # what anybody may have sent
        "no proof": (replace(grown, proof=()), (422, "unproved")),
        "too much proof": (replace(grown, proof=(*grown.proof, bytes(32))), (422, "unproved")),
        "larger old size": (replace(grown, old=91), (400, "")),
        "no signature": (replace(grown, note=grown.note.replace(b"Z", b"Y")), None),
    }
    for what, (request, want) in known.items():
        told = status(witness.ask(request))
        assert told == want or (want is None and told[0] in {400, 403}), what
        assert witness.last == last, what
    assert status(witness.ask(grown)) == (200, "")


def test_a_log_that_is_not_known_and_one_that_did_not_sign_are_told_apart() -> None:
    other = notes.note_key("other.example/log", "std", SIGNER.public, timestamped=False)
    alien = str(sign_checkpoint(Checkpoint(other.name, 0, digest(b"")), other, SIGNER)).encode()
    assert status(Witness().ask(AddCheckpoint(0, (), alien))) == (404, "")
    thief = STD.signer(bytes(32))
    theirs = notes.note_key(LOG.name, "std", thief.public, timestamped=False)
    text = Checkpoint(LOG.name, 0, digest(b""))
    forged = str(sign_checkpoint(text, theirs, thief)).encode()
    assert status(Witness().ask(AddCheckpoint(0, (), forged))) == (403, "")
    bent = notes.Signature(LOG.name, LOG.id, bytes(64))
    broken = str(notes.Note(str(text), (bent,))).encode()
    assert status(Witness().ask(AddCheckpoint(0, (), broken))) == (403, "")


def test_a_first_tree_brings_no_proof_and_an_empty_one_its_one_root() -> None:
    first = replace(asked(tree(5), 0), proof=(bytes(32),))
    assert status(Witness().ask(first)) == (422, "unproved")
    lying = str(sign_checkpoint(Checkpoint(LOG.name, 0, bytes(32)), LOG, SIGNER)).encode()
    assert status(Witness().ask(AddCheckpoint(0, (), lying))) == (422, "fork")


class OneStory(RuleBasedStateMachine):
    """Whatever a log that forks sends, what one witness cosigned is one story that only grew."""

    def __init__(self) -> None:
        super().__init__()
        self.witness = Witness()
        self.taken: list[list[bytes]] = []

    @rule(
        size=st.integers(0, 40),
        fork=st.integers(-1, 40),
        old=st.integers(0, 45),
        honest=st.booleans(),
    )
    def ask(self, size: int, fork: int, old: int, *, honest: bool) -> None:
        made = tree(size, fork)
        held = self.witness.last.get(LOG.name)
        if honest and held is not None:
            old = held.size
        request = AddCheckpoint(old, (), note_of(made)) if old > size else asked(made, old)
        if isinstance(self.witness.ask(request), Taken):
            self.taken.append(made)

    @invariant()
    def one_story(self) -> None:
        for before, after in zip(self.taken, self.taken[1:], strict=False):
            assert after[: len(before)] == before


TestOneStory = OneStory.TestCase


@pytest.mark.parametrize(
    "wrong",
    [
        *(b"", b"old 1\n", b"old 01\n\nx", b"old -1\n\nx", b"new 1\n\nx", b"old 1 \n\nx"),
        *(b"old 1\nAAAA\n\nx", b"old 1\n" + b"A" * 43 + b"\n\nx", b"old \xd9\xa1\n\nx"),
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\nx",
        bytes(80_000),
    ],
)
def test_a_body_that_is_no_request_is_refused(wrong: bytes) -> None:
    with pytest.raises(RequestInvalid):
        read_request(wrong)


# --- policies -------------------------------------------------------------------------------------


def keys() -> dict[str, tuple[notes.NoteKey, object]]:
    made = {}
    for number, name in enumerate(NAMES):
        signer = STD.signer(bytes([number + 1]) * 32)
        key = notes.note_key(f"{name}.example/w", "std", signer.public, timestamped=True)
        made[name] = (key, signer)
    return made


def policy_text(quorum: str = "2") -> str:
    lines = [f"log {LOG}", *(f"witness {name} {key}" for name, (key, _) in keys().items())]
    return "\n".join([*lines, f"group three {quorum} court notary audit", "quorum three", ""])


def cosigned(made: list[bytes], by: tuple[str, ...], time: int = 1000) -> bytes:
    note = notes.read_note(note_of(made))
    lines = [notes.cosign(note.text, *keys()[name], time) for name in by]  # type: ignore[arg-type]
    return str(note.signed_also(lines)).encode()


def test_two_of_three_are_enough_and_one_is_not() -> None:
    policy = read_policy(policy_text())
    assert policy.words() == "2 of court, notary, audit"
    assert accept(cosigned(tree(9), ("court", "audit")), policy).times == {
        "court": 1000,
        "audit": 1000,
    }
    with pytest.raises(NotWitnessed, match="signed by court; the policy wants 2 of"):
        accept(cosigned(tree(9), ("court",)), policy)
    with pytest.raises(NotWitnessed, match="signed by nobody"):
        accept(note_of(tree(9)), policy)
    twice = (
        cosigned(tree(9), ("court",)) + cosigned(tree(9), ("court",), 7).split(b"\n")[-2] + b"\n"
    )
    with pytest.raises(NotWitnessed):
        accept(twice, policy)
    assert open_witnessed(note_of(tree(9)), policy).times == {}
    accept(note_of(tree(9)), read_policy(f"log {LOG}\nquorum none\n"))


def test_groups_of_groups_count_as_the_standards_example() -> None:
    policy = Policy(
        {},
        {},
        read_policy(
            policy_text().replace(
                "group three 2 court notary audit\nquorum three",
                "group public any court notary\ngroup both all public audit\nquorum both",
            )
        ).groups,
        "both",
    )
    assert policy.satisfied(frozenset({"notary", "audit"}))
    assert not policy.satisfied(frozenset({"notary", "court"}))
    assert not policy.satisfied(frozenset({"audit"}))


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2))
def test_no_fewer_than_the_least_can_satisfy_a_policy(one: int, two: int, both: int) -> None:
    names = "abcdef"
    groups = {
        "one": Group(one, tuple(names[:3])),
        "two": Group(two, tuple(names[3:])),
        "both": Group(both, ("one", "two")),
    }
    for quorum in ("none", "a", "one", "both"):
        policy = Policy({}, {}, groups, quorum)
        enough = [
            len(some)
            for count in range(len(names) + 1)
            for some in combinations(names, count)
            if policy.satisfied(frozenset(some))
        ]
        assert policy.least() == min(enough)


def test_a_policy_is_written_as_it_is_read() -> None:
    policy = read_policy("# ours\n\n \t" + policy_text("all"))
    assert read_policy(write_policy(policy)) == policy


@pytest.mark.parametrize(
    "change",
    [
        ("quorum three", ""),
        ("quorum three", "quorum four"),
        ("quorum three", "quorum three\nquorum three"),
        ("group three 2", "group three 4"),
        ("group three 2", "group three 0"),
        ("group three 2", "group none 2"),
        ("court notary audit", "court notary court"),
        ("court notary audit", "court notary bank"),
        ("group three", "trust three"),
        ("witness notary", "witness court"),
        ("log ", "witness log "),
        ("witness court court", "log court"),
        ("quorum three", "quorum\x0bthree"),
    ],
)
def test_a_policy_that_cannot_be_followed_names_its_line(change: tuple[str, str]) -> None:
    text = policy_text()
    assert change[0] in text
    with pytest.raises(PolicyInvalid):
        read_policy(text.replace(*change))


# --- proofs ---------------------------------------------------------------------------------------


def proved(index: int = 3, size: int = 9) -> tuple[bytes, Proof, Policy]:
    entries = [
        leaves.commitment(bytes([n]) * 32, leaves.statement("00", "std"), STD) for n in range(size)
    ]
    made = [merkle.leaf_hash(entry, digest) for entry in entries]
    note = cosigned(made, ("court", "notary"))
    return (
        entries[index],
        Proof(index, merkle.inclusion_proof(index, made, digest), note),
        read_policy(policy_text()),
    )


def test_a_proof_file_is_read_back_and_holds() -> None:
    entry, proof, policy = proved()
    assert bytes(proof).startswith(b"c2sp.org/tlog-proof@v1\nindex 3\n")
    assert read_proof(bytes(proof)) == proof
    assert set(check(proof, entry, policy).times) == {"court", "notary"}
    alone = proved(0, 1)
    assert read_proof(bytes(alone[1])) == alone[1]
    check(alone[1], alone[0], alone[2])


@given(st.data())
def test_no_byte_of_a_proof_file_can_be_changed(data: st.DataObject) -> None:
    entry, proof, policy = proved()
    written = bytearray(bytes(proof))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((ProofInvalid, NoteInvalid, CheckpointInvalid, NotWitnessed)):
        check(read_proof(bytes(written)), entry, policy)


def test_another_entry_is_not_proved() -> None:
    entry, proof, policy = proved()
    with pytest.raises(ProofInvalid):
        check(proof, digest(entry), policy)
    with pytest.raises(ProofInvalid):
        check(replace(proof, index=4), entry, policy)


@given(st.text("0123456789abcdef", min_size=1), st.sampled_from(["std", "gm"]))
def test_a_statement_is_canonical_json(hashed: str, name: str) -> None:
    told = {"suite": name, "hash": hashed, "format": "tongban.leaf.v1"}
    assert leaves.statement(hashed, name) == canonical(told)
    with pytest.raises(ValueError, match="no hash and suite"):
        leaves.statement(hashed + '"', name)


def test_a_leaf_tells_nothing_without_its_salt() -> None:
    stated = leaves.statement("ab" * 32, "std")
    one, two = (leaves.commitment(bytes([n]) * 32, stated, STD) for n in (1, 2))
    assert one != two
    assert one == hashlib.sha256(b"\x01" * 32 + stated).digest()
    with pytest.raises(ValueError, match="32 bytes"):
        leaves.commitment(b"short", stated, STD)
