"""The command ``tongban``: thin, one command group an app."""

import click


@click.group()
def main() -> None:
    """Tongban (通办): a person applies once."""
