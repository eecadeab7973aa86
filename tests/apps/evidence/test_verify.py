"""``verify.py``: what holds is told, and anything that was changed is a failure with a name."""

import ast
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from testkit.bundles import DOCUMENT, NAMES, PAPER, SIGNED, Made, hand, make
from tongban.apps.evidence import checking, verify
from tongban.kernel import merkle
from tongban.kernel.suites import suite
from tongban.kernel.tlog.policy import PolicyInvalid, read_policy, write_policy

SUITES = ("std", "gm")
MADE = {by: make(by) for by in SUITES}
STD = MADE["std"]


def broken(files: dict[str, bytes], policy: str | None = None) -> str:
    """Give why a bundle does not hold."""
    with pytest.raises(verify.Broken) as found:
        verify.check(files, policy)
    return str(found.value)


def changed(content: bytes, place: int, bits: int = 1) -> bytes:
    return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]


def events_of(made: Made) -> list[dict]:
    return [json.loads(line) for line in made.files["events.jsonl"].splitlines()]


def forged(made: Made, events: list[dict]) -> dict[str, bytes]:
    """Give the bundle with other lines of events, listed and signed as the platform can."""
    told = b"".join(verify.canonical(event) + b"\n" for event in events)
    return made.relisted({"events.jsonl": told})


@pytest.mark.parametrize("by", SUITES)
def test_a_bundle_says_what_is_proved_by_whom_and_when(by: str) -> None:
    made = MADE[by]
    report = verify.check(made.files)
    assert report.about == "case-1"
    assert (report.size, report.root) == (22, made.tree.root.hex())
    assert {name: time for name, (_, time) in report.witnesses.items()} == {
        name: SIGNED + n for n, name in enumerate(NAMES)
    }
    assert report.chains == {"case-1": 4}
    assert {name: event["where"] for name, event in report.documents.items()} == {
        PAPER: "events.jsonl line 1"
    }
    assert [event["hash"] for event in report.events] == [event.hash for event in made.events]
    assert str(made.log.key) == report.log.text
    told = "\n".join(report.proved)
    assert "2026-11-24 16:00:00+08:00" in told
    assert all(name in told for name in NAMES)
    untold = "\n".join(report.not_proved)
    assert "whose keys these are" in untold
    assert "NOT WITNESSED" not in untold


def test_with_ones_own_policy_the_keys_are_settled() -> None:
    report = verify.check(STD.files, write_policy(STD.policy))
    assert "whose keys these are" not in "\n".join(report.not_proved)
    other = write_policy(replace(STD.policy, logs={}))
    assert "it is of a log that the policy does not name" in broken(STD.files, other)
    fewer = {"court": STD.policy.witnesses["court"]}
    told = verify.check(
        STD.files, write_policy(replace(STD.policy, witnesses=fewer, groups={}, quorum="court"))
    )
    assert {*told.witnesses} == {"court"}


# --- any byte ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(STD.files))
def test_any_byte_changed_in_any_file_is_a_failure_that_names_the_file(name: str) -> None:
    policy = write_policy(STD.policy)
    # every byte; of the long ones, which are known by their digest alone, every seventh
    step = 7 if len(STD.files[name]) > 2000 else 1
    for place in range(0, len(STD.files[name]), step):
        files = {**STD.files, name: changed(STD.files[name], place)}
        assert broken(files, policy).startswith(name), place
        if name != "events.jsonl":
            broken(files)
    assert broken({**STD.files, name: STD.files[name] + b"\n"}, policy).startswith(name)
    assert broken({**STD.files, name: STD.files[name][:-1]}, policy).startswith(name)
    gone = {n: content for n, content in STD.files.items() if n != name}
    assert name in broken(gone, policy)


@given(st.data())
def test_any_bit_changed_in_a_national_bundle_is_a_failure(data: st.DataObject) -> None:
    files = MADE["gm"].files
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name]) - 1))
    broken({**files, name: changed(files[name], place, 1 << data.draw(st.integers(0, 7)))})


@pytest.mark.slow
def test_no_byte_of_an_event_can_be_changed_by_the_platform_itself() -> None:
    """Whoever keeps the log may list and sign what they like; the witnessed root stands."""
    made = make(count=2)
    told = made.files["events.jsonl"]
    line = 1
    for place, byte in enumerate(told):
        files = made.relisted({"events.jsonl": changed(told, place)})
        if byte == ord("\n"):
            line += 1
            continue
        assert broken(files).startswith(f"events.jsonl line {line}: "), place


