"""Check an evidence bundle of Tongban (通办存证包) offline, without Tongban and without a network.

    python verify.py [BUNDLE.zip | folder] [--policy FILE]

Needs Python 3.11 or later and the package "cryptography"; nothing else, and no trust in whoever
made the bundle. Read from the bottom up: `check` is the whole argument, step by step.

The policy says whom you trust: the key of the log, the keys of its witnesses, and how many of these
must have signed. A bundle brings one along; whether its keys are those that the court, the notary
and the auditor publish, only you can find out. Take your own file by --policy.
"""

import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SM3, Hash

LARGEST = 256 * 1024 * 1024  # bytes of all files of a bundle together
MOST_SIGNATURES, LONGEST_POLICY = 64, 65_536
MANIFEST, CHECKPOINT, POLICY = "manifest.txt", "checkpoint.txt", "policy.txt"
EVENTS = "events.jsonl"
TOKEN, TOKEN_OVER = "timestamp.tsr", "timestamp.txt"
SIGNATURES = "signatures/"  # statements beside documents: who signed which, in which words
ADDED = "archive/"  # what the keeper of the log wrote when it packed, such as a page to read
PLAIN = {MANIFEST, CHECKPOINT, POLICY, EVENTS, TOKEN, TOKEN_OVER, "README.txt", "verify.py"}
# what the hash of an event is over
ENVELOPE = {
    *("actor", "authority", "chain", "corrects", "id", "item", "item_version", "lifecycle"),
    *("occurred", "on_behalf_of", "organisation", "payload_digest", "previous", "reason"),
    *("recorded", "seq", "step", "suite", "type"),
}
Event = dict[str, Any]


class Broken(Exception):
    """The bundle does not hold: in which file, and why."""


# --- digests and signatures ---------------------------------------------------------------------

Digest = Callable[[bytes], bytes]


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def sm3(message: bytes) -> bytes:
    """GB/T 32905."""
    made = Hash(SM3())
    made.update(message)
    return made.finalize()


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# The curve of SM2, GB/T 32918.5: y^2 = x^3 + a*x + b over the prime P; G = (GX, GY) of order N.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
Point = tuple[int, int, int]  # (X, Y, Z) stands for (X/Z^2, Y/Z^3); Z = 0 is the point at infinity


