"""``tongban exchange verify``: checks a node's log and names the first row that does not hold."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from tongban.kernel.events import instant
from tongban.node.verify import EvidenceInvalid, Report, beside, verify

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("verify")
@click.option("--log", "log", type=_FILE, required=True, help="The node's log.sqlite3.")
@click.option("--since", default="", help="A row number or an instant: read texts from there on.")
@click.option(
    "--checkpoints",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of signed checkpoints, kept outside the store.",
)
@click.option(
    "--snapshot",
    "snapshots",
    type=_FILE,
    multiple=True,
    help="A snapshot with the public keys; several where keys were changed. Left out: the one"
    " beside the log.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_(
    log: Path, since: str, checkpoints: Path | None, snapshots: tuple[Path, ...], *, as_json: bool
) -> None:
    """Check chain, gaps, checkpoints and signatures of a node's log; exit 1 if it does not hold."""

    def progress(seq: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{seq:,}", nl=False, err=True)

    try:
        report = verify(
            log,
            checkpoints=checkpoints,
            snapshots=snapshots or beside(log),
            since=_since(since),
            progress=progress,
        )
    except EvidenceInvalid as wrong:
        raise click.ClickException(str(wrong)) from wrong
    except sqlite3.Error as wrong:
        raise click.ClickException(f"{log} is no log of a node ({wrong})") from wrong
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_told(report, named=bool(snapshots))))
    if report.broken:
        raise SystemExit(1)


def _since(text: str) -> str:
    """Bring an instant into the form that rows have."""
    if not text or text.isdecimal():
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise click.BadParameter(
            f"{text!r} is neither a row number nor an instant with zone, as"
            " 2026-11-23T09:00:00+08:00",
            param_hint="--since",
        )
    return instant(found)


def _told(report: Report, *, named: bool) -> Iterator[str]:
    if report.broken:
        yield f"✗ 第 {report.broken_row} 行不成立 row {report.broken_row}: {report.broken}"
    else:
        yield f"✓ 日志成立 the log stands: {report.rows:,} 行 rows（{report.suite}）"
    yield (
        f"  链与摘要 chain and hashes: {report.read:,} 行已读 rows read, "
        f"{report.rows - report.read if not report.broken else 0:,} 行仅计入 only counted in"
    )
    if report.checkpoints:
        yield f"  检查点 checkpoints: {report.matched} / {report.checkpoints} 相符 match"
        if report.unsigned:
            yield f"  ! {report.unsigned} 个检查点未验签 their signatures not checked: --snapshot"
    else:
        yield "  ! 未对照检查点 not compared with checkpoints: --checkpoints"
    if report.signatures or report.unchecked:
        yield (
            f"  签名 signatures: {report.signatures:,} 有效 hold, "
            f"{report.unchecked:,} 未验（无公钥） not checked, key unknown"
        )
        if not named:
            yield (
                f"  ! 公钥取自日志旁的 keys taken from {report.snapshots[0]}, beside the log;"
                " 更可信的 better, one kept elsewhere: --snapshot"
            )
    else:
        yield "  ! 未验报文签名 signatures of messages not checked: --snapshot"
    if report.bare:
        yield (
            f"  ! {report.bare:,} 行未带签名 rows of messages that carry no signature"
            "（未送达或未签名 never sent, or unsigned）"
        )
    yield "  ! 不含报文正文 bodies of messages are no part of this check"
    yield f"  默克尔根 Merkle root: {report.root}"