@pytest.mark.parametrize("by", SUITES)
def test_no_part_of_an_event_can_be_another(by: str) -> None:
    made = MADE[by]
    # in plain Python a national signature takes its time: there the ends stand for all
    for place in range(4) if by == "std" else (0, 3):
        for name in sorted(verify.ENVELOPE):
            events = events_of(made)
            events[place]["envelope"][name] = "gm" if name == "suite" else "other"
            assert f"line {place + 1}: " in broken(forged(made, events)), name
        for name, value in (("data", "{}"), ("data_salt", "00"), ("data_salt", None)):
            events = events_of(made)
            events[place][name] = value
            assert "its data is not what was recorded" in broken(forged(made, events))
        path = events_of(made)[place]["leaf"]["path"]
        for other in (path[1:], path[:-1], [*path, path[0]], path[::-1], [], [path[0]] * len(path)):
            events = events_of(made)
            events[place]["leaf"]["path"] = other
            assert "not in the signed tree" in broken(forged(made, events))
        for index in (0, -1, 8, 13, 22, 2**70):
            events = events_of(made)
            events[place]["leaf"]["index"] += index or 1
            assert "not in the signed tree" in broken(forged(made, events))


ODD = (
    [],
    None,
    {"data": None},
    {"envelope": {}, "leaf": {}, "data": None, "data_salt": None},
    "x",
)


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_event_is_named(odd: object) -> None:
    events = [*events_of(STD), odd]
    assert "line 5: it is not written as an event is" in broken(forged(STD, events))
    for part, value in (
        ("index", "9"),
        ("index", True),
        ("path", "ab"),
        ("path", ["ab"]),
        ("salt", "ab"),
        ("salt", 5),
        ("more", 1),
    ):
        events = events_of(STD)
        events[0]["leaf"][part] = value
        assert "line 1: it is not written as an event is" in broken(forged(STD, events))


def test_an_event_left_out_put_twice_or_put_elsewhere_is_named() -> None:
    one, two, three, four = events_of(STD)
    for events, line in (
        ([two, three, four], 1),
        ([one, three, four], 2),
        ([one, one, two], 2),
        ([one, three, two, four], 2),
    ):
        told = broken(forged(STD, events))
        assert told.startswith(f"events.jsonl line {line}: an event before it is missing")
    assert verify.check(forged(STD, [one, two])).chains == {"case-1": 2}


def test_erased_data_is_told_and_the_event_stands() -> None:
    events = events_of(STD)
    events[2]["data"] = events[2]["data_salt"] = None
    report = verify.check(forged(STD, events))
    assert "line 3: its data was erased by law" in "\n".join(report.not_proved)


def test_a_document_that_no_event_names_is_refused() -> None:
    assert "no event names this document" in broken(STD.relisted({PAPER: DOCUMENT + b" "}))
    assert "no event names this document" in broken(STD.relisted({"documents/02.pdf": b"more"}))
    assert verify.check(STD.relisted({PAPER: None})).documents == {}
    extra = {**STD.files, "documents/02.pdf": b"more"}
    assert broken(extra) == "documents/02.pdf: the file does not belong to it / 多余"


# --- who signed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", SUITES)
def test_too_few_witnesses_are_told_by_name(by: str) -> None:
    made = MADE[by]
    enough = made.relisted({"checkpoint.txt": made.note([1, 2])})
    assert {*verify.check(enough).witnesses} == {"notary", "audit"}
    few = made.relisted({"checkpoint.txt": made.note([1])})
    assert "signed by notary; wanted 2 of court, notary, audit" in broken(few)
    none = made.relisted({"checkpoint.txt": made.note([])})
    assert "signed by nobody" in broken(none)


def test_without_witnesses_the_bundle_says_so() -> None:
    policy = replace(STD.policy, witnesses={}, groups={}, quorum="none")
    files = STD.relisted(
        {"checkpoint.txt": STD.note([]), "policy.txt": write_policy(policy).encode()}
    )
    assert "NOT WITNESSED" in "\n".join(verify.check(files).not_proved)


def test_a_witness_of_another_checkpoint_or_another_time_does_not_count() -> None:
    older = replace(STD, tree=replace(STD.tree, size=21))
    lines = older.note([0, 1, 2]).splitlines(keepends=True)
    moved = STD.note([]) + b"".join(lines[-3:])
    assert "the signature of court.example/witness does not hold" in broken(
        STD.relisted({"checkpoint.txt": moved})
    )
    late = STD.relisted({"checkpoint.txt": STD.note([0, 1], 2**37)})
    assert "the signature of court.example/witness does not hold" in broken(late)
    stranger = replace(
        STD,
        witnesses=tuple(
            hand(f"{name}.example/witness", "std", 40 + n, timestamped=True)
            for n, name in enumerate(NAMES)
        ),
    )
    assert "signed by nobody" in broken(STD.relisted({"checkpoint.txt": stranger.note([0, 1])}))