def double(point: Point) -> Point:
    """Add a point of the curve to itself: along the tangent."""
    x, y, z = point
    yy, zz = y * y % P, z * z % P
    slope, s = 3 * (x - zz) * (x + zz) % P, 4 * x * yy % P  # as a = -3
    x3 = (slope * slope - 2 * s) % P
    return x3, (slope * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def add(one: Point, two: Point) -> Point:
    """Add two points of the curve."""
    (x1, y1, z1), (x2, y2, z2) = one, two
    if not (z1 and z2):
        return one if z1 else two
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2, s1, s2 = x1 * zz2 % P, x2 * zz1 % P, y1 * zz2 * z2 % P, y2 * zz1 * z1 % P
    if u1 == u2:
        return double(one) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh, hhh = h * h % P, h * h * h % P
    x3 = (r * r - hhh - 2 * u1 * hh) % P
    return x3, (r * (u1 * hh - x3) - s1 * hhh) % P, h * z1 * z2 % P


def sm2_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """GB/T 32918.2, section 7.1, identity 1234567812345678; public x||y, signature r||s."""
    if len(public) != 64 or len(signature) != 64:
        return False
    x, y = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    on_curve = x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0
    t = (r + s) % N
    if not (on_curve and 0 < r < N and 0 < s < N and t):
        return False
    curve = b"".join(number.to_bytes(32, "big") for number in (A, B, GX, GY))
    z = sm3(b"\x00\x80" + b"1234567812345678" + curve + public)
    e = int.from_bytes(sm3(z + message), "big")
    # s*G + t*(x, y), both at once, two bits of each at a time from the top
    point, base, own = (1, 1, 0), (GX, GY, 1), (x, y, 1)
    ones, others = ([point, one, double(one), add(double(one), one)] for one in (base, own))
    terms = [add(one, other) for other in others for one in ones]
    for place in range(254, -1, -2):
        point = add(double(double(point)), terms[(s >> place & 3) | (t >> place & 3) << 2])
    return point[2] != 0 and (e + point[0] * pow(point[2], -2, P) % P) % N == r


# name of a suite -> its digest, and how a signature is verified
DIGESTS: dict[str, Digest] = {"std": sha256, "gm": sm3}
HOLDS = {"std": ed25519_holds, "gm": sm2_holds}


# --- signed notes: c2sp.org/signed-note, c2sp.org/tlog-cosignature ------------------------------


@dataclass(frozen=True)
class Key:
    """The key of a log, or of a witness (who signs together with the time)."""

    name: str
    suite: str
    witness: bool
    public: bytes
    id: bytes
    text: str


# type of the key -> suite, whether it is a witness's, length of the public key
KINDS = {
    b"\x01": ("std", False, 32),
    b"\x04": ("std", True, 32),
    b"\xfftongban/sm2-sm3/v1": ("gm", False, 64),
    b"\xfftongban/sm2-sm3-cosignature/v1": ("gm", True, 64),
}


def decode(written: str, where: str) -> bytes:
    """Read base64, in its one writing."""
    try:
        told = base64.b64decode(written, validate=True)
    except ValueError:
        told = b""
    if not told or base64.b64encode(told).decode() != written:
        raise Broken(f"{where}: {written[:40]!r} is not base64 / 不是base64")
    return told


def read_key(text: str) -> Key:
    name, _, rest = text.partition("+")
    told = decode(rest.partition("+")[2], POLICY)
    for kind, (suite, witness, length) in KINDS.items():
        public = told[len(kind) :]
        key_id = DIGESTS[suite](name.encode() + b"\n" + kind + public)[:4]
        if told.startswith(kind) and len(public) == length and rest.startswith(f"{key_id.hex()}+"):
            return Key(name, suite, witness, public, key_id, text)
    raise Broken(f"{POLICY}: {text[:60]!r} is no key of a known kind / 不是已知类型的公钥")


def signers(note: bytes, keys: list[Key], where: str) -> tuple[str, dict[Key, int]]:
    """Give the text of a note, and which of these keys signed it, and when (0: without a time)."""
    try:
        text, blank, lines = note.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise Broken(f"{where}: it is not UTF-8 / 不是UTF-8文本") from None
    if not blank or not lines.endswith("\n") or lines.count("\n") > MOST_SIGNATURES:
        raise Broken(f"{where}: no signatures below an empty line / 空行之下没有签名")
    text += "\n"
    signed: dict[Key, int] = {}
    for line in lines[:-1].split("\n"):
        found = re.fullmatch("\u2014 ([^ +]+) ([^ ]+)", line)
        if found is None:
            raise Broken(f"{where}: {line[:40]!r} is no line of a signature / 不是签名行")
        told = decode(found[2], where)
        for key in (key for key in keys if (key.name, key.id) == (found[1], told[:4])):
            time, message, signature = 0, text, told[4:]
            if key.witness:  # it signs with the time, in seconds since 1970
                time, signature = int.from_bytes(told[4:12], "big"), told[12:]
                message = f"cosignature/v1\ntime {time}\n{text}"
            fit = 0 < time < 2**37 or not key.witness
            if not (fit and HOLDS[key.suite](key.public, message.encode(), signature)):
                raise Broken(f"{where}: the signature of {key.name} does not hold / 签名无效")
            signed.setdefault(key, time)
    return text, signed


# --- the policy: c2sp.org/tlog-policy -----------------------------------------------------------


@dataclass
class Policy:
    """Whose keys count, and how many witnesses must have signed."""

    logs: dict[str, Key]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, list[str]]]
    quorum: str = ""

    def satisfied(self, by: set[str], name: str) -> bool:
        if name == "none" or name in self.witnesses:
            return name == "none" or name in by
        needed, members = self.groups[name]
        return sum(self.satisfied(by, member) for member in members) >= needed

    def wants(self) -> str:
        needed, members = self.groups.get(self.quorum, (0, []))
        return f"{needed} of {', '.join(members)}" if members else self.quorum


