"""``tongban evidence verify``: the bundle's own checker as a command; without Django or database.

Runs the very file that is shipped in bundles, as this installation has it.
"""

from pathlib import Path

import click

from tongban.apps.evidence.verify import main


@click.command()
@click.argument("bundle", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Whom you trust (C2SP tlog-policy), instead of what the bundle says.",
)
def verify(bundle: Path, policy: Path | None) -> None:
    """Check a BUNDLE offline; say what is proved, by whom it was witnessed, and what is not proved.

    Exit code 1 where anything does not hold.
    """
    code = main([str(bundle), *([] if policy is None else ["--policy", str(policy)])])
    if code:
        raise SystemExit(code)