def test_a_list_of_files_is_no_checkpoint_and_another_log_signs_no_list() -> None:
    files = {**STD.files, "checkpoint.txt": STD.files["manifest.txt"]}
    assert "a log that the policy does not name" in broken(files)
    other = replace(STD, log=hand(STD.log.key.name, "std", 99, timestamped=False))
    files = {**STD.files, "manifest.txt": other.relisted({})["manifest.txt"]}
    assert broken(files).startswith(f"manifest.txt: {STD.log.key.name} has not signed it")
    files = {**STD.files, "manifest.txt": STD.files["checkpoint.txt"]}
    assert broken(files).startswith("manifest.txt: ")


def test_the_token_is_over_this_checkpoint() -> None:
    mine = {"timestamp.tsr": b"token", "timestamp.txt": STD.note([])}
    report = verify.check(STD.relisted(mine))
    assert "openssl ts -verify -data timestamp.txt" in "\n".join(report.not_proved)
    for other in (replace(STD, tree=replace(STD.tree, size=21)).note([]), None):
        told = broken(STD.relisted({**mine, "timestamp.txt": other}))
        assert told.startswith("timestamp.txt: it is not this checkpoint")


def test_what_would_keep_a_checker_busy_is_refused() -> None:
    many = STD.note([0]) + STD.note([0]).splitlines(keepends=True)[-1] * 65
    assert "no signatures below" in broken(STD.relisted({"checkpoint.txt": many}))
    assert "too long" in broken(STD.files, "# " + "x" * 70_000)
    for count in ("9" * 5000, "²", "0", "-1"):
        policy = write_policy(STD.policy).replace("group most 2", f"group most {count}")
        assert "how many must sign" in broken(STD.files, policy)
    deep = STD.relisted({"events.jsonl": b"[" * 100_000})
    assert "line 1: it is not written as an event is" in broken(deep)


# --- beside the kernel's own reading -------------------------------------------------------------

LINES = [
    f"log {STD.log.key}",
    *(f"witness {n} {one.key} http://{n}" for n, one in STD.policy.witnesses.items()),
    "group two 2 court notary",
    "group all all two audit",
    "group none 1 audit",
    "group many 3 court notary",
    "group free 1 none",
    "group own 1 own",
    f"log {hand(STD.log.key.name, 'std', 77, timestamped=False).key}",
    "witness court again",
    "quorum two",
    "quorum all",
    "quorum none",
    "quorum audit",
    f"log {STD.policy.witnesses['court'].key}",
    f"witness x {STD.log.key}",
    f"log {MADE['gm'].log.key}",
    f"witness gm {MADE['gm'].witnesses[0].key}",
    "# a remark",
    "",
    "nonsense",
]


@given(st.lists(st.sampled_from(LINES), max_size=9), st.sets(st.sampled_from(NAMES)))
def test_a_policy_is_read_as_the_platform_reads_it(lines: list[str], by: set[str]) -> None:
    text = "\n".join([*LINES[:4], *lines, ""])
    try:
        want = read_policy(text)
    except PolicyInvalid:
        with pytest.raises(verify.Broken):
            verify.read_policy(text)
        return
    found = verify.read_policy(text)
    assert {name: str(key) for name, key in want.logs.items()} == {
        name: key.text for name, key in found.logs.items()
    }
    assert found.satisfied(by, found.quorum) is want.satisfied(frozenset(by))


@given(st.binary(max_size=200), st.integers(1, 2**256), st.integers(0, 63), st.integers(0, 255))
def test_signatures_of_sm2_are_judged_as_the_library_judges_them(
    message: bytes, secret: int, place: int, byte: int
) -> None:
    signer = suite("gm").signer((secret % (verify.N - 2) + 1).to_bytes(32, "big"))
    signed = signer.sign(message)
    assert verify.sm2_holds(signer.public, message, signed)
    other = signed[:place] + bytes([byte]) + signed[place + 1 :]
    holds = suite("gm").verifier(signer.public).verify(message, other)
    assert verify.sm2_holds(signer.public, message, other) is holds
    assert not verify.sm2_holds(signer.public, message + b"x", signed)
    assert not verify.sm2_holds(signer.public[:-1] + b"\x00\x00", message, signed)