def read_policy(text: str) -> Policy:
    policy = Policy({}, {}, {})
    named, grouped, keys, wrong = {"none"}, [], [], False
    if len(text) > LONGEST_POLICY:
        raise Broken(f"{POLICY}: it is too long / 过长")
    for line in text.split("\n"):
        match line.split():
            case []:
                continue
            case [word, *_] if word.startswith("#"):
                continue
            case ["log", written, *_]:
                key = read_key(written)
                policy.logs[key.name] = key
                keys += [key.public, key.name]
                wrong |= key.witness
            case ["witness", name, written, *_] if name not in named:
                key = policy.witnesses[name] = read_key(written)
                keys.append(key.public)
                named.add(name)
                wrong |= not key.witness
            case ["group", name, needed, *some] if name not in named and "none" not in some:
                count = {"any": "1", "all": str(len(some))}.get(needed, needed)
                fit = re.fullmatch("[0-9]{1,3}", count)
                policy.groups[name] = int(count) if fit else 0, some
                grouped += some
                named.add(name)
                if not 1 <= policy.groups[name][0] <= len(some) or not {*some} <= named - {name}:
                    raise Broken(f"{POLICY}: {line[:60]!r}: how many must sign? / 需要几方签名？")
            case ["quorum", name] if not policy.quorum and name in named:
                policy.quorum = name
            case _:
                raise Broken(f"{POLICY}: {line[:60]!r} cannot be followed / 无法执行")
    # each key and each witness counts once; a log's key is no witness's
    wrong |= len({*keys}) != len(keys) or len({*grouped}) != len(grouped)
    if wrong or not policy.quorum:
        raise Broken(f"{POLICY}: a key or name stands wrong or twice / 公钥或名称有误或重复")
    return policy


# --- the tree: RFC 9162, section 2.1 ------------------------------------------------------------


def root_of(leaf: bytes, index: int, size: int, path: list[bytes], digest: Digest) -> bytes | None:
    """Give the root to which the path leads from a leaf; None where it leads nowhere.

    A tree is one leaf, or a full half on the left and the rest on the right; the last of the path
    is the half in which the leaf is not.
    """
    if not 0 <= index < size or (size == 1) is bool(path):
        return None
    if size == 1:
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    left: bytes | None = path[-1]
    right: bytes | None = path[-1]
    if index < half:
        left = root_of(leaf, index, half, path[:-1], digest)
    else:
        right = root_of(leaf, index - half, size - half, path[:-1], digest)
    return digest(b"\x01" + left + right) if left and right else None


# --- the bundle: each check adds to the report what it proves, and what it cannot ---------------


@dataclass
class Report:
    """What was proved, of what, and what was not."""

    log: Key
    size: int
    root: str
    witnesses: dict[str, tuple[Key, int]]
    about: str = ""
    made: str = ""
    events: list[Event] = field(default_factory=list)
    chains: dict[str, int] = field(default_factory=dict)
    documents: dict[str, Event] = field(default_factory=dict)
    proved: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)


def read_files(path: Path) -> dict[str, bytes]:
    """Read a bundle, packed or unpacked."""
    if not path.is_dir():
        return read_packed(path)
    found = [one for one in sorted(path.rglob("*")) if one.is_file()]
    if sum(one.stat().st_size for one in found) > LARGEST:
        raise Broken(f"{path}: more than {LARGEST} bytes / 过大")
    return {one.relative_to(path).as_posix(): one.read_bytes() for one in found}


def read_packed(file: Path | BinaryIO, largest: int = LARGEST) -> dict[str, bytes]:
    """Read the files of a packed bundle; each is no longer than it says at first."""
    try:
        with zipfile.ZipFile(file) as packed:
            infos = packed.infolist()
            if sum(one.file_size for one in infos) > largest:
                raise Broken(f"bundle: more than {largest} bytes / 过大")
            files = {one.filename: packed.read(one) for one in infos}
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as wrong:
        raise Broken(f"bundle: it cannot be unpacked ({wrong}) / 无法解开") from None
    if len(files) != len(infos):
        raise Broken("bundle: a file stands in it twice / 文件重复")
    return files


