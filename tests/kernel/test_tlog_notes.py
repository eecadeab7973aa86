"""Signed notes, cosignatures and checkpoints: C2SP's own examples hold, and nothing bent does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongban.kernel.suites import suite
from tongban.kernel.tlog import notes
from tongban.kernel.tlog.checkpoints import (
    Checkpoint,
    CheckpointInvalid,
    open_checkpoint,
    origin_of,
    read_checkpoint,
    sign_checkpoint,
)
from tongban.kernel.tlog.notes import NoteInvalid, NoteKeyInvalid

# signed-note, section "Example"
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONnc"
    "AlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# the Go checksum database: its published key and a tree head of January 2023
SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM = (
    "go.sum database tree\n15067302\ngJyioq6dwR9n+NjEWORfYmH+ubeYm3kH42BBQ0bTpYI=\n\n"
    "— sum.golang.org Az3grp1rvWOs5NKlr/xR4GLN/CDyzzakmt1o61uSxYKpK1SerqOP2ClbX/peKUZjYnyomH5Xz7GZG"
    "3TpB7OeKn4E2ww=\n"
    "— test.example.com qTGhC/xIPQ0AXKHK6Y+9ypRfuvMZWPjRXM8NiOg5M1WREn07VQXyuIXM3NRNav3ieVFLUqDRK77"
    "PWDmL6w8w84UqeAw=\n"
).encode()
SECRETS = {"std": bytes(range(32)), "gm": bytes(range(1, 33))}
SUITES = pytest.mark.parametrize("name", ["std", "gm"])


def log_of(name: str, origin: str = "tongban.example/log"):
    signer = suite(name).signer(SECRETS[name])
    return notes.note_key(origin_of(origin, name), name, signer.public, timestamped=False), signer


def witness_of(name: str, witness: str = "court.example/w"):
    signer = suite(name).signer(bytes([*SECRETS[name][:-1], 77]))
    return notes.note_key(witness, name, signer.public, timestamped=True), signer


def signed(name: str, size: int = 7):
    key, signer = log_of(name)
    return sign_checkpoint(Checkpoint(key.name, size, bytes([9]) * 32), key, signer), key


def test_the_published_example_is_read_and_holds() -> None:
    key = notes.read_key(EXAMPLE_KEY)
    note = notes.read_note(EXAMPLE)
    assert str(key) == EXAMPLE_KEY
    assert str(note).encode() == EXAMPLE
    assert [one.key for one in notes.verify(note, [key])] == [key]


def test_a_head_of_the_go_checksum_database_holds_beside_an_unknown_signature() -> None:
    key = notes.read_key(SUM_KEY)
    note = notes.read_note(SUM)
    assert notes.verify(note, [key])[0].key == key
    assert read_checkpoint(note.text).size == 15067302


@SUITES
def test_a_checkpoint_and_its_cosignature_come_back(name: str) -> None:
    note, log = signed(name)
    witness, signer = witness_of(name)
    both = note.signed_also([notes.cosign(note.text, witness, signer, 1_764_000_000)])
    written = str(both).encode()
    checkpoint, read = open_checkpoint(written, log)
    assert checkpoint.size == 7
    assert [(one.key, one.time) for one in notes.verify(read, [log, witness])] == [
        (log, None),
        (witness, 1_764_000_000),
    ]
    assert notes.read_key(str(witness)) == witness


def test_the_cosigned_message_is_the_standards_letter_by_letter() -> None:
    note, _ = signed("std")
    witness, signer = witness_of("std")
    line = notes.cosign(note.text, witness, signer, 1679315147)
    message = f"cosignature/v1\ntime 1679315147\n{note.text}".encode()
    assert line.value[:8] == (1679315147).to_bytes(8, "big")
    assert suite("std").verifier(witness.public).verify(message, line.value[8:])
    want = suite("std").digest(b"court.example/w\n\x04" + witness.public)[:4]
    assert line.id == want


@SUITES
@given(data=st.data())
def test_no_byte_of_a_signed_note_can_be_changed(name: str, data: st.DataObject) -> None:
    note, log = signed(name)
    written = bytearray(str(note).encode())
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((NoteInvalid, CheckpointInvalid)):
        open_checkpoint(bytes(written), log)


def test_a_time_that_was_not_signed_spoils_the_note() -> None:
    note, _ = signed("std")
    witness, signer = witness_of("std")
    line = notes.cosign(note.text, witness, signer, 100)
    later = notes.Signature(line.name, line.id, (101).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(NoteInvalid, match=r"court\.example/w does not hold"):
        notes.verify(note.signed_also([later]), [witness])


def test_a_gm_log_is_no_log_to_a_std_verifier() -> None:
    """Another origin, another key id, a type that C2SP leaves to private use."""
    note, gm = signed("gm")
    std, _ = log_of("std")
    assert gm.name == "tongban.example/log/gm"
    assert gm.type[:1] == b"\xff"
    with pytest.raises(CheckpointInvalid, match=r"not of 'tongban\.example/log'"):
        open_checkpoint(str(note).encode(), std)
    # the same origin, and the bytes of the public key passed off as a std one
    posing = notes.note_key(gm.name, "std", std.public, timestamped=False)
    with pytest.raises(NoteInvalid, match="has not signed it"):
        open_checkpoint(str(note).encode(), posing)


def test_what_a_log_signed_is_no_cosignature_and_the_other_way_round() -> None:
    note, log = signed("std")
    witness = notes.note_key(log.name, "std", log.public, timestamped=True)
    assert witness.id != log.id
    assert notes.verify(note, [witness]) == ()
    with pytest.raises(ValueError, match="it cosigns"):
        notes.sign(note.text, witness, log_of("std")[1])
    with pytest.raises(ValueError, match="cannot cosign"):
        notes.cosign(note.text, log, log_of("std")[1], 5)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "example.com/foo",
        EXAMPLE_KEY + "A",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("530d903a", "530D903A"),
        EXAMPLE_KEY.replace("+AekyeRr", "+AukyeRr"),
        EXAMPLE_KEY.replace("example.com/foo", "example.com/ foo"),
        # y = 1, of order 1: anybody's signature would hold
        "a+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ],
)
def test_what_is_no_key_is_refused(wrong: str) -> None:
    with pytest.raises(NoteKeyInvalid):
        notes.read_key(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"text\n",
        b"text\n\n",
        EXAMPLE[:-1],
        EXAMPLE + b"\n",
        EXAMPLE.replace("— ".encode(), b"- "),
        EXAMPLE.replace(b"message.", b"mess\tage."),
        EXAMPLE.replace(b"message.", b"mess\xffage."),
        EXAMPLE.replace(b"aQM=", b"aQN="),
        EXAMPLE.replace(b"example.com/foo U", b"example.com/foo  U"),
        b"x" * 70_000,
    ],
)
def test_what_is_no_note_is_refused(wrong: bytes) -> None:
    with pytest.raises(NoteInvalid):
        notes.read_note(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        "log\n1\n",
        "\n1\n" + "A" * 43 + "=\n",
        "log\n01\n" + "A" * 43 + "=\n",
        "log\n-1\n" + "A" * 43 + "=\n",
        "log\n1\n" + "A" * 43 + "=\nmore\n",
        "log\n1\n" + "A" * 42 + "B=\n",
        "log\n1\n" + "A" * 40 + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(wrong: str) -> None:
    with pytest.raises(CheckpointInvalid):
        read_checkpoint(wrong)


def test_an_empty_tree_has_one_root_only() -> None:
    key, signer = log_of("std")
    for root, fits in ((suite("std").digest(b""), True), (bytes(32), False)):
        written = str(sign_checkpoint(Checkpoint(key.name, 0, root), key, signer)).encode()
        if fits:
            assert open_checkpoint(written, key)[0].size == 0
        else:
            with pytest.raises(CheckpointInvalid, match="empty tree"):
                open_checkpoint(written, key)