def test_the_example_of_the_national_standard_holds() -> None:
    """GB/T 32918.5-2017, annex A.2."""
    public = bytes.fromhex(
        "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
    signed = bytes.fromhex(
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    )
    assert verify.sm2_holds(public, b"message digest", signed)
    assert not verify.sm2_holds(public, b"message digesT", signed)
    assert not verify.sm2_holds(public, b"message digest", bytes(64))
    assert not verify.sm2_holds(bytes(64), b"message digest", signed)


@given(st.integers(1, 300), st.data())
def test_paths_lead_where_the_kernel_says(size: int, data: st.DataObject) -> None:
    digest = suite("std").digest
    leaves = [digest(b"%d" % n) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path = list(merkle.inclusion_proof(index, leaves, digest))
    assert verify.root_of(leaves[index], index, size, path, digest) == merkle.root(leaves, digest)
    where = data.draw(st.integers(-1, size + 1))
    held = merkle.verify_inclusion(
        leaves[index], where, size, path, merkle.root(leaves, digest), digest
    )
    found = verify.root_of(leaves[index], where, size, path, digest)
    assert (found == merkle.root(leaves, digest)) is held


# --- as a judge's expert runs it -----------------------------------------------------------------


def packed(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_it_needs_nothing_but_python_and_cryptography() -> None:
    tree = ast.parse(Path(verify.__file__).read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert not node.level
            names.add(node.module.partition(".")[0])
    assert names - {*sys.stdlib_module_names} == {"cryptography"}


@pytest.mark.parametrize("by", SUITES)
def test_it_runs_from_the_unpacked_folder_and_on_the_file(by: str, tmp_path: Path) -> None:
    files = MADE[by].relisted({"verify.py": Path(verify.__file__).read_bytes()})
    bundle = tmp_path / "case.zip"
    bundle.write_bytes(packed(files))
    folder = tmp_path / "case"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-I", "-X", "utf8", folder / "verify.py", *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            timeout=60,
        )

    for done in (run(), run(str(bundle))):
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("EVIDENCE HOLDS / 校验通过: case-1")
        assert "story / 事件链 case-1: events 1 to 4" in done.stdout
    policy = tmp_path / "mine.txt"
    policy.write_text(write_policy(MADE[by].policy))
    assert "whose keys" not in run(str(bundle), "--policy", str(policy)).stdout
    (folder / "README.txt").write_bytes(b"read mE\n")
    done = run()
    assert done.returncode == 1
    assert "DOES NOT HOLD" in done.stdout
    assert "README.txt: the file was changed" in done.stdout
    assert run("--help").returncode == 2


def test_the_command_says_the_same(tmp_path: Path) -> None:
    bundle, policy = tmp_path / "case.zip", tmp_path / "policy.txt"
    bundle.write_bytes(packed(STD.files))
    policy.write_text(write_policy(STD.policy))
    told = CliRunner().invoke(checking.verify, [str(bundle), "--policy", str(policy)])
    assert told.exit_code == 0
    assert "witness / 见证人 court: 2026-11-24 16:00:00+08:00" in told.output
    bundle.write_bytes(packed({**STD.files, PAPER: b"other"}))
    told = CliRunner().invoke(checking.verify, [str(bundle)])
    assert (told.exit_code, PAPER in told.output) == (1, True)


def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "case.zip"
    whole = packed(STD.files)
    for content in (b"", b"no zip", whole[:-40], whole[:60] + b"\xff" * 30 + whole[90:]):
        path.write_bytes(content)
        with pytest.raises(verify.Broken):
            verify.check(verify.read_files(path))
    path.write_bytes(packed({}))
    with pytest.raises(verify.Broken):
        verify.check(verify.read_files(path))
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive:
        archive.writestr("events.jsonl", b"x")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("events.jsonl", b"y")
    path.write_bytes(twice.getvalue())
    with pytest.raises(verify.Broken, match="stands in it twice"):
        verify.read_files(path)
    path.write_bytes(packed({"large": bytes(1001)}))
    with pytest.raises(verify.Broken, match="more than 1000 bytes"):
        verify.read_packed(path, 1000)
    monkeypatch.setattr(verify, "LARGEST", 1000)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "large").write_bytes(bytes(1001))
    with pytest.raises(verify.Broken, match="more than 1000 bytes"):
        verify.read_files(tmp_path / "folder")
    with pytest.raises(verify.Broken, match="cannot be unpacked"):
        verify.read_files(tmp_path / "nowhere")


def test_what_would_steer_a_terminal_is_not_printed(tmp_path: Path, capsys) -> None:
    (tmp_path / "\x1b[2Jpaper").write_bytes(b"")
    for name, content in STD.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert verify.main([str(tmp_path)]) == 1
    assert "\x1b" not in capsys.readouterr().out