def canonical(value: object) -> bytes:
    """Write JSON in the one form that is hashed: names in order, no spaces (RFC 8785)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def check_checkpoint(files: Mapping[str, bytes], policy: Policy) -> Report:
    """The log says "my tree has this size and this root", and enough witnesses sign with it."""
    text = files.get(CHECKPOINT, b"").decode(errors="replace")
    log = policy.logs.get(text.split("\n")[0])
    if log is None:
        raise Broken(f"{CHECKPOINT}: it is of a log that the policy does not name / 政策未列此日志")
    names = {key: name for name, key in policy.witnesses.items() if key.suite == log.suite}
    text, signed = signers(files[CHECKPOINT], [log, *names], CHECKPOINT)
    tree = re.fullmatch(r"[^\n]+\n(0|[1-9][0-9]{0,18})\n([^\n]+)\n", text)
    if log not in signed or tree is None:
        raise Broken(f"{CHECKPOINT}: {log.name} has not signed it / 未经日志签名")
    witnesses = {names[key]: (key, time) for key, time in signed.items() if key in names}
    if not policy.satisfied({*witnesses}, policy.quorum):
        by = ", ".join(witnesses) or "nobody / 无人"
        raise Broken(f"{CHECKPOINT}: signed by {by}; wanted {policy.wants()} / 见证人不足")
    report = Report(log, int(tree[1]), decode(tree[2], CHECKPOINT).hex(), witnesses)
    report.proved += [
        f"log / 日志: {log.text}",
        f"tree / 日志树: {report.size} leaves / 叶子, root / 根 {report.root}",
        *(
            f"witness / 见证人 {n}: {at(t)}, {key.text}"
            for n, (key, t) in sorted(witnesses.items())
        ),
    ]
    if witnesses:
        first = at(min(time for _, time in witnesses.values()))
        said = "all of this existed at, and is unchanged since / 以下内容已存在且未改动"
        report.proved.append(f"{said}: {first}")
    else:
        said = "NOT WITNESSED: the time, and that nothing was replaced / 未经见证"
        report.not_proved.append(said)
    return report


def check_files(files: Mapping[str, bytes], report: Report) -> None:
    """Every file is as it was packed, by the list that the log signed."""
    log = report.log
    text, signed = signers(files.get(MANIFEST, b""), [log], MANIFEST)
    head = re.match("tongban[.]bundle[.]v1\nlog (.+)\nabout (.+)\nmade (.+)\n", text)
    if log not in signed or head is None or head[1] != log.name:
        raise Broken(f"{MANIFEST}: {log.name} has not signed it / 未经日志签名")
    rows = re.findall("([0-9a-f]{64}) ([0-9]{1,12}) (.+)\n", text[head.end() :])
    listed = {name: (digest, int(length)) for digest, length, name in rows}
    for name in sorted({*listed, *files} - {MANIFEST}):
        if name not in files or name not in listed:
            what = "is missing / 缺失" if name in listed else "does not belong to it / 多余"
            raise Broken(f"{name}: the file {what}")
        if (DIGESTS[log.suite](files[name]).hex(), len(files[name])) != listed[name]:
            raise Broken(f"{name}: the file was changed after it was packed / 文件被改动")
    report.about, report.made = head[2], head[3]


def check_event(line: bytes, where: str, report: Report) -> Event:
    """An event is what was recorded, and its leaf is in the tree that was signed."""
    try:
        told = json.loads(line)
        envelope, leaf, data = told["envelope"], told["leaf"], told["data"]
        by = DIGESTS[envelope["suite"]]
        path = [bytes.fromhex(part) for part in leaf["path"]]
        salts = bytes.fromhex(leaf["salt"]), bytes.fromhex(told["data_salt"] or "")
        names = {*told}, {*envelope}, {*leaf}
        known = {"data", "data_salt", "envelope", "leaf"}, ENVELOPE, {"index", "path", "salt"}
        sizes = {len(part) for part in path} <= {32} and len(salts[0]) == 32
        kinds = isinstance(data, str | None) and type(leaf["index"]) is int
        fit = names == known and sizes and kinds and canonical(told) == line
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fit = False
    if not fit:
        raise Broken(f"{where}: it is not written as an event is / 不是规范的事件")
    # 1. the envelope has this hash; 2. it names the digest of the data
    envelope["hash"] = by(b"tongban.event.v1\n" + canonical(envelope)).hex()
    if data is not None and by(salts[1] + data.encode()).hex() != envelope["payload_digest"]:
        raise Broken(f"{where}: its data is not what was recorded / 数据与记录不符")
    # 3. the leaf is the salted digest of a statement that names the hash; 4. the path goes up
    digest = DIGESTS[report.log.suite]
    stated = {"format": "tongban.leaf.v1", "hash": envelope["hash"], "suite": envelope["suite"]}
    entry = digest(salts[0] + canonical(stated))
    root = root_of(digest(b"\x00" + entry), leaf["index"], report.size, path, digest)
    if root is None or root.hex() != report.root:
        raise Broken(f"{where}: it is not in the signed tree / 不在已签名的日志树中")
    return {**envelope, "index": leaf["index"], "data": data, "where": where}


def check_events(files: Mapping[str, bytes], report: Report) -> None:
    """Each event holds; what was erased by law is told."""
    lines = files.get(EVENTS, b"").removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(lines, 1):
        event = check_event(line, f"{EVENTS} line {number}", report)
        report.events.append(event)
        if event["data"] is None:
            report.not_proved.append(
                f"{event['where']}: its data was erased by law / 数据已依法删除"
            )


def check_chains(report: Report) -> None:
    """Each story is whole: from its first event on, none left out in between."""
    heads: dict[str, tuple[int, str]] = {}
    for event in report.events:
        last, previous = heads.get(event["chain"], (0, ""))
        if (event["seq"], event["previous"]) != (last + 1, previous):
            raise Broken(f"{event['where']}: an event before it is missing / 此前缺少事件")
        heads[event["chain"]] = event["seq"], event["hash"]
    report.chains = {chain: last for chain, (last, _) in heads.items()}
    for chain, last in report.chains.items():
        said = f"events 1 to {last}, none left out / 中间无缺"
        report.proved.append(f"story / 事件链 {chain}: {said}")


def check_documents(files: Mapping[str, bytes], report: Report) -> None:
    """An event names each document by its digest, of either suite."""
    naming: dict[str, Event] = {}
    for event in report.events:
        for digest in re.findall('"(?:sha-256:|sm3:)?([0-9a-f]{64})"', event["data"] or ""):
            naming.setdefault(digest, event)
    for name in sorted({*files} - PLAIN):
        if name.startswith(ADDED):
            report.not_proved.append(f"{name}: written by the log's keeper / 平台打包时所写")
            continue
        digests = [digest(files[name]).hex() for digest in DIGESTS.values()]
        named = [naming[digest] for digest in digests if digest in naming]
        if not named:
            raise Broken(f"{name}: no event names this document / 没有事件记载此文件")
        report.documents[name] = named[0]
        report.proved.append(f"document / 文件 {name}: {named[0]['where']}")


# --- signatures and seals beside documents ------------------------------------------------------

FORMATS = {"std": "tongban.signature.ed25519.v1", "gm": "tongban.signature.sm2-sm3.v1"}
KEY_BEGUN, KEY_ENDED = "tongban.evidence.key_begun.v1", "tongban.evidence.key_ended.v1"
ROLES = {"applicant": "applicant / 申请人签名", "organisation": "seal / 电子印章"}


def signing_keys(events: list[Event]) -> dict[str, Event]:
    """Give the keys that the log tells of: suite, public key, whose; from and until which leaf."""
    keys: dict[str, Event] = {}
    for event in events:
        if event["type"] in {KEY_BEGUN, KEY_ENDED} and event["data"] is not None:
            told = json.loads(event["data"])
            if event["chain"] != f"evidence:key:{told['key']}":
                raise ValueError
            if event["type"] == KEY_BEGUN:
                keys[told["key"]] = {**told, "from": event["index"], "until": sys.maxsize}
            elif told["key"] in keys:
                keys[told["key"]]["until"] = event["index"]
    return keys


def check_signatures(files: Mapping[str, bytes], report: Report) -> None:
    """Each statement was signed by the key that was its signer's then.

    "Then" goes by the places of leaves in the tree, which nobody can choose: the key was begun
    before an event named the statement, and had not ended.
    """
    where, named = EVENTS, report.documents
    try:
        keys = signing_keys(report.events)
        paths = {digest(files[name]).hex(): name for digest in DIGESTS.values() for name in named}
        for where in (name for name in named if name.startswith(SIGNATURES)):
            told = json.loads(files[where])
            said, key = told["document"], keys.get(told["key"])
            if key is None:
                report.not_proved.append(f"{where}: whose key signed it / 签名密钥归属不明")
                continue
            by, public, signature = key["suite"], bytes.fromhex(key["public"]), told["signature"]
            message = b"tongban.document.v1\n" + canonical(said)
            fit = (told["suite"], said["format"]) == (by, FORMATS[by])
            fit &= canonical(told) == files[where] and bytes.fromhex(signature).hex() == signature
            if not (fit and HOLDS[by](public, message, bytes.fromhex(signature))):
                raise Broken(f"{where}: the signature does not hold / 签名无效")
            if (said["role"], said["signer"]) != (key["role"], key["signer"]):
                raise Broken(f"{where}: the key is of somebody else / 密钥属于他人")
            if not key["from"] < named[where]["index"] < key["until"]:
                raise Broken(f"{where}: the key was not in use then / 当时密钥未在用")
            path = paths.get(said["of"]["digest"].rpartition(":")[2])
            if path is None:
                told_ = f"{where}: which document, it is not in here / 所签文件不在包内"
                report.not_proved.append(told_)
            who = " ".join(said["signer"][part] for part in sorted(said["signer"]))
            words = f"“{said['purpose']['zh']}” “{said['purpose']['en']}”"
            report.proved.append(
                f"{ROLES[said['role']]} {who}: {path or said['of']['digest']}, {said['signed']}, "
                f"{words} ({where}, {told['key']})"
            )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Broken(f"{where}: it is not written as a signature is / 不是规范的签名") from None
    if any(name.startswith(SIGNATURES) for name in named):
        said = "that a signing key is its signer's: the log says so / 签名密钥归属"
        report.not_proved.append(said)


def check_token(files: Mapping[str, bytes], report: Report) -> None:
    """The token of a time-stamp authority is said to be over this checkpoint; openssl can tell."""
    if TOKEN in files:
        if not files[CHECKPOINT].startswith(files.get(TOKEN_OVER, b"-")):
            raise Broken(f"{TOKEN_OVER}: it is not this checkpoint / 不是该检查点")
        ask = f"openssl ts -verify -data {TOKEN_OVER} -in {TOKEN} -CAfile ROOTS.pem"
        said = f"the time-stamp token (RFC 3161); ask / 时间戳请另行校验: {ask}"
        report.not_proved.append(said)


# --- the whole argument -------------------------------------------------------------------------


def check(files: Mapping[str, bytes], own_policy: str | None = None) -> Report:
    """Check everything; raise Broken at the first thing that does not hold."""
    brought = files.get(POLICY, b"").decode(errors="replace")
    policy = read_policy(brought if own_policy is None else own_policy)  # whom to trust
    report = check_checkpoint(files, policy)  # a tree that the witnesses have seen
    check_files(files, report)  # the files are as they were packed
    check_events(files, report)  # each event is in that tree
    check_chains(report)  # and none is left out between them
    check_documents(files, report)  # they name the documents
    check_signatures(files, report)  # which these people and bodies have signed
    check_token(files, report)  # and the token, if there is one, is about that tree
    if own_policy is None:
        said = "whose keys these are: compare them with those published / 公钥归属须自行核对"
        report.not_proved.append(said)
    report.not_proved += [
        "that what was recorded is true: only that it was recorded / 记录是否属实",
        "what came after the last event of a story, and other stories / 此后及其他事件",
        "the times in events: they are the recorder's own clock / 事件内的时间为记录方时钟",
    ]
    return report


def at(time: int) -> str:
    return datetime.fromtimestamp(time, timezone(timedelta(hours=8))).isoformat(" ")


def say(line: str) -> None:
    """Print a line; what would steer a terminal is shown as a sign."""
    print("".join(sign if sign.isprintable() else "\ufffd" for sign in line))


def main(arguments: list[str]) -> int:
    """Print the report; give 0 where everything holds, 1 where not, 2 for a wrong call."""
    own = None
    if "--policy" in arguments[:-1]:
        place = arguments.index("--policy")
        own = Path(arguments[place + 1]).read_text(encoding="utf-8")
        arguments = arguments[:place] + arguments[place + 2 :]
    if len(arguments) > 1 or any(word.startswith("-") for word in arguments):
        print(str(__doc__).split("\n\n")[1])
        return 2
    path = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        report = check(read_files(path), own)
    except Broken as wrong:
        say("DOES NOT HOLD / 校验不通过")
        say(f"  {wrong}")
        return 1
    say(f"EVIDENCE HOLDS / 校验通过: {report.about}, made {report.made}")
    for event in report.events:
        told = f"{event['chain']}:{event['seq']}"
        say(f"  {told} {event['occurred']} {event['type']} {event['item']} {event['step']}")
    for title, mark, lines in (
        ("Proved / 已证明", "+", report.proved),
        ("Not proved / 未证明", "-", report.not_proved),
    ):
        say(title)
        for line in lines:
            say(f"  {mark} {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
