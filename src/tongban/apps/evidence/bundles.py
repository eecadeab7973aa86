"""Offline bundles (存证包): events with their proofs, documents, the policy, and what checks them.

Everything in a bundle is proved by one witnessed checkpoint; what is not witnessed yet is not
packed. Whoever holds a bundle holds the data in it: who may have one is for the caller to judge.
"""

import contextlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tongban.apps.evidence import log, queries, verify, witnesses
from tongban.infra import clock
from tongban.kernel.events import Event
from tongban.kernel.tlog.bundles import event_line, list_files
from tongban.kernel.tlog.policy import Policy, write_policy

_README = """\
存证包 / Evidence bundle

本包证明：包内事件与文件在见证人签名之时已经存在，此后未被改动。校验不需要联网，也不需要信任本平台。
This bundle proves that its events and documents existed when the witnesses signed, and were not
changed since. To check it takes no network and no trust in the platform that made it.

  1. 安装 Python 3.11 以上版本及 cryptography / Install Python 3.11 or later and cryptography:
       pip install cryptography
  2. 从平台、法院或公证处取得 verify.py（不要只信包内的一份），运行 / Take verify.py from the
     platform, the court or the notary (not only the copy in here) and run:
       python verify.py case.zip
  3. 核对所列公钥与见证人公布的是否一致 / Compare the keys it names with those that the witnesses
     publish; or bring your own policy:  python verify.py case.zip --policy policy.txt

events.jsonl     每行一个事件：信封、数据、盐、路径 / an event a line, with its path to the root
checkpoint.txt   日志与见证人签名的检查点 / the checkpoint, signed by log and witnesses (C2SP)
policy.txt       信任谁、需要几方签名 / whom to trust, and how many must sign (C2SP tlog-policy)
manifest.txt     全部文件的摘要，由日志签名 / the digests of all files, signed by the log
documents/       申请材料、决定书等，由事件中的摘要认定 / documents, known by the digests in events
signatures/      谁签署、谁用印、依据何种文字 / who signed or sealed which document, in which words
"""
#: The same instant for every file: two bundles of the same story differ by nothing else.
_TIME = (2020, 1, 1, 0, 0, 0)
_LARGEST = 64 * 1024 * 1024


def pack(
    subject: str,
    events: Sequence[Event],
    documents: Mapping[str, bytes],
    added: Mapping[str, bytes] | None = None,
) -> bytes:
    """Pack events (whole chains, each from its first) and the documents that they name.

    ``documents`` are paths and bytes; ``added`` files come under ``archive/``: no event names them,
    the log alone signs for them. Raise NotYetProved where an event is in no published
    checkpoint, ValueError for a name that is no plain path.
    """
    proved = queries.proofs([event.id for event in events])
    if not proved:
        raise queries.NotYetProved(f"NotYetProved: {subject} has no event")
    first = next(iter(proved.values()))
    lines = [
        event_line(event, one.salt, one.proof.index, one.proof.path)
        for event in events
        for one in [proved[event.id]]
    ]
    key, signer = log.own()
    files = {
        **documents,
        **{f"{verify.ADDED}{name}": content for name, content in (added or {}).items()},
        verify.EVENTS: b"".join(line + b"\n" for line in lines),
        verify.CHECKPOINT: first.proof.note,
        verify.POLICY: _policy(key.name).encode(),
        "README.txt": _README.encode(),
        "verify.py": verifier(),
    }
    if first.stamp is not None:
        files |= {verify.TOKEN: first.stamp.token, verify.TOKEN_OVER: first.stamp.over}
    files[verify.MANIFEST] = str(list_files(subject, clock.now(), files, key, signer)).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, files[name])
    return made.getvalue()


def verifier() -> bytes:
    """Give the file that checks bundles, as it stands in them."""
    return Path(verify.__file__).read_bytes()


def check(packed: bytes) -> verify.Report:
    """Check a bundle that somebody sends, by our own policy where it is of our log.

    By its own policy where it is another log's, or was witnessed under an earlier policy of ours;
    then ``own_policy`` is false. Raise verify.Broken.
    """
    files = verify.read_packed(io.BytesIO(packed), _LARGEST)
    key, _ = log.own()
    origin = files.get(verify.CHECKPOINT, b"").partition(b"\n")[0]
    if origin == key.name.encode():
        with contextlib.suppress(verify.Broken):
            return verify.check(files, _policy(key.name))
    return verify.check(files)


def _policy(origin: str) -> str:
    """Write our policy for somebody else: this log alone, and no addresses of our network."""
    policy = witnesses.policy()
    known = {name: replace(one, url="") for name, one in policy.witnesses.items()}
    return write_policy(Policy({origin: policy.logs[origin]}, known, policy.groups, policy.quorum))
