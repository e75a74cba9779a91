"""`dslc cache dir|info|clean`: the compiled objects that backends keep on disk.

Whatever is removed costs only time: it is compiled again when it is next needed. Removing is safe while other
processes compile, and touches nothing in the folder but the store's own files.
"""

from __future__ import annotations

import json

import click

from dslc.cli.options import format_option
from dslc.cli.quantities import age


@click.group("cache", subcommand_metavar="dir|info|clean")
def command() -> None:
    """Look after the compiled objects that are kept on disk."""


@command.command("dir")
@format_option
def directory(form: str) -> None:
    """Print the folder of the compiled objects.

    It is `$DSLC_CACHE/objects` where that variable is set, else dslc/objects in the user's cache folder.
    """
    from dslc.cli.stores import stores

    folders = {name: str(store.folder) for name, store in stores().items()}
    click.echo(json.dumps({"schema": 1, "folders": folders}) if form == "json" else "\n".join(folders.values()))


@command.command("info")
@format_option
def info(form: str) -> None:
    """Print how much is kept, how old, what is damaged or foreign.

    Every object is read and held against its SHA-256.
    """
    from dslc.cli.stores import Contents, stores

    contents = [Contents(name, store.folder, store.survey()) for name, store in stores().items()]
    if form == "json":
        click.echo(json.dumps({"schema": 1, "stores": [one.to_record() for one in contents]}))
    else:
        click.echo("\n\n".join(one.to_text() for one in contents))


@command.command("clean")
@click.option("--older-than", "oldest", metavar="AGE", callback=age, help="Keep what is younger, as in 30d.")
@click.option("--dry-run", is_flag=True, help="Remove nothing; say what would go.")
@format_option
def clean(*, oldest: int | None, dry_run: bool, form: str) -> None:
    """Remove compiled objects, all or those older than AGE.

    Damaged objects, and what killed processes left half-written, go in any case. Files in the folder that are not
    the store's own stay. AGE is a number with s, m, h, d or w.
    """
    from dslc.cli.stores import cleaned, files

    gone, foreign = cleaned(oldest, dry_run)
    if form == "json":
        record = {"removed": len(gone), "bytes": sum(one.bytes for one in gone), "dry_run": dry_run}
        click.echo(json.dumps({"schema": 1, **record, "foreign": len(foreign)}))
        return
    click.echo(f"{'would remove' if dry_run else 'removed'} {files(gone)}")
    if foreign:
        click.echo(f"left alone, as not the store's own: {files(foreign)}")
